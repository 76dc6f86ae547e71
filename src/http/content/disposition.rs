use crate::http::list::{as_text, as_value, to_header};
use crate::http::{FieldError, HeaderValue, OptionsHeader};
use crate::text::{ascii, percent};

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

    /// The field value. A name beyond ASCII is sent twice: flattened for old clients, and in
    /// full.
    ///
    /// # Errors
    /// [`FieldError::Value`] for a name with a control character in it.
    pub fn to_header(&self) -> Result<HeaderValue, FieldError> {
        let mut text = as_text(&self.kind)?.to_owned();
        if let Some(filename) = &self.filename {
            if filename.chars().any(char::is_control) {
                return Err(FieldError::Value {
                    value: filename.clone(),
                });
            }
            let plain = ascii::flatten(filename);
            text.extend(["; filename=", &as_value(&plain)?]);
            if plain != *filename {
                text.extend(["; filename*=UTF-8''", &percent::encode_parameter(filename)]);
            }
        }
        to_header(text)
    }
}
