use devserve::http::h1::{BodyDecoder, Decoded, Fault, Framing, Limits, chunk_head};

use super::random::Random;
use super::reference;

/// What came of a body: its data, and how many bytes it took if it ended.
type Body = Result<(Vec<u8>, Option<usize>), Fault>;

/// A body in chunks: it reads the same however it arrives, as a plain reader has it and never
/// past its end, within its limits; and what is written in chunks is read back.
pub fn chunked(data: &[u8]) {
    let mut random = Random::of(data);
    let limits = Limits::default();
    let whole = any_split(data, Framing::Chunked, &limits, &mut random);
    if let Ok((body, Some(used))) = &whole {
        assert_eq!(reference::chunks(data), (body.clone(), Some(*used)));
    }
    let tight = Limits {
        chunk_line_bytes: 8,
        trailer_bytes: 16,
        ..limits
    };
    let bounded = any_split(data, Framing::Chunked, &tight, &mut random);
    assert!(
        bounded.is_err() || bounded == whole,
        "{bounded:?}, {whole:?}"
    );
    is_read_back(data, &mut random);
    has_its_length(data, &mut random);
}

/// Reads `wire` whole, byte by byte and in pieces: it must not matter.
fn any_split(wire: &[u8], framing: Framing, limits: &Limits, random: &mut Random) -> Body {
    let whole = decode(wire, framing, limits, || wire.len());
    assert_eq!(decode(wire, framing, limits, || 1), whole, "byte by byte");
    let pieces = decode(wire, framing, limits, || 1 + random.below(wire.len()));
    assert_eq!(pieces, whole, "in pieces");
    whole
}

/// Feeds `wire` in pieces, and takes the data in pieces, both of at most `most()` bytes.
fn decode(wire: &[u8], framing: Framing, limits: &Limits, mut most: impl FnMut() -> usize) -> Body {
    let mut decoder = BodyDecoder::new(framing, limits);
    let (mut start, mut end, mut data) = (0, 0, Vec::new());
    loop {
        let arrived = &wire[start..end];
        match decoder.decode(arrived)? {
            Decoded::Data { skip, len } => {
                assert!(len > 0 && skip + len <= arrived.len());
                let taken = len.min(most());
                data.extend_from_slice(&arrived[skip..skip + taken]);
                decoder.took(taken);
                start += skip + taken;
            }
            Decoded::More { skip } => {
                assert!(skip <= arrived.len() && !decoder.is_done());
                start += skip;
                if end == wire.len() {
                    return Ok((data, None));
                }
                end = wire.len().min(end + most());
            }
            Decoded::End { skip } => {
                assert!(skip <= arrived.len() && decoder.is_done());
                return Ok((data, Some(start + skip)));
            }
        }
    }
}

/// `sent`, written in chunks and with another message after it, is read back.
fn is_read_back(sent: &[u8], random: &mut Random) {
    let (mut wire, mut rest) = (Vec::new(), sent);
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(1 + random.below(rest.len()));
        wire.extend_from_slice(chunk_head(chunk.len()).as_bytes());
        wire.extend_from_slice(chunk);
        wire.extend_from_slice(b"\r\n");
        rest = after;
    }
    wire.extend_from_slice(b"0\r\n\r\n");
    let len = wire.len();
    wire.extend_from_slice(b"GET / HTTP/1.1\r\n");
    let read = any_split(&wire, Framing::Chunked, &Limits::default(), random);
    assert_eq!(read, Ok((sent.to_vec(), Some(len))));
}

/// A body with a length has that many of the bytes and no more.
fn has_its_length(wire: &[u8], random: &mut Random) {
    let len = random.below(wire.len() + 2);
    let read = any_split(
        wire,
        Framing::Length(len as u64),
        &Limits::default(),
        random,
    );
    let end = (len <= wire.len()).then_some(len);
    assert_eq!(read, Ok((wire[..len.min(wire.len())].to_vec(), end)));
}
