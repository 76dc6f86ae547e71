use crate::http::{Method, header};
use crate::middleware::lint::{Rule, Violation};
use crate::text::{latin1, tokens};
use crate::wsgi::{Environ, Value};

/// Keys that are text and always there.
const TEXT: &[&str] = &[
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.url_scheme",
];
/// Keys that are flags and always there.
const FLAGS: &[&str] = &["wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"];
/// Text that cannot be empty.
const FILLED: &[&str] = &["REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT"];

/// The rules of the server's side that a request breaks.
pub(super) fn check(environ: &Environ) -> Vec<Violation> {
    let mut broken = Vec::new();
    let mut note = |rule, detail: String| broken.push(Violation { rule, detail });
    for (key, is_right) in required(environ) {
        if !is_right {
            note(
                Rule::EnvironKeys,
                format!("{key} is missing, empty or of another type"),
            );
        }
    }
    for (key, value) in environ.iter() {
        let told = value.as_str().unwrap_or("");
        if !key.contains('.') && latin1::to_bytes(told).is_none() {
            note(Rule::NativeStrings, format!("{key} is {told:?}"));
        }
    }
    let method = environ.method().as_str();
    if !tokens::is_token(method) {
        note(Rule::RequestMethod, format!("the method is {method:?}"));
    }
    if let Some(detail) = paths(environ) {
        note(Rule::Paths, detail);
    }
    if !matches!(environ.scheme(), "http" | "https") {
        note(
            Rule::UrlScheme,
            format!("wsgi.url_scheme is {:?}", environ.scheme()),
        );
    }
    let headers = environ.headers();
    let lengths: Vec<_> = headers.get_all(header::CONTENT_LENGTH).iter().collect();
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if lengths.len() > 1 || lengths.iter().any(|length| !is_number(length.as_bytes())) {
        note(
            Rule::ContentLength,
            format!("CONTENT_LENGTH is {lengths:?}"),
        );
    }
    if !lengths.is_empty() && headers.contains_key(header::TRANSFER_ENCODING) {
        let detail = "there is a Transfer-Encoding beside the Content-Length";
        note(Rule::ContentLength, detail.into());
    }
    broken
}

/// Every key that must be there, and whether it is what it must be.
fn required(environ: &Environ) -> impl Iterator<Item = (&'static str, bool)> {
    let text = TEXT.iter().map(|&key| {
        let value = environ.get(key);
        let text = value.as_ref().and_then(Value::as_str);
        (
            key,
            text.is_some_and(|text| !text.is_empty() || !FILLED.contains(&key)),
        )
    });
    let flags = FLAGS.iter().map(|&key| {
        let is_flag = matches!(environ.get(key), Some(Value::Flag(_)));
        (key, is_flag)
    });
    let is = |key, is_right: fn(&Value<'_>) -> bool| {
        (key, environ.get(key).is_some_and(|value| is_right(&value)))
    };
    text.chain(flags).chain([
        is("wsgi.version", |value| {
            matches!(value, Value::Version(1, 0))
        }),
        is("wsgi.input", |value| matches!(value, Value::Input(_))),
        is("wsgi.errors", |value| matches!(value, Value::Errors(_))),
    ])
}

fn paths(environ: &Environ) -> Option<String> {
    let (script_root, path) = (environ.script_root(), environ.path_info());
    let told =
        |name: &str, bytes: &[u8]| Some(format!("{name} is {:?}", String::from_utf8_lossy(bytes)));
    let is_rooted = |bytes: &[u8]| bytes.is_empty() || bytes.starts_with(b"/");
    if !is_rooted(script_root) || script_root.ends_with(b"/") {
        return told("SCRIPT_NAME", script_root);
    }
    if !is_rooted(path) {
        return told("PATH_INFO", path);
    }
    let asks_the_server = *environ.method() == Method::OPTIONS && environ.raw_target() == b"*";
    let is_nowhere = script_root.is_empty() && path.is_empty() && !asks_the_server;
    is_nowhere.then(|| "SCRIPT_NAME and PATH_INFO are both empty".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Environ), want: &[Rule]) {
        let mut environ = Environ::new(Method::GET, "/a?b");
        change(&mut environ);
        let broken: Vec<_> = super::check(&environ)
            .into_iter()
            .map(|violation| violation.rule)
            .collect();
        assert_eq!(broken, want);
    }

    #[track_caller]
    fn check_key(key: &str, value: &str, want: &[Rule]) {
        check(|environ| environ.set(key, value).unwrap(), want);
    }

    #[test]
    fn a_request_as_servers_bring_it_breaks_nothing() {
        check(|_| {}, &[]);
        check(|environ| *environ = Environ::new(Method::OPTIONS, "*"), &[]);
        check(|environ| environ.set_mount("/app", ""), &[]);
        check_key("PATH_INFO", "/caf\u{c3}\u{a9}", &[]);
        check_key("app.user", "ada \u{1f600}", &[]);
        check_key("CONTENT_LENGTH", "7", &[]);
    }

    #[test]
    fn what_a_server_gets_wrong() {
        check_key("SCRIPT_NAME", "/", &[Rule::Paths]);
        check_key("SCRIPT_NAME", "app", &[Rule::Paths]);
        check_key("SCRIPT_NAME", "/app/", &[Rule::Paths]);
        check_key("PATH_INFO", "a", &[Rule::Paths]);
        check_key("PATH_INFO", "", &[Rule::Paths]);
        check_key("SERVER_NAME", "", &[Rule::EnvironKeys]);
        check_key("wsgi.url_scheme", "gopher", &[Rule::UrlScheme]);
        check_key("REMOTE_USER", "ada \u{1f600}", &[Rule::NativeStrings]);
        let framed_twice = |environ: &mut Environ| {
            environ.set("CONTENT_LENGTH", "7").unwrap();
            environ.set("HTTP_TRANSFER_ENCODING", "chunked").unwrap();
        };
        check(framed_twice, &[Rule::ContentLength]);
        let no_number = |environ: &mut Environ| {
            let headers = environ.headers_mut();
            headers.insert("content-length", "+7".parse().unwrap());
        };
        check(no_number, &[Rule::ContentLength]);
    }
}
