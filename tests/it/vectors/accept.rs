use devserve::http::accept::{AcceptList, Range};
use devserve::http::{Accept, AcceptCharset, AcceptEncoding, AcceptLanguage};
use serde_json::{Value, json};

use super::{header_text, run, unknown};

#[test]
fn accept() {
    run("accept", |op, input| {
        let header = header_text(input, "header");
        let header = (!input["header"].is_null()).then_some(header.as_str());
        match input["kind"].as_str().unwrap() {
            "mime" => step(op, input, header.map_or(Accept::anything(), Accept::parse)),
            "language" => {
                let parse = AcceptLanguage::parse;
                step(op, input, header.map_or(AcceptLanguage::anything(), parse))
            }
            "encoding" => {
                let parse = AcceptEncoding::parse;
                step(op, input, header.map_or(AcceptEncoding::anything(), parse))
            }
            "charset" => {
                let parse = AcceptCharset::parse;
                step(op, input, header.map_or(AcceptCharset::anything(), parse))
            }
            other => unknown(other),
        }
    });
}

fn step<R: Range>(op: &str, input: &Value, accept: AcceptList<R>) -> Value {
    match op {
        "parse" => {
            let items = accept
                .iter()
                .map(|(value, weight)| json!([value, q(weight)]));
            json!({"items": items.collect::<Vec<_>>()})
        }
        "best" => json!({"best": accept.best()}),
        "quality" => json!({"q": q(accept.quality(input["value"].as_str().unwrap()))}),
        "best_match" => {
            let offers = input["available"].as_array().unwrap();
            let offers: Vec<_> = offers.iter().map(|offer| offer.as_str().unwrap()).collect();
            let best = accept.best_match(&offers).or(input["default"].as_str());
            json!({"match": best})
        }
        "to_header" => json!({"header": accept.to_string()}),
        _ => unknown(op),
    }
}

/// A weight without the noise of single precision.
fn q(weight: f32) -> f64 {
    (f64::from(weight) * 1_000_000.0).round() / 1_000_000.0
}
