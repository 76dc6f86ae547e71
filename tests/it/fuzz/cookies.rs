use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use devserve::http::{
    Cookies, HeaderMap, HeaderValue, Method, SameSite, SetCookie, cookie, header,
};
use devserve::session::{Key, Sessions};
use devserve::wsgi::{App, Environ};
use devserve::{Request, Result};

/// A cookie is found wherever it stands, sets nothing but itself, and holds a session only if
/// we made it.
pub fn cookies(data: &[u8]) {
    found(data);
    let text = String::from_utf8_lossy(data);
    set(&text);
    sessions(data, &text);
}

/// A look-up finds what a reading of the whole finds.
fn found(field: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(field) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append(header::COOKIE, value);
    let cookies = Cookies::from_headers(&headers);
    let all: Vec<_> = cookie::parse(field).collect();
    assert!(cookies.iter().eq(all.iter().cloned()));
    // A name that is no UTF-8 cannot be asked for.
    for (name, value) in all.iter().filter(|(name, _)| !name.contains('\u{fffd}')) {
        assert!(cookies.contains(name));
        assert!(
            cookies.get_all(name).any(|found| found == *value),
            "{name:?}"
        );
        let first = all.iter().find(|(other, _)| other == name);
        assert_eq!(cookies.get(name), first.map(|(_, value)| value.clone()));
    }
}

/// Whatever the parts, a field has one cookie in it, its value comes back, and each attribute
/// is there once.
fn set(text: &str) {
    let mut parts = text.split('\n');
    let mut part = || parts.next().unwrap_or_default();
    let (name, value, path, domain) = (part(), part(), part(), part());
    let seconds = Duration::from_secs(text.len() as u64);
    let full = SetCookie::new(name, value)
        .path(path)
        .domain(domain)
        .max_age_from(UNIX_EPOCH + seconds, seconds)
        .same_site(SameSite::None)
        .http_only()
        .partitioned();
    for cookie in [
        SetCookie::new(name, value),
        full.clone(),
        full.into_deletion(),
    ] {
        let Ok(field) = cookie.to_header() else {
            continue;
        };
        let field = field.to_str().expect("a cookie is ASCII");
        let mut attributes = field.split(';');
        let pair = attributes.next().unwrap_or_default();
        let read: Vec<_> = cookie::parse(pair.as_bytes()).collect();
        assert_eq!(
            read,
            [(cookie.name().into(), cookie.value().into())],
            "{field:?}"
        );
        let mut seen = BTreeSet::new();
        for attribute in attributes {
            let name = attribute.split('=').next().unwrap_or_default();
            assert!(ATTRIBUTES.contains(&name) && seen.insert(name), "{field:?}");
        }
    }
}

const ATTRIBUTES: [&str; 8] = [
    " HttpOnly",
    " SameSite",
    " Partitioned",
    " Secure",
    " Path",
    " Domain",
    " Max-Age",
    " Expires",
];

/// No bytes are a session; with our signature on them they may be, and then the session that
/// is sent on is the same.
fn sessions(data: &[u8], text: &str) {
    let key = Key::from_secret(&[7; Key::MIN_BYTES]).expect("long enough");
    let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let sessions = Sessions::new(key.clone()).clock(move || now);
    assert_eq!(brought(&sessions, data), None);
    assert_eq!(brought(&sessions.clone().encrypted(), data), None);
    for text in [text, &base64(data)] {
        let signed = key.sign("session:session", text);
        brought(&sessions, signed.as_bytes());
    }
    let encrypted = key.encrypt("session:session", text);
    brought(&sessions.encrypted(), encrypted.as_bytes());
}

/// The names in the session that a cookie brings, after its messages were taken and it was
/// changed and sent; `None` where the cookie brings none.
fn brought(sessions: &Sessions, value: &[u8]) -> Option<Vec<String>> {
    let mut field = b"session=".to_vec();
    field.extend_from_slice(value);
    let (names, sent) = visit(sessions, &field)?;
    if let Some(sent) = sent {
        let (again, _) = visit(sessions, &sent).expect("what was sent is a session");
        assert_eq!(again, names);
    }
    Some(names)
}

/// Names, and the cookie that was sent for a change.
fn visit(sessions: &Sessions, field: &[u8]) -> Option<(Vec<String>, Option<Vec<u8>>)> {
    fn change(request: &Request) -> Result<String> {
        let session = request.session();
        let names = session.names();
        if session.is_new() {
            return Ok(String::new());
        }
        session.take_flashes();
        session.set_permanent(!session.is_permanent());
        Ok(format!("+{}", names.join("\n")))
    }
    let mut environ = Environ::new(Method::GET, "/");
    let field = HeaderValue::from_bytes(field).ok()?;
    environ.headers_mut().insert(header::COOKIE, field);
    let no_limit = SetCookie::new("session", "").max_bytes(0);
    let app = sessions.clone().cookie(no_limit).wrap(change);
    let reply = app.call(&mut environ).expect("a session can be sent");
    let sent = reply.headers().get(header::SET_COOKIE).map(|field| {
        let pair = field.as_bytes().split(|&byte| byte == b';').next();
        pair.unwrap_or_default().to_vec()
    });
    let body = reply.into_body().collect().expect("a text");
    let names = std::str::from_utf8(&body)
        .expect("a text")
        .strip_prefix('+')?;
    let names: Vec<_> = names.split('\n').map(str::to_owned).collect();
    // An empty session is not sent but ended.
    let sent = sent.filter(|pair| pair != b"session=");
    Some((names, sent))
}

fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in data.chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(bytes);
        for place in 0..=chunk.len() {
            let digit = bits >> (18 - 6 * place) & 63;
            text.push(char::from(DIGITS[digit as usize]));
        }
    }
    text
}
