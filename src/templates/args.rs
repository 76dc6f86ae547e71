use std::collections::BTreeMap;

use minijinja::value::Value;

use crate::request::Request;

/// `request.args` in a template: the query's names, with the first value of each.
pub(super) fn of(request: &Request<'_>) -> Option<Value> {
    let mut values = BTreeMap::new();
    for (name, value) in request.args().iter() {
        values.entry(name).or_insert(value);
    }
    Some(Value::from_pairs(values))
}
