use std::path::Path;

use devserve::security::{Platform, safe_join_on, secure_filename_on};
use serde_json::{Value, json};

use super::{run, text, unknown};

#[test]
fn safe_joins() {
    run("safe_join", |op, input| match op {
        "join" => {
            let parts: Vec<String> = input["parts"]
                .as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect();
            let base = text(&input["base"]);
            let parts = parts.iter().map(String::as_str);
            let path = safe_join_on(platform(input), Path::new(&base), parts);
            json!({"path": path})
        }
        _ => unknown(op),
    });
}

#[test]
fn secure_filenames() {
    run("secure_filename", |op, input| match op {
        "secure" => json!({"name": secure_filename_on(platform(input), &text(&input["name"]))}),
        _ => unknown(op),
    });
}

fn platform(input: &Value) -> Platform {
    if input["windows"] == json!(true) {
        Platform::Windows
    } else {
        Platform::Posix
    }
}
