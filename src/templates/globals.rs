use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Object, Value};

use crate::http::HeaderMap;
use crate::request::Request;
use crate::templates::{args, links, session};
use crate::wsgi::{Environ, Input};

/// What a page may ask of the request it is for.
pub(super) fn of(request: &Request<'_>) -> Value {
    // The body is the view's, and is read by now.
    let environ = request.environ().clone().with_input(Input::empty());
    let mut globals = BTreeMap::from([("url_for", links::url_for(environ.clone()))]);
    session::add(&mut globals, environ.extensions());
    globals.insert("request", Value::from_object(TemplateRequest(environ)));
    Value::from_pairs(globals)
}

/// `request` in a template.
#[derive(Debug)]
struct TemplateRequest(Environ);

impl Object for TemplateRequest {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let request = Request::new(&self.0);
        Some(match key.as_str()? {
            "method" => request.method().as_str().into(),
            "scheme" => self.0.scheme().into(),
            "path" => request.path().into_owned().into(),
            "full_path" => request.full_path().into(),
            "script_root" => request.script_root().into_owned().into(),
            "query_string" => request.query_string().into_owned().into(),
            "url" => request.url().ok()?.into(),
            "base_url" => request.base_url().ok()?.into(),
            "url_root" => request.root_url().ok()?.into(),
            "host" => request.host().ok()?.to_string().into(),
            "remote_addr" => self.0.remote()?.ip().to_string().into(),
            "args" => return args::of(&request),
            "cookies" => {
                let cookies = request.cookies().iter();
                first_values(cookies.map(|(name, value)| (name.into_owned(), value.into_owned())))
            }
            "headers" => Value::from_object(TemplateHeaders(self.0.headers().clone())),
            _ => return None, // undefined, as any name a template makes up
        })
    }
}

/// `request.headers` in a template: looked up in any case.
#[derive(Debug)]
struct TemplateHeaders(HeaderMap);

impl Object for TemplateHeaders {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let value = self.0.get(key.as_str()?)?;
        Some(
            String::from_utf8_lossy(value.as_bytes())
                .into_owned()
                .into(),
        )
    }
}

/// Names with the first value of each.
fn first_values(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut values = BTreeMap::new();
    for (name, value) in pairs {
        values.entry(name).or_insert(value);
    }
    Value::from_pairs(values)
}
