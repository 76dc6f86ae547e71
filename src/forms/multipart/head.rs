use std::borrow::Cow;
use std::fmt;

use crate::forms::FormLimits;
use crate::forms::multipart::MultipartError;
use crate::forms::multipart::disposition::Disposition;
use crate::http::{ContentType, HeaderMap, HeaderName, HeaderValue};

/// What a part says about itself before its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHead {
    /// The field's name.
    pub name: String,
    /// The file's name as sent; a part without one is a field. Empty for a file input that was
    /// left empty.
    pub filename: Option<String>,
    /// The part's media type as sent.
    pub content_type: Option<String>,
    lines: Lines,
}

/// Header lines without their ends, folded ones joined, divided by LF.
#[derive(Clone, Default, PartialEq, Eq)]
struct Lines(Vec<u8>);

impl PartHead {
    /// Reads the header lines of the part counted `part`.
    ///
    /// Bytes that are not UTF-8 become U+FFFD: a name in Latin-1 must not lose an upload.
    fn parse(lines: Lines, part: usize) -> Result<Self, MultipartError> {
        let broken = |problem| MultipartError::Disposition { part, problem };
        let mut disposition = None;
        let mut content_type = None;
        for line in lines.iter() {
            let Some((name, value)) = line else {
                let line = lines.without_colon();
                return Err(MultipartError::HeaderLine { part, line });
            };
            if name.eq_ignore_ascii_case(b"content-disposition") {
                // Filters read the first, some parsers the last; we take neither side.
                if disposition.is_some() {
                    return Err(broken("has two Content-Disposition fields"));
                }
                disposition = Some(Disposition::parse(value).map_err(broken)?);
            } else if name.eq_ignore_ascii_case(b"content-type") {
                content_type = Some(String::from_utf8_lossy(value).into_owned());
            }
            // RFC 7578 §4.8: all other fields are to be ignored.
        }
        let disposition = disposition.ok_or_else(|| broken("has no Content-Disposition"))?;
        Ok(Self {
            name: disposition.name,
            filename: disposition.filename,
            content_type,
            lines,
        })
    }

    /// Whether the part is a file.
    pub fn is_file(&self) -> bool {
        self.filename.is_some()
    }

    /// Every header field of the part, those that only its sender knows too. What is no field
    /// by RFC 9110 §5.5 is left out.
    pub fn headers(&self) -> HeaderMap {
        let fields = self.lines.iter().flatten();
        fields
            .filter_map(|(name, value)| {
                let name = HeaderName::from_bytes(name).ok()?;
                Some((name, HeaderValue::from_bytes(value).ok()?))
            })
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            })
    }

    /// The text of a field: decoded as its Content-Type says, else as UTF-8.
    pub fn decode<'a>(&self, data: &'a [u8]) -> Cow<'a, str> {
        match &self.content_type {
            None => String::from_utf8_lossy(data),
            Some(content_type) => ContentType::parse(content_type).charset().decode(data),
        }
    }

    /// The same without a copy, where the data is text already.
    pub(crate) fn decode_owned(&self, data: Vec<u8>) -> String {
        match (&self.content_type, String::from_utf8(data)) {
            (None, Ok(text)) => text,
            (_, Ok(text)) => self.decode(text.as_bytes()).into_owned(),
            (_, Err(error)) => self.decode(error.as_bytes()).into_owned(),
        }
    }
}

impl Lines {
    /// Name and value of each line, trimmed; `None` for a line without a colon.
    fn iter(&self) -> impl Iterator<Item = Option<(&[u8], &[u8])>> {
        self.raw().filter(|line| !line.is_empty()).map(|line| {
            let colon = memchr::memchr(b':', line)?;
            let (name, value) = (&line[..colon], &line[colon + 1..]);
            Some((trim_end(name), trim_end(trim_start(value))))
        })
    }

    fn raw(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'\n')
    }

    fn without_colon(&self) -> String {
        let line = self.raw().find(|line| !line.contains(&b':'));
        String::from_utf8_lossy(line.unwrap_or_default()).into_owned()
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    &text[blanks..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|byte| is_blank(**byte));
    &text[..text.len() - blanks.count()]
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Room for what browsers send of a file.
const USUAL_HEAD: usize = 128;

/// The header of one part while it arrives: each byte is looked at once, however small the
/// pieces are. CR, LF and CRLF all end a line.
#[derive(Debug)]
pub(super) struct HeadReader {
    part: usize,
    max_bytes: usize,
    max_fields: usize,
    lines: Lines,
    fields: usize,
    /// All that was read, line ends included.
    bytes: usize,
    /// How much of the present line was read.
    line_bytes: usize,
    /// A LF that comes next belongs to the line end before it.
    after_cr: bool,
    /// The empty line was read.
    is_ended: bool,
}

impl HeadReader {
    pub(super) fn new(part: usize, limits: &FormLimits) -> Self {
        Self {
            part,
            max_bytes: limits.max_header_bytes,
            max_fields: limits.max_header_fields,
            lines: Lines::default(),
            fields: 0,
            bytes: 0,
            line_bytes: 0,
            after_cr: false,
            is_ended: false,
        }
    }

    /// How much was taken so far.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes what belongs to the header, and tells whether the header is whole.
    pub(super) fn take(&mut self, bytes: &[u8], is_finished: bool) -> Result<bool, MultipartError> {
        let mut at = 0;
        loop {
            if self.after_cr && (is_finished || at < bytes.len()) {
                let line_feed = usize::from(bytes.get(at) == Some(&b'\n'));
                at += line_feed;
                self.count(line_feed)?;
                self.after_cr = false;
            }
            if self.is_ended && !self.after_cr {
                return Ok(true);
            }
            let rest = &bytes[at..];
            if rest.is_empty() {
                return Ok(false);
            }
            let end = memchr::memchr2(b'\r', b'\n', rest);
            let text = &rest[..end.unwrap_or(rest.len())];
            self.keep(text)?;
            at += text.len();
            if end.is_some() {
                self.after_cr = bytes[at] == b'\r';
                self.end_line()?;
                at += 1;
            }
        }
    }

    fn keep(&mut self, text: &[u8]) -> Result<(), MultipartError> {
        let lines = &mut self.lines.0;
        match text {
            [] => {}
            // A line that begins with white space continues the one before (RFC 822 folding).
            [b' ' | b'\t', ..] if self.line_bytes == 0 && !lines.is_empty() => {}
            _ if self.line_bytes == 0 => {
                if lines.is_empty() {
                    lines.reserve(USUAL_HEAD);
                }
                self.fields += 1;
                if self.fields > self.max_fields {
                    return Err(MultipartError::HeaderFields {
                        part: self.part,
                        max: self.max_fields,
                    });
                }
                if !lines.is_empty() {
                    lines.push(b'\n');
                }
            }
            _on_the_same_line => {}
        }
        lines.extend_from_slice(text);
        self.line_bytes += text.len();
        self.count(text.len())
    }

    fn end_line(&mut self) -> Result<(), MultipartError> {
        self.is_ended = self.line_bytes == 0;
        self.line_bytes = 0;
        self.count(1)
    }

    fn count(&mut self, bytes: usize) -> Result<(), MultipartError> {
        self.bytes += bytes;
        if self.bytes > self.max_bytes {
            self.bytes = self.max_bytes;
            return Err(MultipartError::HeaderBytes {
                part: self.part,
                max: self.max_bytes,
            });
        }
        Ok(())
    }

    /// What the lines say.
    pub(super) fn parse(&mut self) -> Result<PartHead, MultipartError> {
        PartHead::parse(std::mem::take(&mut self.lines), self.part)
    }
}
