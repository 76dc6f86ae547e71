use crate::http::{FieldError, HeaderValue, OptionsHeader};
use crate::text::Charset;

/// A media type and its parameters (RFC 9110 §8.3.1): `text/html; charset=utf-8`.
///
/// Of two parameters with one name the first counts, as browsers have it; a parser that took
/// the other would let a body slip past a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentType {
    essence: String,
    params: Vec<(String, String)>,
}

impl ContentType {
    /// Reads a field value. Never fails: what is no media type matches none.
    pub fn parse(text: &str) -> Self {
        let header = OptionsHeader::parse(text);
        let mut params: Vec<(String, String)> = Vec::new();
        for (name, value) in header.params() {
            if !params.iter().any(|(known, _)| known == name) {
                params.push((name.to_owned(), value.to_owned()));
            }
        }
        Self {
            essence: header.value().to_ascii_lowercase(),
            params,
        }
    }

    /// Type and subtype in lower case, without parameters; empty where none was sent.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The value of the parameter `name` (in lower case).
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The parameters in the order sent, names in lower case and once each.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether this is `application/json` or a type with the suffix `+json`.
    pub fn is_json(&self) -> bool {
        self.essence == "application/json"
            || self.essence.starts_with("application/") && self.essence.ends_with("+json")
    }

    /// How to decode text of this type: UTF-8 unless it names another encoding that we know.
    pub fn charset(&self) -> Charset {
        self.param("charset")
            .and_then(Charset::from_label)
            .unwrap_or(Charset::Utf8)
    }

    /// The field value.
    ///
    /// # Errors
    /// [`FieldError`] for a control character, which no field can carry.
    pub fn to_header(&self) -> Result<HeaderValue, FieldError> {
        let bare = OptionsHeader::new(&*self.essence);
        self.params()
            .fold(bare, |header, (name, value)| header.with(name, value))
            .to_header()
    }
}

/// `media_type` with `; charset=utf-8` where it is a text type that names no encoding.
pub fn with_default_charset(media_type: &str) -> String {
    let essence = media_type.to_ascii_lowercase();
    let is_text = essence.starts_with("text/")
        || matches!(
            essence.as_str(),
            "application/javascript"
                | "application/ecmascript"
                | "application/sql"
                | "application/xml"
                | "application/xml-dtd"
                | "application/xml-external-parsed-entity"
        )
        || essence.ends_with("+xml");
    if is_text && !essence.contains(';') {
        format!("{media_type}; charset=utf-8")
    } else {
        media_type.to_owned()
    }
}
