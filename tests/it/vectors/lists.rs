use devserve::http::{HeaderSet, dump_dict, dump_list, parse_dict, parse_list};
use serde::Serialize;
use serde_json::{Value, json};

use super::{failure, header_text, run, text, unknown};

#[test]
fn list_dict_set_headers() {
    run("list_dict_set_headers", |op, input| match op {
        "parse_list" => listed(parse_list(&header_text(input, "header")), input),
        "parse_dict" => listed(parse_dict(&header_text(input, "header")), input),
        "dump_list" => {
            let items = input["items"].as_array().unwrap().iter().map(text);
            dump_list(items).map_or_else(|_| failure(), |header| json!({"header": header}))
        }
        "dump_dict" => {
            let pairs = input["items"].as_array().unwrap().iter();
            let pairs =
                pairs.map(|pair| (text(&pair[0]), (!pair[1].is_null()).then(|| text(&pair[1]))));
            dump_dict(pairs).map_or_else(|_| failure(), |header| json!({"header": header}))
        }
        "set" => {
            let mut set = HeaderSet::parse(&header_text(input, "header"));
            let steps = input["ops"].as_array().unwrap().iter();
            let results: Vec<_> = steps.map(|step| step_of_set(&mut set, step)).collect();
            json!({"results": results})
        }
        _ => unknown(op),
    });
}

fn listed(items: Vec<impl Serialize>, input: &Value) -> Value {
    match input["summary"] == json!(true) {
        true => json!({"count": items.len()}),
        false => json!({"items": items}),
    }
}

fn step_of_set(set: &mut HeaderSet, step: &Value) -> Value {
    let item = step[1].as_str().unwrap_or_default();
    match step[0].as_str().unwrap() {
        "contains" => json!(set.contains(item)),
        "list" => json!(set.iter().collect::<Vec<_>>()),
        "len" => json!(set.len()),
        "bool" => json!(!set.is_empty()),
        "header" => json!(set.to_header().unwrap().to_str().unwrap()),
        "find" => json!(set.position(item).map_or(-1, |place| place as i64)),
        "index" => set
            .position(item)
            .map_or_else(failure, |place| json!(place)),
        "get" | "getitem" => {
            let place = step[1].as_u64().unwrap() as usize;
            set.iter()
                .nth(place)
                .map_or_else(failure, |item| json!(item))
        }
        "add" => {
            set.insert(item);
            Value::Null
        }
        "update" => {
            set.extend(step[1].as_array().unwrap().iter().map(text));
            Value::Null
        }
        "discard" => {
            set.remove(item);
            Value::Null
        }
        "remove" if set.remove(item) => Value::Null,
        "remove" => failure(),
        "clear" => {
            set.clear();
            Value::Null
        }
        step => unknown(step),
    }
}
