use bytes::Bytes;
use tiny_http::Request;

use crate::http::h1::{self, Fault, Limits, RequestHead};

/// Reads the head anew, by our rules: `tiny_http` lets much pass.
///
/// What cannot be seen from here is what it has already dropped: a fourth word in the request
/// line, white space around lines.
pub(super) fn read(request: &Request, limits: &Limits) -> Result<RequestHead, Fault> {
    let line = format!(
        "{} {} HTTP/{}",
        request.method(),
        request.url(),
        request.http_version()
    );
    let mut head = line_of(line, Fault::RequestLine)?;
    for field in request.headers() {
        head += &line_of(field.to_string(), Fault::Field)?;
    }
    head += "\r\n";
    let head = Bytes::from(head);
    match h1::request_len(&head, 0, limits)? {
        Some(len) if len == head.len() => h1::read_request(&head, limits),
        _ => Err(Fault::RequestLine), // it has no words
    }
}

/// `tiny_http` takes CR and LF alone for letters. Read again they would be lines, and what it
/// took for one field could become another, such as a length.
fn line_of(line: String, fault: Fault) -> Result<String, Fault> {
    match line.contains(['\r', '\n']) {
        true => Err(fault),
        false => Ok(line + "\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiny_http::{Header, Method, TestRequest};

    #[track_caller]
    fn check(path: &str, fields: &[(&str, &str)], want: Result<&str, Fault>) {
        let mut request = TestRequest::new().with_method(Method::Get).with_path(path);
        for (name, value) in fields {
            request = request.with_header(Header::from_bytes(*name, *value).unwrap());
        }
        let request = Request::from(request);
        let got = read(&request, &Limits::default()).map(|head| head.target.raw);
        assert_eq!(
            got,
            want.map(|target| Bytes::copy_from_slice(target.as_bytes()))
        );
    }

    #[test]
    fn the_rules_are_the_engine_s_own() {
        check("/a?b", &[("Host", "x")], Ok("/a?b"));
        check("/a", &[("Host", "a/b")], Err(Fault::Host));
        check("/a#b", &[("Host", "x")], Err(Fault::Target));
        check("/a", &[("Host", "x"), ("A(", "b")], Err(Fault::Field));
        let length = ("Content-Length", "5, 6");
        check("/a", &[("Host", "x"), length], Err(Fault::ContentLength));
    }

    #[test]
    fn a_line_end_inside_a_field_makes_no_second_field() {
        let hidden = ("A", "b\nContent-Length: 5");
        check("/a", &[("Host", "x"), hidden], Err(Fault::Field));
        check("/a\nB:", &[("Host", "x")], Err(Fault::RequestLine));
    }
}
