use std::collections::BTreeMap;

use minijinja::value::Value;

use crate::http::Extensions;

/// Without feature `session` no messages wait for anybody.
pub(super) fn add(globals: &mut BTreeMap<&'static str, Value>, _: &Extensions) {
    let none = |_: minijinja::value::Kwargs| Vec::<String>::new();
    globals.insert("get_flashed_messages", Value::from_function(none));
}
