//! A reader of HTTP/1.1 that is plain where ours is quick, and shares no code with it. It takes
//! messages apart and judges nothing: what it makes of a bad one does not matter.

/// A head, taken apart.
#[derive(Debug)]
pub(super) struct Head {
    /// The start line's words; of an answer, the last is the reason phrase.
    pub(super) start: Vec<Vec<u8>>,
    /// Names in lower case, values without the blanks around them.
    pub(super) fields: Vec<(String, Vec<u8>)>,
    /// Bytes up to the blank line's end.
    pub(super) len: usize,
}

/// How long a body is, by its head (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Unsaid,
    Bytes(usize),
    Chunks,
}

impl Head {
    /// The head at the start of `bytes`, if it is whole.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut at = bytes.iter().position(|byte| !b"\r\n".contains(byte))?;
        let mut lines = Vec::new();
        loop {
            let end = at + bytes[at..].iter().position(|&byte| byte == b'\n')?;
            let line = &bytes[at..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            at = end + 1;
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let start = lines.remove(0).splitn(3, |&byte| byte == b' ');
        Some(Self {
            start: start.map(<[u8]>::to_vec).collect(),
            fields: lines.into_iter().map(field).collect(),
            len: at,
        })
    }

    /// The values of a field, in order.
    pub(super) fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.fields.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_slice())
    }

    /// What the fields say about the body.
    pub(super) fn length(&self) -> Length {
        if self.values("transfer-encoding").next().is_some() {
            return Length::Chunks;
        }
        match self.values("content-length").next() {
            None => Length::Unsaid,
            Some(digits) => Length::Bytes(number(digits, 10).unwrap_or(0)),
        }
    }
}

fn field(line: &[u8]) -> (String, Vec<u8>) {
    let colon = line.iter().position(|&byte| byte == b':');
    let (name, value) = line.split_at(colon.unwrap_or(line.len()));
    let value = value.get(1..).unwrap_or_default();
    let is_blank = |byte: &u8| b" \t".contains(byte);
    let from = value.iter().take_while(|byte| is_blank(byte)).count();
    let blank_after = value[from..].iter().rev().take_while(|byte| is_blank(byte));
    let to = value.len() - blank_after.count();
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    (name, value[from..to].to_vec())
}

/// The data of a body in chunks, and where it ended, if it did.
pub(super) fn chunks(bytes: &[u8]) -> (Vec<u8>, Option<usize>) {
    let (mut data, mut at) = (Vec::new(), 0);
    let line = |at: usize| {
        let len = bytes[at..].windows(2).position(|two| two == b"\r\n")?;
        Some((&bytes[at..at + len], at + len + 2))
    };
    while let Some((size, start)) = line(at) {
        let digits = size.iter().take_while(|byte| byte.is_ascii_hexdigit());
        match number(&size[..digits.count()], 16) {
            Some(0) => {
                at = start;
                while let Some((trailer, next)) = line(at) {
                    at = next;
                    if trailer.is_empty() {
                        return (data, Some(at));
                    }
                }
                break;
            }
            Some(len) if bytes.len() - start >= len => {
                data.extend_from_slice(&bytes[start..start + len]);
                match bytes[start + len..].starts_with(b"\r\n") {
                    true => at = start + len + 2,
                    false => break,
                }
            }
            Some(_) => {
                data.extend_from_slice(&bytes[start..]);
                break;
            }
            None => break,
        }
    }
    (data, None)
}

fn number(digits: &[u8], radix: u32) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}
