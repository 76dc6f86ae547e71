use crate::http::OptionsHeader;
use crate::text::{ascii, percent, quoted};

/// Whether a body is shown or saved, and under which name (RFC 6266).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDisposition {
    kind: String,
    filename: Option<String>,
}

impl ContentDisposition {
    /// Saved under `filename`.
    pub fn attachment(filename: impl Into<String>) -> Self {
        Self {
            kind: "attachment".to_owned(),
            filename: Some(filename.into()),
        }
    }

    /// Shown in place; `filename` is what saving it would suggest.
    pub fn inline(filename: impl Into<String>) -> Self {
        Self {
            kind: "inline".to_owned(),
            filename: Some(filename.into()),
        }
    }

    /// Reads a field value.
    pub fn parse(text: &str) -> Self {
        let header = OptionsHeader::parse(text);
        Self {
            kind: header.value().to_ascii_lowercase(),
            filename: header.param("filename").map(str::to_owned),
        }
    }

    /// `attachment`, `inline`, `form-data`, …, in lower case.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name as sent. Not a path: give it to `security::secure_filename`
    /// before a disk sees it.
    pub fn filename(&self) -> Option<&str> {
        self.filename.as_deref()
    }

    /// The field value; `None` where the name holds a control character.
    ///
    /// A name beyond ASCII is sent twice: flattened for old clients, and in full.
    pub fn to_text(&self) -> Option<String> {
        let Some(filename) = &self.filename else {
            return Some(self.kind.clone());
        };
        if filename.chars().any(char::is_control) {
            return None;
        }
        let plain = ascii::flatten(filename);
        let mut text = format!(
            "{}; filename={}",
            self.kind,
            quoted::token_or_quoted(&plain)?
        );
        if plain != *filename {
            text.push_str("; filename*=UTF-8''");
            text.push_str(&percent::encode_parameter(filename));
        }
        Some(text)
    }
}
