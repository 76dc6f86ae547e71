use std::hash::{BuildHasher, RandomState};

use crate::http::HeaderMap;
use crate::text::quoted;

/// Writes a multipart/form-data body, as HTML has browsers do it.
///
/// ```
/// # use devserve::forms::multipart::Encoder;
/// let body = Encoder::new("x").field("a", "1").finish();
/// assert_eq!(body, b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n");
/// ```
///
/// What is too large for memory is written in pieces, each sent before the next is made:
///
/// ```
/// # use std::io::{self, Read, Write};
/// # use devserve::forms::multipart::Encoder;
/// fn send(mut file: impl Read, mut connection: impl Write) -> io::Result<()> {
///     let mut form = Encoder::with_random_boundary();
///     form.begin_file("film", "film.mkv", Some("video/x-matroska"));
///     let mut piece = vec![0; 64 << 10];
///     loop {
///         let count = file.read(&mut piece)?;
///         if count == 0 {
///             break;
///         }
///         form.data(&piece[..count]);
///         connection.write_all(&form.take())?;
///     }
///     form.end_file();
///     connection.write_all(&form.finish())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    boundary: String,
    body: Vec<u8>,
}

impl Encoder {
    /// A form whose parts are divided by `boundary`, which must not occur in them.
    ///
    /// # Panics
    /// If `boundary` is no boundary by RFC 2046 §5.1.1: 1 to 70 ASCII letters, digits and marks.
    #[track_caller]
    pub fn new(boundary: impl Into<String>) -> Self {
        let boundary = boundary.into();
        let is_mark = |byte: u8| b"'()+_,-./:=? ".contains(&byte);
        assert!(
            (1..=70).contains(&boundary.len())
                && !boundary.ends_with(' ')
                && boundary
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte)),
            "{boundary:?} is no boundary; take 1 to 70 letters, digits and dashes"
        );
        Self {
            boundary,
            body: Vec::new(),
        }
    }

    /// A form with a boundary that nobody can foresee, and so put into a part.
    pub fn with_random_boundary() -> Self {
        // The standard library seeds each from the system's randomness.
        let number = || RandomState::new().hash_one(0);
        Self::new(format!("----form-{:016x}{:016x}", number(), number()))
    }

    /// The Content-Type of the body.
    pub fn content_type(&self) -> String {
        let boundary = quoted::token_or_quoted(&self.boundary);
        format!(
            "multipart/form-data; boundary={}",
            boundary.unwrap_or_default()
        )
    }

    /// Adds a field.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.begin(name, None, &[]);
        self.data(value.as_bytes());
        self.end_file();
        self
    }

    /// Adds a file. Without a content type the part names none.
    pub fn file(
        mut self,
        name: &str,
        filename: &str,
        content_type: Option<&str>,
        data: &[u8],
    ) -> Self {
        self.begin_file(name, filename, content_type);
        self.data(data);
        self.end_file();
        self
    }

    /// Adds a part with header fields of its own besides Content-Disposition.
    pub fn part(
        mut self,
        name: &str,
        filename: Option<&str>,
        headers: &HeaderMap,
        data: &[u8],
    ) -> Self {
        let fields = headers.iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        self.begin(name, filename, &fields);
        self.data(data);
        self.end_file();
        self
    }

    /// Begins a file whose data comes in pieces.
    pub fn begin_file(&mut self, name: &str, filename: &str, content_type: Option<&str>) {
        // A media type holds no line break; one in it would begin another field.
        let content_type = content_type.map(|text| text.replace(['\r', '\n'], " "));
        let field = content_type
            .as_ref()
            .map(|text| ("Content-Type", text.as_bytes()));
        self.begin(name, Some(filename), field.as_slice());
    }

    /// Adds to the file that was begun.
    pub fn data(&mut self, data: &[u8]) {
        self.body.extend_from_slice(data);
    }

    /// Ends the file that was begun.
    pub fn end_file(&mut self) {
        self.body.extend_from_slice(b"\r\n");
    }

    /// What was written since this was last asked.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// The whole body, or what is left of it.
    pub fn finish(mut self) -> Vec<u8> {
        self.body
            .extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        self.body
    }

    fn begin(&mut self, name: &str, filename: Option<&str>, fields: &[(&str, &[u8])]) {
        let mut head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"",
            self.boundary,
            escape(name)
        );
        if let Some(filename) = filename {
            head.push_str(&format!("; filename=\"{}\"", escape(filename)));
        }
        self.body.extend_from_slice(head.as_bytes());
        for (name, value) in fields {
            for piece in [b"\r\n", name.as_bytes(), b": ", value] {
                self.body.extend_from_slice(piece);
            }
        }
        self.body.extend_from_slice(b"\r\n\r\n");
    }
}

/// HTML's escapes for names (WHATWG, "multipart/form-data encoding algorithm"): without them a
/// name could add fields and parts.
fn escape(name: &str) -> String {
    name.replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace('"', "%22")
}
