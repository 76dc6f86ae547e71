use std::io::{self, Read};

use devserve::forms::multipart::Encoder;
use devserve::forms::{Form, FormError, FormLimits, urlencoded};
use devserve::http::ContentType;
use serde_json::{Value, json};

use super::{bytes, header_text, long_bytes, long_text, pairs, run, text, unknown};

#[test]
fn multipart() {
    run("multipart", |op, input| match op {
        "parse" => {
            let body = bytes(&input["body"]);
            let whole = parse_form(input, vec![body.clone()]);
            for pieces in chunkings(&input["chunking"], &body) {
                let places: Vec<_> = pieces.iter().map(Vec::len).take(8).collect();
                let cut = parse_form(input, pieces);
                if cut != whole {
                    return json!({"whole": whole, "cut": cut, "pieces": places});
                }
            }
            whole
        }
        "encode" => {
            let mut form = Encoder::new(text(&input["boundary"]));
            for part in input["parts"].as_array().unwrap() {
                let (name, data) = (text(&part["name"]), bytes(&part["data"]));
                form = match &part["filename"] {
                    Value::Null => form.field(&name, std::str::from_utf8(&data).unwrap()),
                    filename => {
                        let content_type = part["headers"][0][1].as_str();
                        form.file(&name, &text(filename), content_type, &data)
                    }
                };
            }
            json!({"body": long_bytes(&form.finish())})
        }
        _ => unknown(op),
    });
}

fn parse_form(input: &Value, pieces: Vec<Vec<u8>>) -> Value {
    let content_type = ContentType::parse(&header_text(input, "content_type"));
    let limits = limits(&input["limits"]);
    match Form::read(Pieces(pieces.into()), &content_type, &limits) {
        Err(error) => form_failure(&error),
        Ok(form) if input["summary"] == json!(true) => {
            json!({"fields": form.fields().len(), "files": form.files().len()})
        }
        Ok(form) => {
            let fields: Vec<_> = form
                .fields()
                .iter()
                .map(|(name, value)| json!([name, long_text(value)]))
                .collect();
            let files: Vec<_> = form
                .files()
                .iter()
                .map(|(name, file)| {
                    json!({
                        "name": name,
                        "filename": file.filename(),
                        "content_type": file.content_type(),
                        "data": long_bytes(&file.bytes().unwrap()),
                    })
                })
                .collect();
            json!({"fields": fields, "files": files})
        }
    }
}

/// The ways to hand the body over that a case asks for.
fn chunkings(chunking: &Value, body: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let by = |size: usize| body.chunks(size).map(<[u8]>::to_vec).collect();
    match chunking {
        Value::String(how) if how == "bytes" => vec![by(1)],
        Value::String(how) if how == "all_splits" => {
            let cuts = 1..body.len();
            let mut all: Vec<Vec<Vec<u8>>> = cuts
                .map(|at| vec![body[..at].to_vec(), body[at..].to_vec()])
                .collect();
            all.push(by(1));
            all
        }
        Value::Number(size) => vec![by(size.as_u64().unwrap() as usize)],
        _ => vec![],
    }
}

/// A body that arrives piece by piece.
struct Pieces(std::collections::VecDeque<Vec<u8>>);

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.pop_front() else {
            return Ok(0);
        };
        let count = piece.len().min(buf.len());
        buf[..count].copy_from_slice(&piece[..count]);
        if count < piece.len() {
            self.0.push_front(piece[count..].to_vec());
        }
        Ok(count)
    }
}

#[test]
fn urlencoded_bodies() {
    run("urlencoded", |op, input| {
        if op == "serialize" {
            let pairs = input["pairs"].as_array().unwrap().iter();
            return json!({"text": urlencoded::serialize(pairs.map(|pair| (text(&pair[0]), text(&pair[1]))))});
        }
        let content_type = match &input["content_type"] {
            Value::Null => "application/x-www-form-urlencoded".to_owned(),
            _ => header_text(input, "content_type"),
        };
        let content_type = ContentType::parse(&content_type);
        let body = bytes(&input["body"]);
        match (
            op,
            Form::read(body.as_slice(), &content_type, &limits(input)),
        ) {
            (_, Err(error)) => form_failure(&error),
            ("limits", Ok(form)) => json!({"count": form.fields().len()}),
            (_, Ok(form)) => pairs(form.fields(), input),
        }
    });
}

fn limits(input: &Value) -> FormLimits {
    let mut limits = FormLimits::default();
    let number = |name: &str| input[name].as_u64();
    limits.max_body_bytes = number("max_content_length").unwrap_or(limits.max_body_bytes);
    limits.max_field_bytes = number("max_form_memory_size").unwrap_or(limits.max_field_bytes);
    let parts = number("max_form_parts").or(number("max_fields"));
    limits.max_parts = parts.map_or(limits.max_parts, |parts| parts as usize);
    let fields = number("max_part_headers");
    limits.max_header_fields = fields.map_or(limits.max_header_fields, |fields| fields as usize);
    let header = number("max_part_header_size");
    limits.max_header_bytes = header.map_or(limits.max_header_bytes, |bytes| bytes as usize);
    limits
}

fn form_failure(error: &FormError) -> Value {
    json!({"error": {"kind": error.to_string(), "status": error.status().as_u16()}})
}
