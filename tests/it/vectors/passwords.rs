use devserve::security::{
    PasswordError, PasswordMethod, check_password_hash, generate_password_hash_with,
};
use regex_automata::meta::Regex;
use serde_json::{Value, json};

use super::{failure, run, text, unknown};

#[test]
fn password_hashes() {
    run("password_hashes", |op, input| match op {
        "check" => match check_password_hash(&text(&input["hash"]), &text(&input["password"])) {
            Ok(is_right) => json!({"ok": is_right}),
            Err(_) => failure(),
        },
        "generate" => generate(input).unwrap_or_else(|_| failure()),
        _ => unknown(op),
    });
}

/// The rows are about Werkzeug's form, whose default method is scrypt.
fn generate(input: &Value) -> Result<Value, PasswordError> {
    let method: PasswordMethod = input["method"].as_str().unwrap_or("scrypt").parse()?;
    let salt_bytes = input["salt_length"].as_i64().unwrap_or(16);
    let salt_bytes = usize::try_from(salt_bytes).unwrap_or(0);
    let password = text(&input["password"]);
    let make = || generate_password_hash_with(&password, method, salt_bytes);
    let (hash, other) = (make()?, make()?);
    Ok(json!({
        "matches": matches(input["pattern"].as_str().unwrap(), &hash),
        "unique_salt": hash != other,
        "verifies": check_password_hash(&hash, &password)?,
        "rejects_wrong": !check_password_hash(&hash, &format!("{password}x"))?,
    }))
}

fn matches(pattern: &str, text: &str) -> bool {
    let whole = Regex::new(&format!("^(?:{pattern})$")).unwrap();
    whole.is_match(text)
}
