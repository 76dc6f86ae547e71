use devserve::forms::urlencoded;
use devserve::http::{CombinedMultiDict, MultiDict, ValueError};
use serde_json::{Map, Value, json};

use super::{bytes, run, text, unknown};

#[test]
fn multidict() {
    run("multidict", |op, input| match op {
        "eq" => json!({"equal": dict(&input["a"]) == dict(&input["b"])}),
        "seq" if input["type"] == "combined" => {
            let dicts: Vec<_> = input["dicts"]
                .as_array()
                .unwrap()
                .iter()
                .map(dict)
                .collect();
            let combined = CombinedMultiDict::new(&dicts);
            results(input, |step| read_combined(&combined, step))
        }
        "seq" | "query" => {
            let mut subject = match op {
                "query" => urlencoded::parse(&bytes(&input["query"])),
                _ => dict(&input["init"]),
            };
            results(input, |step| {
                read(&subject, step).unwrap_or_else(|| write(&mut subject, step))
            })
        }
        _ => unknown(op),
    });
}

fn results(input: &Value, step: impl FnMut(&Value) -> Value) -> Value {
    let steps = input["ops"].as_array().unwrap().iter();
    json!({"results": steps.map(step).collect::<Vec<_>>()})
}

/// One look at a dict; `None` where the operation is none.
fn read(dict: &MultiDict, step: &Value) -> Option<Value> {
    let name = step[1].as_str().unwrap_or_default();
    let default = || step.get(2).cloned().unwrap_or(Value::Null);
    Some(match step[0].as_str().unwrap() {
        "index" => dict
            .require(name)
            .map_or_else(missing, |value| json!(value)),
        "get" => dict.get(name).map_or_else(default, |value| json!(value)),
        "get_int" => number(dict.get_as(name), default),
        "getlist" => json!(dict.get_all(name).collect::<Vec<_>>()),
        "getlist_int" => numbers(dict.get_all_as(name)),
        "contains" => json!(dict.contains(name)),
        "len" => json!(dict.names().count()),
        "bool" => json!(!dict.is_empty()),
        "keys" => json!(dict.names().collect::<Vec<_>>()),
        other => listed(other, dict.lists().collect())?,
    })
}

fn read_combined(dict: &CombinedMultiDict<'_>, step: &Value) -> Value {
    let name = step[1].as_str().unwrap_or_default();
    let default = || step.get(2).cloned().unwrap_or(Value::Null);
    match step[0].as_str().unwrap() {
        "index" => dict
            .require(name)
            .map_or_else(missing, |value| json!(value)),
        "get" => dict.get(name).map_or_else(default, |value| json!(value)),
        "get_int" => number(dict.get_as(name), default),
        "getlist" => json!(dict.get_all(name).collect::<Vec<_>>()),
        "getlist_int" => numbers(dict.get_all_as(name)),
        "contains" => json!(dict.contains(name)),
        "len" => json!(dict.names().count()),
        "bool" => json!(!dict.is_empty()),
        "keys" => json!(dict.names().collect::<Vec<_>>()),
        other => listed(other, dict.lists().collect()).unwrap_or_else(|| unknown(other)),
    }
}

fn listed(op: &str, lists: Vec<(&str, Vec<&str>)>) -> Option<Value> {
    let firsts = lists
        .iter()
        .filter_map(|(name, values)| Some((*name, *values.first()?)));
    Some(match op {
        "values" => json!(firsts.map(|(_, value)| value).collect::<Vec<_>>()),
        "items" => json!(firsts.collect::<Vec<_>>()),
        "to_dict" => json!(firsts.collect::<std::collections::BTreeMap<_, _>>()),
        "items_multi" => {
            let pairs = lists
                .iter()
                .flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
            json!(pairs.collect::<Vec<_>>())
        }
        "lists" => json!(lists),
        "listvalues" => json!(lists.iter().map(|(_, values)| values).collect::<Vec<_>>()),
        "to_dict_lists" => {
            let lists = lists
                .iter()
                .map(|(name, values)| ((*name).to_owned(), json!(values)));
            json!(lists.collect::<Map<_, _>>())
        }
        _ => return None,
    })
}

/// One change to a dict.
fn write(dict: &mut MultiDict, step: &Value) -> Value {
    let name = step[1].as_str().unwrap_or_default();
    let value = step[2].as_str().unwrap_or_default();
    let given = || step.get(2).cloned().unwrap_or_else(|| missing(()));
    match step[0].as_str().unwrap() {
        "set" => dict.set(name, value),
        "add" => dict.add(name, value),
        "setlist" => dict.set_all(name, strings(&step[2])),
        "setdefault" => return json!(dict.get_or_set(name, value)),
        "setlistdefault" => {
            if !dict.contains(name) {
                dict.set_all(name, strings(&step[2]));
            }
            return json!(dict.get_all(name).collect::<Vec<_>>());
        }
        "update" | "update_map" | "update_pairs" | "extend" => dict.extend(pairs(&step[1])),
        "pop" => return dict.pop(name).map_or_else(given, |value| json!(value)),
        "poplist" => return json!(dict.remove(name)),
        "popitem" => {
            let first =
                |(name, values): (String, Vec<Box<str>>)| Some((name, values.into_iter().next()?));
            let last = dict.pop_last().and_then(first);
            return last.map_or_else(|| missing(()), |last| json!(last));
        }
        "popitemlist" => {
            return dict
                .pop_last()
                .map_or_else(|| missing(()), |last| json!(last));
        }
        "delete" if !dict.contains(name) => return missing(()),
        "delete" => drop(dict.remove(name)),
        "clear" => dict.clear(),
        other => return unknown(other),
    }
    Value::Null
}

fn missing<E>(_: E) -> Value {
    json!({"error": {"status": 400}})
}

fn number(got: Result<i64, ValueError>, default: impl FnOnce() -> Value) -> Value {
    got.map_or_else(|_| default(), |number| json!(number))
}

fn numbers(got: impl Iterator<Item = Result<i64, ValueError>>) -> Value {
    json!(got.filter_map(Result::ok).collect::<Vec<_>>())
}

fn dict(init: &Value) -> MultiDict {
    pairs(init).into_iter().collect()
}

/// The names and values of a list of pairs, or of a map with values or lists of them.
fn pairs(init: &Value) -> Vec<(String, String)> {
    match init {
        Value::Array(pairs) => {
            let pairs = pairs.iter();
            pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
        }
        Value::Object(lists) => {
            let lists = lists.iter();
            lists
                .flat_map(|(name, values)| {
                    strings(values)
                        .into_iter()
                        .map(move |value| (name.clone(), value))
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn strings(values: &Value) -> Vec<String> {
    match values {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        value => vec![text(value)],
    }
}
