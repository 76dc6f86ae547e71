//! A part of the alphabet, as often as it takes.

use std::ops;
use std::thread;

use devserve::{Request, Response, Result};

use super::dynamic::chunk_size;
use super::options::Options;

const MOST_BYTES: u64 = 100 << 10;

/// The part of `length` bytes that `Range` asks for, made while it is sent.
///
/// An app of your own has all this from [`Response::make_conditional`]. Here a range must lie
/// within the body, and even the whole says that it is one.
pub(crate) fn range(request: &Request, length: u64) -> Result<Response> {
    let tagged = |response: Response| {
        response
            .header("etag", format!("range{length}"))
            .header("accept-ranges", "bytes")
    };
    if length == 0 || length > MOST_BYTES {
        let refusal = Response::text("number of bytes must be in the range (0, 102400]");
        return Ok(tagged(refusal.status(404)));
    }
    let chunk = chunk_size(request)?;
    let duration = Options::of(request).seconds("duration", 0.0)?;
    let pause_per_byte = duration.div_f64(length as f64);
    let Some(part) = part(request.header("range").unwrap_or_default(), length) else {
        let refusal = Response::text("").status(416);
        return Ok(tagged(refusal).header("content-range", format!("bytes */{length}")));
    };

    let content_range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
    let part_length = part.end - part.start;
    let mut rest = part;
    let chunks = std::iter::from_fn(move || {
        let end = rest.end.min(rest.start.saturating_add(chunk));
        let letters: Vec<u8> = (rest.start..end).map(|at| b'a' + (at % 26) as u8).collect();
        rest.start = end;
        thread::sleep(pause_per_byte.mul_f64(letters.len() as f64));
        (!letters.is_empty()).then_some(Ok(letters))
    });
    let response = Response::stream(chunks)
        .content_type("application/octet-stream")
        .header("content-length", part_length)
        .header("content-range", content_range)
        .status(if part_length == length { 200 } else { 206 });
    Ok(tagged(response))
}

/// The first range in the field; all where it is not one of bytes, `None` where it is not
/// within the body.
fn part(field: &str, length: u64) -> Option<ops::Range<u64>> {
    let bytes = field.trim().strip_prefix("bytes");
    let spec = bytes
        .and_then(|bytes| bytes.split_once('='))
        .map(|(_, spec)| spec);
    let mut ends = spec
        .unwrap_or_default()
        .split('-')
        .map(|end| end.trim().parse::<u64>().ok());
    let part = match (ends.next().flatten(), ends.next().flatten()) {
        (None, None) => 0..length,
        (None, Some(last)) => length.saturating_sub(last)..length,
        (Some(first), None) => first..length,
        (Some(first), Some(last)) => first..last.checked_add(1)?,
    };
    (part.start < part.end && part.end <= length).then_some(part)
}
