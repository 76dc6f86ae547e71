use std::borrow::Cow;
use std::collections::HashMap;

use devserve::http::field_scope::{
    ALLOWED_ENTITY_HEADERS, remove_entity_headers, remove_hop_by_hop_headers,
};
use devserve::http::{HeaderMap, HeaderName, HeaderValue, Method, OptionsHeader};
use devserve::text::latin1;
use devserve::wsgi::Environ;
use serde_json::{Value, json};

use super::{bytes, failure, run, text, unknown};

#[test]
fn headers_map() {
    run("headers_map", |op, input| match op {
        "seq" => match Fields::new(&input["init"]) {
            Some(mut fields) => {
                let steps = input["ops"].as_array().unwrap().iter();
                let results: Vec<_> = steps.map(|step| fields.step(step)).collect();
                json!({"results": results})
            }
            None => failure(),
        },
        "eq" => {
            let (a, b) = (Fields::new(&input["a"]), Fields::new(&input["b"]));
            json!({"equal": a.unwrap().map == b.unwrap().map})
        }
        "strip" => {
            let mut fields = Fields::new(&input["init"]).unwrap();
            match input["what"].as_str().unwrap() {
                "hop_by_hop" => remove_hop_by_hop_headers(&mut fields.map),
                _ => remove_entity_headers(&mut fields.map, &allowed(&input["allowed"])),
            }
            json!({"list": fields.list()})
        }
        "wsgi_environ" => wsgi_environ(input),
        _ => unknown(op),
    });
}

fn allowed(names: &Value) -> Vec<HeaderName> {
    match names.as_array() {
        Some(names) => names
            .iter()
            .map(|name| text(name).parse().unwrap())
            .collect(),
        None => ALLOWED_ENTITY_HEADERS.to_vec(),
    }
}

/// The crate's map, and how each name was spelled: it keeps names in lower case.
struct Fields {
    map: HeaderMap,
    spellings: HashMap<HeaderName, String>,
}

impl Fields {
    fn new(lines: &Value) -> Option<Self> {
        let mut fields = Self {
            map: HeaderMap::new(),
            spellings: HashMap::new(),
        };
        for line in lines.as_array().unwrap() {
            let (name, value) = fields.line(&line[0], &line[1], &Value::Null)?;
            fields.map.append(name, value);
        }
        Some(fields)
    }

    /// A name and a value, with parameters, as far as they can be sent.
    fn line(
        &mut self,
        name: &Value,
        value: &Value,
        params: &Value,
    ) -> Option<(HeaderName, HeaderValue)> {
        let mut bytes = bytes(value);
        if let Some(params) = params.as_object() {
            let options = OptionsHeader::new(text(value));
            let options = params.iter().fold(options, |options, (name, value)| {
                options.with(name.replace('_', "-"), text(value))
            });
            bytes = options.to_header().ok()?.as_bytes().to_vec();
        }
        let spelling = text(name);
        let name = HeaderName::from_bytes(spelling.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(&bytes).ok()?;
        self.spellings.insert(name.clone(), spelling);
        Some((name, value))
    }

    fn list(&self) -> Vec<(&str, Cow<'_, str>)> {
        let lines = self.map.iter();
        lines
            .map(|(name, value)| (self.spellings[name].as_str(), shown(value)))
            .collect()
    }

    fn step(&mut self, step: &Value) -> Value {
        let name = text(&step[1]);
        match step[0].as_str().unwrap() {
            "get" => self
                .get(&name)
                .map_or(step[2].clone(), |value| json!(value)),
            "index" | "getitem" => self.get(&name).map_or_else(missing, |value| json!(value)),
            "contains" => json!(self.map.contains_key(&name)),
            "getlist" => json!(self.all(&name)),
            "list" => json!(self.list()),
            "keys" => json!(
                self.list()
                    .into_iter()
                    .map(|(name, _)| name)
                    .collect::<Vec<_>>()
            ),
            "keys_lower" => json!(
                self.map
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect::<Vec<_>>()
            ),
            "values" => json!(
                self.list()
                    .into_iter()
                    .map(|(_, value)| value)
                    .collect::<Vec<_>>()
            ),
            "len" => json!(self.map.len()),
            "bool" => json!(!self.map.is_empty()),
            "str" => {
                let lines = self.list().into_iter();
                let lines = lines.map(|(name, value)| format!("{name}: {value}\r\n"));
                json!(lines.collect::<String>() + "\r\n")
            }
            "clear" => {
                self.map.clear();
                Value::Null
            }
            "remove" | "delete" | "delitem" => {
                self.map.remove(&name);
                Value::Null
            }
            "pop" => {
                let value = self.get(&name).map(Cow::into_owned);
                self.map.remove(&name);
                match (value, step.get(2)) {
                    (Some(value), _) => json!(value),
                    (None, Some(default)) => default.clone(),
                    (None, None) => missing(),
                }
            }
            "add" | "set" | "setitem" => {
                let Some((name, value)) = self.line(&step[1], &step[2], &step[3]) else {
                    return failure();
                };
                match step[0] == "add" {
                    true => self.map.append(name, value),
                    false => self.map.insert(name, value).is_some(),
                };
                Value::Null
            }
            "setdefault" if self.map.contains_key(&name) => json!(self.get(&name)),
            "setdefault" => {
                self.set_all(&name, std::slice::from_ref(&step[2]), |all| json!(all[0]))
            }
            "setlistdefault" if self.map.contains_key(&name) => json!(self.all(&name)),
            "setlistdefault" => self.set_all(&name, step[2].as_array().unwrap(), |all| json!(all)),
            "setlist" => self.set_all(&name, step[2].as_array().unwrap(), |_| Value::Null),
            "extend" => self.each(&step[1], Self::append),
            "update" => self.each(&step[1], |fields, name, values| {
                let name = text(name);
                fields.set_all(&name, values, |_| Value::Null)
            }),
            step => unknown(step),
        }
    }

    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.map.get(name).map(shown)
    }

    fn all(&self, name: &str) -> Vec<Cow<'_, str>> {
        self.map.get_all(name).iter().map(shown).collect()
    }

    fn set_all(
        &mut self,
        name: &str,
        values: &[Value],
        then: impl Fn(Vec<Cow<'_, str>>) -> Value,
    ) -> Value {
        self.map.remove(name);
        match self.append(&json!(name), values) {
            Value::Null => then(self.all(name)),
            failure => failure,
        }
    }

    fn append(&mut self, name: &Value, values: &[Value]) -> Value {
        for value in values {
            let Some((name, value)) = self.line(name, value, &Value::Null) else {
                return failure();
            };
            self.map.append(name, value);
        }
        Value::Null
    }

    /// A change for each name of an object, or of a list of pairs, with its value or its values.
    fn each(
        &mut self,
        lines: &Value,
        change: impl Fn(&mut Self, &Value, &[Value]) -> Value,
    ) -> Value {
        let pairs: Vec<_> = match lines {
            Value::Object(lines) => lines.iter().map(|(n, v)| (json!(n), v)).collect(),
            _ => {
                let pairs = lines.as_array().unwrap().iter();
                pairs.map(|pair| (pair[0].clone(), &pair[1])).collect()
            }
        };
        for (name, value) in pairs {
            let values = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            let result = change(self, &name, values);
            if !result.is_null() {
                return result;
            }
        }
        Value::Null
    }
}

fn missing() -> Value {
    json!({"error": {"status": 400}})
}

/// A value as wire text.
fn shown(value: &HeaderValue) -> Cow<'_, str> {
    latin1::from_bytes(value.as_bytes())
}

fn wsgi_environ(input: &Value) -> Value {
    let mut environ = Environ::new(Method::GET, "/");
    environ.headers_mut().clear();
    for (key, value) in input["environ"].as_object().unwrap() {
        // `wsgi.version` and the like are the server's to say.
        environ.set(key, text(value)).ok();
    }
    let headers = environ.headers();
    let mut list: Vec<_> = headers
        .iter()
        .map(|(name, value)| (title(name.as_str()), shown(value)))
        .collect();
    list.sort_unstable();
    let asked = input["get"].as_array().into_iter().flatten();
    let get: serde_json::Map<_, _> = asked
        .map(|name| {
            let name = name.as_str().unwrap();
            let value = environ.get(&key(name));
            let text = value.as_ref().and_then(|value| value.as_str());
            (name.to_owned(), json!(text))
        })
        .collect();
    json!({"list": list, "get": get})
}

/// A field's name as the environ has it.
fn key(name: &str) -> String {
    match name.to_ascii_uppercase().replace('-', "_") {
        key if ["CONTENT_TYPE", "CONTENT_LENGTH"].contains(&&*key) => key,
        key => format!("HTTP_{key}"),
    }
}

/// `x-api-key` as `X-Api-Key`.
fn title(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
