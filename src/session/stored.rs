use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a session's cookie says, before it is signed or encrypted.
///
/// The names are short because a cookie is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// When it was made, in seconds since 1970. A browser may keep a cookie for as long as it
    /// likes and somebody else may have copied it, so its age cannot be left to `Max-Age`.
    #[serde(rename = "t")]
    pub(super) issued: u64,
    /// Whether it outlives the browser.
    #[serde(rename = "p", default, skip_serializing_if = "is_false")]
    pub(super) is_permanent: bool,
    /// Category and message of each.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) flashes: Vec<(String, String)>,
    #[serde(rename = "v", default, skip_serializing_if = "Map::is_empty")]
    pub(super) values: Map<String, Value>,
}

impl Stored {
    /// JSON.
    pub(super) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    pub(super) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// JSON in base64: a cookie would need an escape for every quote of it.
    pub(super) fn to_base64(&self) -> Result<String, serde_json::Error> {
        Ok(BASE64_URL_SAFE_NO_PAD.encode(self.to_json()?))
    }

    pub(super) fn from_base64(text: &str) -> Option<Self> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let stored = Stored {
            issued: u64::MAX,
            is_permanent: true,
            flashes: vec![("info".into(), "\"é\"; \0".into())],
            values: Map::from_iter([("a b".into(), serde_json::json!([1, null, {"x": 1.5}]))]),
        };
        let base64 = stored.to_base64().unwrap();
        assert_eq!(Stored::from_base64(&base64), Some(stored.clone()));
        let json = stored.to_json().unwrap();
        assert_eq!(Stored::from_json(&json), Some(stored));
    }

    #[test]
    fn what_is_not_there_takes_no_room() {
        assert_eq!(Stored::default().to_json().unwrap(), r#"{"t":0}"#);
    }

    #[test]
    fn what_was_not_written_here_is_no_session() {
        let deep = format!(r#"{{"t":0,"v":{{"a":{}}}}}"#, "[".repeat(100_000));
        for json in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"t":-1}"#,
            r#"{"t":0,"v":1}"#,
            &deep,
        ] {
            assert_eq!(Stored::from_json(json), None);
            assert_eq!(Stored::from_base64(json), None);
            assert_eq!(
                Stored::from_base64(&BASE64_URL_SAFE_NO_PAD.encode(json)),
                None
            );
        }
    }
}
