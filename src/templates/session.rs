use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use minijinja::Error;
use minijinja::value::{Kwargs, Object, Serde, Value};

use crate::http::Extensions;
use crate::session::{Flash, Session};

/// Adds `session` and `get_flashed_messages`. Without sessions the one is undefined, and the
/// other has no messages.
pub(super) fn add(globals: &mut BTreeMap<&'static str, Value>, extensions: &Extensions) {
    let session = extensions.get::<Session>().cloned();
    globals.insert("get_flashed_messages", flashed_messages(session.clone()));
    if let Some(session) = session {
        globals.insert("session", Value::from_object(TemplateSession(session)));
    }
}

/// `session` in a template, to read.
#[derive(Debug)]
struct TemplateSession(Session);

impl Object for TemplateSession {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let value: serde_json::Value = self.0.get(key.as_str()?)?;
        Some(Value::from(Serde(value)))
    }
}

/// `get_flashed_messages(with_categories=false, category_filter=[])`, as in Flask: the messages
/// that waited. They are taken by the first call, and every call for this page has them.
fn flashed_messages(session: Option<Session>) -> Value {
    let taken: OnceLock<Vec<Flash>> = OnceLock::new();
    Value::from_function(move |kwargs: Kwargs| -> Result<Value, Error> {
        let with_categories: Option<bool> = kwargs.get("with_categories")?;
        let filter: Option<Vec<String>> = kwargs.get("category_filter")?;
        kwargs.assert_all_used()?;
        let taken =
            taken.get_or_init(|| session.as_ref().map_or(Vec::new(), Session::take_flashes));
        let wanted = taken.iter().filter(|flash| match &filter {
            Some(filter) if !filter.is_empty() => filter.contains(&flash.category),
            Some(_) | None => true,
        });
        Ok(wanted
            .map(|flash| match with_categories {
                Some(true) => Value::from(vec![flash.category.clone(), flash.message.clone()]),
                Some(false) | None => flash.message.clone().into(),
            })
            .collect())
    })
}
