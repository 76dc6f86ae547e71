use std::io::{self, Read};

use devserve::forms::multipart::{Decoder, Encoder, Event, MultipartError, PartHead};
use devserve::forms::{Form, FormLimits, urlencoded};
use devserve::http::ContentType;

use super::random::Random;

/// A form's parts, or what is wrong with it.
type Parts = Result<Vec<(PartHead, Vec<u8>)>, MultipartError>;

/// A form's body, of either kind: it reads the same however it arrives, within its limits; and
/// what is written is read back, whatever it contains.
pub fn forms(data: &[u8]) {
    let pairs = urlencoded::parse(data);
    let again = urlencoded::parse(urlencoded::serialize(pairs.iter()).as_bytes());
    assert_eq!(again, pairs);

    let mut random = Random::of(data);
    let content_type = ContentType::parse("multipart/form-data; boundary=x");
    let wide = FormLimits::default();
    let whole = any_split(data, &content_type, &wide, &mut random);
    let tight = FormLimits {
        max_parts: 2,
        max_header_bytes: 64,
        ..wide
    };
    let bounded = any_split(data, &content_type, &tight, &mut random);
    if let Ok(parts) = &bounded {
        assert_eq!(bounded, whole);
        assert!(parts.len() <= tight.max_parts);
    }
    reads_the_same_from_a_stream(data, &content_type, &mut random);
    for boundary in ["x", "-", "------------------------------------------x-"] {
        finds_every_delimiter(data, boundary, &mut random);
    }
    is_read_back(data, &mut random);
}

/// A whole form, errors with their places included, or what is wrong with it.
fn reads_the_same_from_a_stream(body: &[u8], content_type: &ContentType, random: &mut Random) {
    let limits = FormLimits {
        max_body_bytes: 300,
        max_field_bytes: 20,
        max_parts: 4,
        upload_memory_bytes: 10,
        ..FormLimits::default()
    };
    let mut read = |lens: &mut dyn FnMut(&mut Random) -> usize| {
        let mut lens = || lens(random);
        let pieces = Pieces(body, &mut lens);
        match Form::read(pieces, content_type, &limits) {
            Err(error) => Err(format!("{error:?}")),
            Ok(form) => {
                let fields = form.fields().clone();
                let files = form.files().iter();
                let files =
                    files.map(|(_, file)| (file.filename().to_owned(), file.bytes().unwrap()));
                Ok((fields, files.collect::<Vec<_>>()))
            }
        }
    };
    let whole = read(&mut |_| body.len().max(1));
    assert_eq!(read(&mut |_| 1), whole, "byte by byte from a stream");
    let pieces = read(&mut |random| 1 + random.below(body.len()));
    assert_eq!(pieces, whole, "in pieces from a stream");
}

/// A stream that gives pieces of such lengths.
struct Pieces<'a>(&'a [u8], &'a mut dyn FnMut() -> usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = (self.1)().min(buf.len());
        self.0.read(&mut buf[..most])
    }
}

/// What the decoder finds, a search finds too that tries every place; also where the boundary
/// is like itself.
fn finds_every_delimiter(data: &[u8], boundary: &str, random: &mut Random) {
    let line = format!("--{boundary}");
    let body = data.escape_ascii().to_string().replace("--x", &line);
    let body = body.replace("\\r", "\r").replace("\\n", "\n");
    let content_type = ContentType::parse(&format!("multipart/form-data; boundary={boundary}"));
    let found = any_split(
        body.as_bytes(),
        &content_type,
        &FormLimits::default(),
        random,
    );
    if let Ok(parts) = found {
        let found: Vec<_> = parts.iter().map(|(_, data)| data.as_slice()).collect();
        assert_eq!(found, slowly(body.as_bytes(), line.as_bytes()), "{body:?}");
    }
}

/// The data of each part.
fn slowly<'a>(body: &'a [u8], line: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let Some((_, mut rest)) = cut(body, line) else {
        return parts;
    };
    while let Some(part) = rest {
        let mut data = part;
        loop {
            let end = data.iter().position(|byte| b"\r\n".contains(byte)).unwrap();
            let after = &data[end..];
            data = after.strip_prefix(b"\r\n").unwrap_or(&after[1..]);
            if end == 0 {
                break;
            }
        }
        let (data, next) = cut(data, line).expect("the decoder found its end");
        parts.push(data);
        rest = next;
    }
    parts
}

/// What comes before the first delimiter, and after it; nothing after the last one.
fn cut<'a>(bytes: &'a [u8], line: &[u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    (0..bytes.len()).find_map(|at| {
        let before = match &bytes[..at] {
            [] => &[],
            [before @ .., b'\r', b'\n'] | [before @ .., b'\r' | b'\n'] => before,
            _ => return None,
        };
        let after = bytes[at..].strip_prefix(line)?;
        let (after, is_last) = match after.strip_prefix(b"--") {
            Some(after) => (after, true),
            None => (after, false),
        };
        let padding = after.iter().take_while(|byte| b" \t".contains(byte));
        let padding = padding.count();
        let after = match &after[padding..] {
            _ if padding > 128 => return None,
            [b'\r', b'\n', after @ ..] | [b'\r' | b'\n', after @ ..] => after,
            [] if is_last => &[],
            _ => return None,
        };
        Some((before, (!is_last).then_some(after)))
    })
}

/// Reads `body` whole, byte by byte, and in pieces: it must not matter.
fn any_split(
    body: &[u8],
    content_type: &ContentType,
    limits: &FormLimits,
    random: &mut Random,
) -> Parts {
    let whole = decode(body, content_type, limits, || body.len());
    let bytes = decode(body, content_type, limits, || 1);
    assert_eq!(bytes, whole, "byte by byte");
    let pieces = decode(body, content_type, limits, || 1 + random.below(body.len()));
    assert_eq!(pieces, whole, "in pieces");
    whole
}

/// Feeds `body` in pieces of `len()` bytes.
fn decode(
    body: &[u8],
    content_type: &ContentType,
    limits: &FormLimits,
    mut len: impl FnMut() -> usize,
) -> Parts {
    let mut decoder = Decoder::new(content_type, limits)?;
    let (mut rest, mut parts, mut is_open) = (body, Vec::new(), false);
    let mut piece: &[u8] = b"";
    loop {
        match decoder.next_event(&mut piece)? {
            Event::NeedData if rest.is_empty() => decoder.finish(),
            Event::NeedData => {
                assert!(piece.is_empty(), "the piece is used up");
                (piece, rest) = rest.split_at(len().min(rest.len()));
            }
            Event::Part(head) => {
                assert!(!is_open, "a part within a part");
                is_open = true;
                parts.push((head, Vec::new()));
            }
            Event::Data(bytes) => {
                assert!(is_open && !bytes.is_empty());
                let (_, data) = parts.last_mut().expect("a part is open");
                data.extend_from_slice(bytes);
            }
            Event::PartEnd => {
                assert!(is_open);
                is_open = false;
            }
            Event::End => {
                assert!(!is_open);
                return Ok(parts);
            }
        }
    }
}

/// A field and a file, made of `data`.
fn is_read_back(data: &[u8], random: &mut Random) {
    let (name, rest) = data.split_at(random.below(data.len()).min(100));
    // Browsers leave a backslash alone; two of them are one to a reader, as other clients escape.
    let name = String::from_utf8_lossy(name).replace("\\\\", "/");
    let value = String::from_utf8_lossy(rest);
    let boundary = format!("{:016x}", random.next());
    if value.contains(&boundary) {
        return;
    }
    let form = Encoder::new(boundary)
        .field(&name, &value)
        .file(&name, &name, Some("a/b"), rest);
    let content_type = ContentType::parse(&form.content_type());
    let body = form.finish();
    let parts = any_split(&body, &content_type, &FormLimits::default(), random);
    let parts = parts.unwrap_or_else(|error| panic!("{error} in {}", body.escape_ascii()));
    let [(field, text), (file, bytes)] = parts.as_slice() else {
        panic!("{parts:?}");
    };
    assert_eq!(
        (text.as_slice(), bytes.as_slice()),
        (value.as_bytes(), rest)
    );
    assert_eq!((&field.name, &field.filename), (&file.name, &None));
    assert_eq!(file.filename.as_ref(), Some(&file.name));
    assert_eq!(file.content_type.as_deref(), Some("a/b"));
}
