use devserve::forms::multipart::{Decoder, Encoder, Event, MultipartError, PartHead};
use devserve::forms::{FormLimits, urlencoded};
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
    is_read_back(data, &mut random);
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
