use std::io::{Seek, Write};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use devserve::http::{ContentRange, Range, RangeError, RangeSpec};
use devserve::wsgi::Body;
use serde_json::{Value, json};

use super::{bytes, failure, header_text, long_bytes, run, unknown};

#[test]
fn ranges() {
    run("range_content_range", |op, input| match op {
        "parse_range" => {
            let range = match header_text(input, "header").parse::<Range>() {
                Ok(range) if input["summary"] == json!(true) => {
                    json!({"units": range.units(), "count": range.specs().len()})
                }
                Ok(range) => {
                    let ranges: Vec<_> = range.specs().iter().copied().map(pair).collect();
                    json!({"units": range.units(), "ranges": ranges})
                }
                Err(_) => Value::Null,
            };
            json!({"range": range})
        }
        "satisfy" => {
            let range = header_text(input, "header").parse::<Range>().ok();
            let range = range.filter(Range::is_bytes);
            let length = input["length"].as_u64();
            let slice = range.zip(length).and_then(|(range, length)| {
                let part = range.range_for_length(length)?;
                let told = ContentRange::new("bytes", part.clone(), Some(length)).unwrap();
                Some((part, told.to_string()))
            });
            match slice {
                Some((part, told)) => {
                    json!({"slice": [part.start, part.end], "content_range": told})
                }
                None => json!({"slice": null}),
            }
        }
        "to_header" => {
            let specs = input["ranges"].as_array().unwrap().iter().map(spec);
            let range = specs
                .collect::<Result<Vec<_>, _>>()
                .and_then(|specs| Range::new(input["units"].as_str().unwrap_or_default(), specs));
            range.map_or_else(|_| failure(), |range| json!({"header": range.to_string()}))
        }
        "parse_content_range" => {
            let part = header_text(input, "header").parse::<ContentRange>().ok();
            let part = part.map(|part| {
                json!({
                    "units": part.units(),
                    "start": part.range().map(|range| range.start),
                    "stop": part.range().map(|range| range.end),
                    "length": part.length(),
                })
            });
            json!({"content_range": part})
        }
        "content_range_to_header" => {
            let units = input["units"].as_str().unwrap_or_default();
            let length = input["length"].as_u64();
            let part = match (input["start"].as_u64(), input["stop"].as_u64(), length) {
                (Some(start), Some(stop), length) => ContentRange::new(units, start..stop, length),
                (None, None, Some(length)) => ContentRange::unsatisfied(units, length),
                _ => Err(RangeError::Malformed),
            };
            part.map_or_else(|_| failure(), |part| json!({"header": part.to_string()}))
        }
        "valid" => json!({"valid": is_valid(input)}),
        _ => unknown(op),
    });
}

fn pair(spec: RangeSpec) -> Value {
    match spec {
        RangeSpec::Closed { first, last } => json!([first, last.saturating_add(1)]),
        RangeSpec::From(first) => json!([first, null]),
        RangeSpec::Suffix(count) => json!([-(count as f64), null]),
    }
}

fn spec(pair: &Value) -> Result<RangeSpec, RangeError> {
    match (pair[0].as_i64(), pair[1].as_u64()) {
        (Some(count @ ..0), None) => Ok(RangeSpec::Suffix(count.unsigned_abs())),
        (Some(first), None) => Ok(RangeSpec::From(first.unsigned_abs())),
        (Some(first @ 0..), Some(stop)) => (first.unsigned_abs()..stop).try_into(),
        _ => Err(RangeError::Malformed),
    }
}

/// Whether start, stop and length go together: none or both ends, in order, within the content.
fn is_valid(input: &Value) -> bool {
    let (start, stop, length) = (&input["start"], &input["stop"], &input["length"]);
    let is_length = length.is_null() || length.is_u64();
    if start.is_null() && stop.is_null() {
        return is_length;
    }
    let (Some(start), Some(stop)) = (start.as_u64(), stop.as_u64()) else {
        return false;
    };
    let length = length.as_u64().unwrap_or(u64::MAX);
    RangeSpec::try_from(start..stop).is_ok_and(|spec| is_length && spec.resolve(length).is_some())
}

#[test]
fn parts_of_bodies() {
    run("range_streaming", |op, input| match op {
        "wrap" => wrap(input),
        _ => unknown(op),
    });
}

fn wrap(input: &Value) -> Value {
    let chunks: Vec<Vec<u8>> = input["chunks"]
        .as_array()
        .unwrap()
        .iter()
        .map(bytes)
        .collect();
    let start = input["start"].as_u64().unwrap();
    let end = match input["length"].as_u64() {
        Some(length) => Bound::Excluded(start + length),
        None => Bound::Unbounded,
    };
    let range = (Bound::Included(start), end);
    if input["seekable"] == json!(true) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&chunks.concat()).unwrap();
        file.rewind().unwrap();
        let part = Body::file(file).unwrap().range(range).unwrap();
        return json!({"data": long_bytes(&part.collect().unwrap())});
    }
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let is_infinite = input["infinite"] == json!(true);
    let chunks = std::iter::from_fn(move || {
        let at = counter.load(Ordering::Relaxed);
        let at = if is_infinite {
            at.min(chunks.len() - 1)
        } else {
            at
        };
        let chunk = chunks.get(at)?;
        counter.fetch_add(1, Ordering::Relaxed);
        Some(Ok(Bytes::from(chunk.clone())))
    });
    let data = Body::chunks(chunks)
        .range(range)
        .unwrap()
        .collect()
        .unwrap();
    json!({"data": long_bytes(&data), "chunks_read": read.load(Ordering::Relaxed)})
}
