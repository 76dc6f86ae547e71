use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use devserve::Response;
use devserve::http::{ContentRange, ETag, ETags, HeaderValue, IfRange, Method, Range, RetryAfter};
use devserve::text::latin1;
use devserve::wsgi::{Body, Environ};

const CONTENT: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// Entity tags, ranges and their like: what is read can be written, and no range gets bytes
/// that were not asked for, or more than there are.
pub fn conditions(data: &[u8]) {
    let text = latin1::from_bytes(data);
    tags(&text);
    times(&text);
    ranges(&text);
    if let Ok(field) = HeaderValue::from_bytes(data) {
        answer(&field, Bytes::from_static(CONTENT).into());
        answer(&field, Body::sized_reader(CONTENT, CONTENT.len() as u64));
    }
}

fn tags(text: &str) {
    let tags = ETags::parse(text);
    assert_eq!(ETags::parse(&tags.to_string()), tags);
    for tag in tags.iter() {
        assert_eq!(ETag::from_header(&tag.to_header()).as_ref(), Some(tag));
        assert!(
            tags.contains_weak(tag) && tags.contains(tag) != tag.is_weak() || has_twin(&tags, tag)
        );
    }
}

/// Whether a weak tag is there as a strong one too.
fn has_twin(tags: &ETags, tag: &ETag) -> bool {
    tags.iter()
        .any(|other| !other.is_weak() && other.tag() == tag.tag())
}

fn times(text: &str) {
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let condition = IfRange::parse(text, now);
    assert_eq!(IfRange::parse(&condition.to_string(), now), condition);
    if let Some(retry) = RetryAfter::parse(text, now) {
        assert_eq!(RetryAfter::parse(&retry.to_string(), now), Some(retry));
        let is_never: Option<SystemTime> = retry.time(now);
        assert!(is_never.is_some() || matches!(retry, RetryAfter::Delay(_)));
    }
}

fn ranges(text: &str) {
    if let Ok(part) = text.parse::<ContentRange>() {
        assert_eq!(part.to_string().parse(), Ok(part));
    }
    let Ok(range) = text.parse::<Range>() else {
        return;
    };
    assert_eq!(range.to_string().parse().as_ref(), Ok(&range));
    assert!(range.specs().len() <= Range::MAX_SPECS);
    for length in [0, 1, 26, u64::MAX] {
        let mut parts = range.resolve(length);
        assert!(
            parts
                .iter()
                .all(|part| !part.is_empty() && part.end <= length)
        );
        parts.sort_by_key(|part| part.start);
        assert!(
            parts.is_sorted_by(|one, next| one.end <= next.start),
            "{parts:?}"
        );
    }
}

/// What is sent is what was asked for: the whole, one part, several, or the refusal.
fn answer(field: &HeaderValue, body: Body) {
    let mut environ = Environ::new(Method::GET, "/");
    environ.headers_mut().insert("range", field.clone());
    let response = Response::new("text/plain", body).make_conditional(&environ);
    let Ok(reply) = response.into_reply() else {
        return; // 416 is for a later floor to answer
    };
    let (head, body) = reply.into_parts();
    let body = body.collect().unwrap();
    let field = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(
        field("content-length"),
        Some(body.len().to_string().as_str())
    );
    let boundary = field("content-type").unwrap().split_once("boundary=");
    match (head.status.as_u16(), boundary) {
        (200, None) => assert_eq!(body, CONTENT),
        (206, None) => check_part(field("content-range").unwrap(), &body),
        (206, Some((_, boundary))) => {
            assert_eq!(field("content-range"), None);
            let body = std::str::from_utf8(&body).unwrap();
            let body = body
                .strip_suffix(&format!("\r\n--{boundary}--\r\n"))
                .unwrap();
            let parts = format!("\r\n{body}");
            let delimiter = format!("\r\n--{boundary}\r\n");
            let mut parts = parts.split(&delimiter);
            assert_eq!(parts.next(), Some(""));
            let parts: Vec<_> = parts.collect();
            assert!(parts.len() > 1);
            for part in parts {
                let (head, part) = part.split_once("\r\n\r\n").unwrap();
                let range = head.strip_prefix("Content-Type: text/plain\r\nContent-Range: ");
                check_part(range.unwrap(), part.as_bytes());
            }
        }
        (status, _) => panic!("{status}"),
    }
}

fn check_part(content_range: &str, part: &[u8]) {
    let told: ContentRange = content_range.parse().unwrap();
    assert_eq!(told.length(), Some(CONTENT.len() as u64));
    let range = told.range().unwrap();
    assert_eq!(part, &CONTENT[range.start as usize..range.end as usize]);
}
