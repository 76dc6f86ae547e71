use crate::forms::multipart::MultipartError;
use crate::http::{ContentType, OptionsHeader};

/// What a part says about itself before its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartHead {
    /// The field's name.
    pub name: String,
    /// The file's name as sent; a part without one is a field. Empty for a file input that was
    /// left empty.
    pub filename: Option<String>,
    /// The part's media type as sent.
    pub content_type: Option<String>,
}

impl PartHead {
    /// Reads the header lines of the part counted `part`.
    ///
    /// Bytes that are not UTF-8 become U+FFFD: a name in Latin-1 must not lose an upload.
    pub(super) fn parse(lines: &[Vec<u8>], part: usize) -> Result<Self, MultipartError> {
        let broken = |problem| MultipartError::Disposition { part, problem };
        let mut disposition = None;
        let mut content_type = None;
        for line in lines {
            let line = String::from_utf8_lossy(line);
            let Some((name, value)) = line.split_once(':') else {
                return Err(MultipartError::HeaderLine {
                    part,
                    line: line.into_owned(),
                });
            };
            let value = value.trim_matches([' ', '\t']);
            match name
                .trim_end_matches([' ', '\t'])
                .to_ascii_lowercase()
                .as_str()
            {
                // Filters read the first, some parsers the last; we take neither side.
                "content-disposition" if disposition.is_some() => {
                    return Err(broken("has two Content-Disposition fields"));
                }
                "content-disposition" => disposition = Some(OptionsHeader::parse(value)),
                "content-type" => content_type = Some(value.to_owned()),
                // RFC 7578 §4.8: all other fields are to be ignored.
                _ => {}
            }
        }
        let disposition = disposition.ok_or_else(|| broken("has no Content-Disposition"))?;
        if disposition.is_cut_off() {
            // Leaving the parameter out could turn an upload into a field.
            return Err(broken("has a Content-Disposition with an unclosed quote"));
        }
        for name in ["name", "filename"] {
            if disposition.params().filter(|(key, _)| *key == name).count() > 1 {
                return Err(broken("has a Content-Disposition that repeats a parameter"));
            }
        }
        let name = disposition
            .param("name")
            .ok_or_else(|| broken("has no name"))?
            .to_owned();
        Ok(Self {
            name,
            filename: disposition.param("filename").map(str::to_owned),
            content_type,
        })
    }

    /// The text of a field: decoded as its Content-Type says, else as UTF-8.
    pub fn decode(&self, data: &[u8]) -> String {
        let content_type = ContentType::parse(self.content_type.as_deref().unwrap_or(""));
        content_type.charset().decode(data).into_owned()
    }
}
