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
    fn parse(lines: &[Vec<u8>], part: usize) -> Result<Self, MultipartError> {
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

/// More fields than any client sends.
const MAX_HEADER_LINES: usize = 32;

/// The header of one part while it arrives.
#[derive(Debug)]
pub(super) struct HeaderLines {
    part: usize,
    max_bytes: usize,
    lines: Vec<Vec<u8>>,
    /// All that was read, line ends included.
    bytes: usize,
    /// How much of the unfinished line was searched: each byte is searched once, however small
    /// the pieces are.
    scanned: usize,
}

/// A line that was read.
#[derive(Debug)]
pub(super) struct Line {
    /// Its length with its end.
    pub(super) consumed: usize,
    /// Whether it is the one that ends the header.
    pub(super) is_blank: bool,
}

impl HeaderLines {
    pub(super) fn new(part: usize, max_bytes: usize) -> Self {
        Self {
            part,
            max_bytes,
            lines: Vec::new(),
            bytes: 0,
            scanned: 0,
        }
    }

    /// Takes the line at the start of `pending`; `None` where its end is not there yet.
    pub(super) fn read_line(
        &mut self,
        pending: &[u8],
        is_finished: bool,
    ) -> Result<Option<Line>, MultipartError> {
        let found = memchr::memchr2(b'\r', b'\n', &pending[self.scanned..]);
        let end = found.map_or(pending.len(), |at| self.scanned + at);
        self.scanned = end;
        if self.bytes + end > self.max_bytes {
            return Err(MultipartError::HeaderBytes {
                part: self.part,
                max: self.max_bytes,
            });
        }
        let Some(length) = line_break(&pending[end..], is_finished) else {
            return Ok(None);
        };
        let consumed = end + length;
        self.bytes += consumed;
        self.scanned = 0;
        self.keep(&pending[..end]);
        if self.lines.len() > MAX_HEADER_LINES {
            return Err(MultipartError::HeaderCount);
        }
        Ok(Some(Line {
            consumed,
            is_blank: end == 0,
        }))
    }

    fn keep(&mut self, line: &[u8]) {
        match (line, self.lines.last_mut()) {
            ([], _) => {}
            // A line that begins with white space continues the one before (RFC 822 folding).
            ([b' ' | b'\t', ..], Some(last)) => last.extend_from_slice(line),
            _ => self.lines.push(line.to_vec()),
        }
    }

    /// What the lines say.
    pub(super) fn parse(&self) -> Result<PartHead, MultipartError> {
        PartHead::parse(&self.lines, self.part)
    }
}

/// The length of the line break at the start of `bytes`; `None` where there is none, or a LF
/// may still follow.
pub(super) fn line_break(bytes: &[u8], is_finished: bool) -> Option<usize> {
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] if !is_finished => None,
        [b'\r' | b'\n', ..] => Some(1),
        _ => None,
    }
}
