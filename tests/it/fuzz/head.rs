use bytes::Bytes;
use devserve::http::h1::{
    Fault, Limits, Persistence, RequestHead, ResponseHead, read_request, read_response,
    request_len, response_len, write_request, write_response,
};
use devserve::http::{HeaderMap, Method, Version};

use super::random::Random;
use super::reference;

/// What reading a head came to: the head and its length, nothing yet, or a fault.
type Read<H> = Result<Option<(H, usize)>, Fault>;

/// A request's head, and an answer's: it reads the same however it arrives, as plainly as an
/// independent reader has it, within its limits; and what is written is read back the same.
pub fn head(data: &[u8]) {
    let limits = Limits::default();
    let whole = any_split(data, |arrived, searched| {
        read_one_request(arrived, searched, &limits)
    });
    if let Ok(Some((head, len))) = &whole {
        obeys_the_rules(head, &data[..*len]);
        is_read_back(head);
        is_passed_on(head);
    }
    keeps_tight_limits(data, &whole);

    let answer = any_split(data, |arrived, searched| {
        read_one_answer(arrived, searched, &limits)
    });
    if let Ok(Some((head, len))) = answer {
        let plain = reference::Head::read(&data[..len]).expect("a head that was read is whole");
        has_plain_fields(&head.headers, &plain, &[]);
        answer_is_read_back(&head);
    }
}

fn read_one_request(arrived: &[u8], searched: usize, limits: &Limits) -> Read<RequestHead> {
    let Some(len) = request_len(arrived, searched, limits)? else {
        return Ok(None);
    };
    let head = Bytes::copy_from_slice(&arrived[..len]);
    read_request(&head, limits).map(|head| Some((head, len)))
}

fn read_one_answer(arrived: &[u8], searched: usize, limits: &Limits) -> Read<ResponseHead> {
    let Some(len) = response_len(arrived, searched, limits)? else {
        return Ok(None);
    };
    let head = Bytes::copy_from_slice(&arrived[..len]);
    read_response(&head).map(|head| Some((head, len)))
}

/// Reads `data` whole, byte by byte, and in pieces: it must not matter.
fn any_split<H: std::fmt::Debug>(data: &[u8], read: impl Fn(&[u8], usize) -> Read<H>) -> Read<H> {
    let whole = read(data, 0);
    let mut random = Random::of(data);
    for most in [1, 1 + random.below(data.len())] {
        let (mut searched, mut arrived) = (0, 0);
        let pieces = loop {
            let read = read(&data[..arrived], searched);
            if !matches!(read, Ok(None)) || arrived == data.len() {
                break read;
            }
            searched = arrived;
            arrived += 1 + random.below(most.min(data.len() - arrived));
        };
        assert_eq!(
            format!("{whole:?}"),
            format!("{pieces:?}"),
            "whole, in pieces"
        );
    }
    whole
}

/// Whatever is accepted has none of what RFC 9112 forbids, and says what a plain reader reads.
fn obeys_the_rules(head: &RequestHead, wire: &[u8]) {
    let plain = reference::Head::read(wire).expect("a head that was read is whole");
    assert_eq!(plain.len, wire.len());
    let version = match head.version {
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1", // the only other
    };
    let start = [
        head.method.as_str().as_bytes(),
        &head.target.raw,
        version.as_bytes(),
    ];
    assert_eq!(plain.start, start);
    let told = head.target.authority.is_some().then_some("host");
    has_plain_fields(&head.headers, &plain, told.as_slice());

    let lines = |name| plain.values(name).collect::<Vec<_>>();
    let (lengths, codings) = (lines("content-length"), lines("transfer-encoding"));
    assert!(
        lengths.len() + codings.len() <= 1,
        "two ways to cut the body"
    );
    let is_digits = |value: &&[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    assert!(lengths.iter().all(is_digits), "{lengths:?}");
    let is_known = |value: &&[u8]| value.eq_ignore_ascii_case(b"chunked");
    assert!(codings.iter().all(is_known), "{codings:?}");
    assert!(codings.is_empty() || head.version == Version::HTTP_11);
    let hosts = lines("host").len();
    assert!(hosts == 1 || hosts == 0 && head.version == Version::HTTP_10);
    assert!(
        !head
            .target
            .raw
            .iter()
            .any(|byte| *byte <= b' ' || *byte == 0x7f)
    );
}

/// The same fields as a plain reader finds, each fit to be written again; but for `told`, which
/// the target says as well.
fn has_plain_fields(headers: &HeaderMap, plain: &reference::Head, told: &[&str]) {
    for (name, value) in &plain.fields {
        assert!(!name.is_empty() && !name.contains([' ', '\t']), "{name:?}");
        let is_bad = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        assert!(!value.iter().any(is_bad), "{}", value.escape_ascii());
        let ours = headers.get_all(name).iter().map(|value| value.as_bytes());
        assert!(
            told.contains(&name.as_str()) || ours.eq(plain.values(name)),
            "{name}"
        );
    }
    let extra = told
        .iter()
        .filter(|name| plain.values(name).next().is_none());
    assert_eq!(headers.len(), plain.fields.len() + extra.count());
}

/// Written in the plainest way, the same head again.
fn is_read_back(head: &RequestHead) {
    let line = format!("{:?}\r\n", head.version);
    let mut wire = [
        head.method.as_str().as_bytes(),
        &head.target.raw,
        line.as_bytes(),
    ]
    .join(&b' ');
    for (name, value) in &head.headers {
        wire.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    wire.extend(b"\r\n");
    match read_one_request(&wire, 0, &Limits::default()) {
        Ok(Some((again, len))) if len == wire.len() => {
            assert_eq!(format!("{again:?}"), format!("{head:?}"));
        }
        other => panic!("{other:?} from {}", wire.escape_ascii()),
    }
}

/// Written for the next hop, the same request; and the second hop writes what the first wrote.
fn is_passed_on(head: &RequestHead) {
    let mut wire = Vec::new();
    let limits = Limits {
        fields: 256, // it may get a field more than it had
        ..Limits::default()
    };
    // An HTTP/1.0 request may lack what HTTP/1.1 asks for.
    let host: &[(&str, &[u8])] = &[("host", b"next")];
    let lacking = if head.headers.contains_key("host") {
        &[]
    } else {
        host
    };
    write_request(&mut wire, head, head.framing, lacking);
    let again = match read_one_request(&wire, 0, &limits) {
        Ok(Some((again, len))) if len == wire.len() => again,
        other => panic!("{other:?} from {}", wire.escape_ascii()),
    };
    assert_eq!(again.method, head.method);
    assert_eq!(again.target, head.target);
    assert_eq!(again.framing, head.framing, "{}", wire.escape_ascii());
    assert_eq!(again.asks_upgrade(), head.asks_upgrade());
    for name in again
        .headers
        .keys()
        .filter(|name| head.headers.contains_key(*name))
    {
        let ours = ["connection", "content-length", "transfer-encoding"];
        let is_ours = ours.contains(&name.as_str());
        let (sent, came) = (head.headers.get_all(name), again.headers.get_all(name));
        assert!(is_ours || sent == came, "{name}");
    }
    let mut twice = Vec::new();
    write_request(&mut twice, &again, again.framing, &[]);
    let lines = |wire: &[u8]| {
        let mut lines: Vec<_> = wire
            .split(|&byte| byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        lines.sort(); // what is added goes last
        lines
    };
    assert_eq!(lines(&twice), lines(&wire));
}

/// Tighter limits refuse more and change nothing else.
fn keeps_tight_limits(data: &[u8], wide: &Read<RequestHead>) {
    let limits = Limits {
        request_line_bytes: 32,
        head_bytes: 96,
        fields: 3,
        ..Limits::default()
    };
    let tight = any_split(data, |arrived, searched| {
        read_one_request(arrived, searched, &limits)
    });
    if let Ok(Some((head, len))) = &tight {
        assert_eq!(format!("{tight:?}"), format!("{wide:?}"));
        assert!(
            head.headers.len() <= limits.fields + 1,
            "an absolute target adds one"
        );
        let blank = data
            .iter()
            .take_while(|byte| b"\r\n".contains(byte))
            .count();
        assert!(len - blank <= limits.head_bytes);
        let line = head.method.as_str().len() + head.target.raw.len() + "  HTTP/1.1".len();
        assert!(line <= limits.request_line_bytes);
    }
}

/// An answer that is written anew, as a proxy does, is the same answer.
fn answer_is_read_back(head: &ResponseHead) {
    let (Ok(framing), Ok(reason)) = (
        head.framing(&Method::GET),
        std::str::from_utf8(&head.reason),
    ) else {
        return;
    };
    let mut wire = Vec::new();
    write_response(
        &mut wire,
        (head.status, reason),
        &head.headers,
        framing,
        (head.version, head.persistence),
    );
    let again = match read_one_answer(&wire, 0, &Limits::default()) {
        Ok(Some((again, len))) if len == wire.len() => again,
        other => panic!("{other:?} from {}", wire.escape_ascii()),
    };
    assert_eq!((again.status, &again.reason), (head.status, &head.reason));
    assert_eq!(
        again.framing(&Method::GET),
        Ok(framing),
        "{}",
        wire.escape_ascii()
    );
    let leaves_http = head.status == 101;
    assert!(
        leaves_http
            || head.persistence == Persistence::KeepAlive
            || again.persistence == Persistence::Close
    );
}
