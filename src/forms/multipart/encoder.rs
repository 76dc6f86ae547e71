/// Writes a multipart/form-data body, as HTML has browsers do it.
///
/// ```
/// # use devserve::forms::multipart::Encoder;
/// let body = Encoder::new("x").field("a", "1").finish();
/// assert_eq!(body, b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    boundary: String,
    body: Vec<u8>,
}

impl Encoder {
    /// A form whose parts are divided by `boundary`, which must not occur in them.
    pub fn new(boundary: impl Into<String>) -> Self {
        Self {
            boundary: boundary.into(),
            body: Vec::new(),
        }
    }

    /// The Content-Type of the body.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Adds a field.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.part(
            &format!("form-data; name=\"{}\"", escape(name)),
            None,
            value.as_bytes(),
        );
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
        let disposition = format!(
            "form-data; name=\"{}\"; filename=\"{}\"",
            escape(name),
            escape(filename)
        );
        self.part(&disposition, content_type, data);
        self
    }

    /// The whole body.
    pub fn finish(mut self) -> Vec<u8> {
        self.body
            .extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        self.body
    }

    fn part(&mut self, disposition: &str, content_type: Option<&str>, data: &[u8]) {
        let mut head = format!(
            "--{}\r\nContent-Disposition: {disposition}\r\n",
            self.boundary
        );
        if let Some(content_type) = content_type {
            // A media type holds no line break; one in it would begin another field.
            let content_type = content_type.replace(['\r', '\n'], " ");
            head.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        head.push_str("\r\n");
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(data);
        self.body.extend_from_slice(b"\r\n");
    }
}

/// HTML's escapes for names (WHATWG, "multipart/form-data encoding algorithm"): without them a
/// name could add fields and parts.
fn escape(name: &str) -> String {
    name.replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace('"', "%22")
}
