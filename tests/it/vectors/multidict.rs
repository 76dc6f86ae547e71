use devserve::forms::urlencoded;
use devserve::http::MultiDict;
use serde_json::{Map, Value, json};

use super::{bytes, run, text, unknown};

#[test]
fn multidict() {
    run("multidict", |op, input| match op {
        "eq" => json!({"equal": dict(&input["a"]) == dict(&input["b"])}),
        "seq" | "query" => {
            let mut subject = match op {
                "query" => urlencoded::parse(&bytes(&input["query"])),
                _ if input["type"] == "combined" => {
                    let dicts = input["dicts"].as_array().unwrap().iter();
                    let dicts: Vec<MultiDict> = dicts.map(dict).collect();
                    dicts.iter().flat_map(MultiDict::iter).collect()
                }
                _ => dict(&input["init"]),
            };
            let steps = input["ops"].as_array().unwrap().iter();
            json!({"results": steps.map(|step| multidict_step(&mut subject, step)).collect::<Vec<_>>()})
        }
        _ => unknown(op),
    });
}

fn multidict_step(dict: &mut MultiDict, step: &Value) -> Value {
    let argument = |at: usize| step[at].as_str().unwrap_or_default();
    let missing = || json!({"error": {"status": 400}});
    let all = |dict: &MultiDict, name: &str| json!(dict.get_all(name).collect::<Vec<_>>());
    let name = argument(1).to_owned();
    let name = name.as_str();
    let default = step.get(2).cloned().unwrap_or(Value::Null);
    match argument(0) {
        "index" => dict
            .require(name)
            .map_or_else(|_| missing(), |value| json!(value)),
        "get" => dict.get(name).map_or(default, |value| json!(value)),
        "get_int" => dict
            .get_as::<i64>(name)
            .map_or(default, |number| json!(number)),
        "getlist" => all(dict, name),
        "getlist_int" => {
            json!(
                dict.get_all(name)
                    .filter_map(|value| value.parse::<i64>().ok())
                    .collect::<Vec<_>>()
            )
        }
        "contains" => json!(dict.contains(name)),
        "len" => json!(dict.names().count()),
        "bool" => json!(!dict.is_empty()),
        "keys" => json!(dict.names().collect::<Vec<_>>()),
        "values" => json!(dict.names().map(|name| dict.get(name)).collect::<Vec<_>>()),
        "items_multi" => {
            let grouped = dict
                .names()
                .flat_map(|name| dict.get_all(name).map(move |value| (name, value)));
            json!(grouped.collect::<Vec<_>>())
        }
        "lists" => json!(
            dict.names()
                .map(|name| json!([name, all(dict, name)]))
                .collect::<Vec<_>>()
        ),
        "listvalues" => json!(dict.names().map(|name| all(dict, name)).collect::<Vec<_>>()),
        "to_dict_lists" => {
            let lists = dict.names().map(|name| (name.to_owned(), all(dict, name)));
            json!(lists.collect::<Map<_, _>>())
        }
        "set" => {
            dict.set(name, argument(2));
            Value::Null
        }
        "add" => {
            dict.add(name, argument(2));
            Value::Null
        }
        "update_map" => {
            for (name, values) in step[1].as_object().unwrap() {
                dict.extend(
                    values
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|value| (name.as_str(), value.as_str().unwrap())),
                );
            }
            Value::Null
        }
        "pop" => match dict.remove(name).into_iter().next() {
            Some(value) => json!(value),
            None => step.get(2).cloned().unwrap_or_else(missing),
        },
        "delete" => match dict.remove(name).is_empty() {
            true => missing(),
            false => Value::Null,
        },
        "clear" => {
            dict.clear();
            Value::Null
        }
        other => unknown(other),
    }
}

fn dict(init: &Value) -> MultiDict {
    let mut dict = MultiDict::new();
    match init {
        Value::Array(pairs) => {
            dict.extend(pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))))
        }
        Value::Object(lists) => {
            for (name, values) in lists {
                match values.as_array() {
                    Some(values) => {
                        dict.extend(values.iter().map(|value| (name.as_str(), text(value))))
                    }
                    None => dict.add(name.as_str(), text(values)),
                }
            }
        }
        _ => {}
    }
    dict
}
