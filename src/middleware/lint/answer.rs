use crate::http::field_scope::{is_connection_header, is_entity_header};
use crate::http::{ETag, HeaderMap, HeaderName, Method, StatusCode, header};
use crate::middleware::lint::{Rule, Violation};

/// An answer as far as it was given, and what it promised.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    is_head: bool,
    has_type: bool,
    promised: Option<u64>,
    given: u64,
}

impl Answer {
    /// The rules that a head breaks.
    pub(super) fn check_head(status: StatusCode, headers: &HeaderMap) -> Vec<Violation> {
        let mut broken = Vec::new();
        let mut note = |rule, detail: String| broken.push(Violation { rule, detail });
        let upgrades =
            status == StatusCode::SWITCHING_PROTOCOLS && headers.contains_key(header::UPGRADE);
        if status.is_informational() && !upgrades {
            note(
                Rule::FinalStatus,
                format!("the status is {}", status.as_u16()),
            );
        }
        for name in headers.keys() {
            if name == "status" || name.as_str().ends_with(['-', '_']) {
                note(Rule::HeaderNames, format!("there is a field {name:?}"));
            }
            let leaves_http = upgrades && [header::UPGRADE, header::CONNECTION].contains(name);
            if is_connection_header(name) && !leaves_http {
                note(Rule::HopByHop, format!("there is a field {name:?}"));
            }
            if !may_have(status, name) {
                let detail = format!("a {} has a field {name:?}", status.as_u16());
                note(Rule::NoContent, detail);
            }
        }
        let lengths: Vec<_> = headers.get_all(header::CONTENT_LENGTH).iter().collect();
        if !lengths.is_empty() && length(headers).is_none() {
            note(
                Rule::BodyLength,
                format!("the Content-Length is {lengths:?}"),
            );
        }
        if let Some(tag) = headers.get(header::ETAG) {
            let is_quoted = tag.as_bytes().ends_with(b"\"") && ETag::from_header(tag).is_some();
            if !is_quoted {
                note(Rule::EntityTag, format!("the ETag is {tag:?}"));
            }
        }
        broken
    }

    pub(super) fn new(method: &Method, status: StatusCode, headers: &HeaderMap) -> Self {
        Self {
            status,
            is_head: *method == Method::HEAD,
            has_type: headers.contains_key(header::CONTENT_TYPE),
            promised: length(headers),
            given: 0,
        }
    }

    /// The rule that a chunk breaks.
    pub(super) fn chunk(&mut self, chunk: &[u8]) -> Option<Violation> {
        if chunk.is_empty() {
            return None;
        }
        let is_first = self.given == 0;
        self.given += chunk.len() as u64;
        let broken = |rule, detail: String| Some(Violation { rule, detail });
        if has_no_content(self.status) {
            let detail = format!("a {} has a body", self.status.as_u16());
            return broken(Rule::NoContent, detail).filter(|_| is_first);
        }
        if is_first && !self.has_type {
            let start = String::from_utf8_lossy(&chunk[..chunk.len().min(20)]);
            return broken(Rule::ContentType, format!("the body begins {start:?}"));
        }
        let before = self.given - chunk.len() as u64;
        match self.promised {
            Some(promised) if self.given > promised && before <= promised => {
                let detail = format!("it says {promised}, and there is more");
                broken(Rule::BodyLength, detail)
            }
            _ => None, // as promised, or told already
        }
    }

    /// The rule that the end breaks, as it comes too soon.
    pub(super) fn end(&self) -> Option<Violation> {
        let promised = self.promised.filter(|promised| self.given < *promised)?;
        let is_whole = self.is_head || has_no_content(self.status);
        (!is_whole).then(|| Violation {
            rule: Rule::BodyLength,
            detail: format!("it says {promised}, and there are {} bytes", self.given),
        })
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter();
    let text = lines.next()?.to_str().ok()?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| is_number && lines.next().is_none())
}

fn has_no_content(status: StatusCode) -> bool {
    matches!(status.as_u16(), 100..=199 | 204 | 304)
}

/// Whether an answer with a status may have a field. A 304 renews what a cache holds, also by
/// the length it has (RFC 9110 §8.6 and §15.4.5); what a 204 changed may be described.
fn may_have(status: StatusCode, name: &HeaderName) -> bool {
    match status.as_u16() {
        100..=199 | 204 => ![header::CONTENT_LENGTH, header::CONTENT_TYPE].contains(name),
        304 => {
            !is_entity_header(name)
                || [
                    header::ALLOW,
                    header::CONTENT_LENGTH,
                    header::CONTENT_LOCATION,
                    header::EXPIRES,
                    header::LAST_MODIFIED,
                ]
                .contains(name)
        }
        _ => true, // they have content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, fields: &[(&'static str, &str)], chunks: &[&str], want: &[Rule]) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::from_static(name);
            headers.append(name, value.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let mut broken = Answer::check_head(status, &headers);
        let mut answer = Answer::new(&Method::GET, status, &headers);
        broken.extend(
            chunks
                .iter()
                .filter_map(|chunk| answer.chunk(chunk.as_bytes())),
        );
        broken.extend(answer.end());
        let rules: Vec<_> = broken.into_iter().map(|violation| violation.rule).collect();
        assert_eq!(rules, want, "{status} {fields:?} {chunks:?}");
    }

    const TYPE: (&str, &str) = ("content-type", "text/plain");

    #[test]
    fn heads() {
        check(200, &[], &[], &[]);
        check(303, &[("location", "/a")], &[], &[]);
        check(103, &[], &[], &[Rule::FinalStatus]);
        check(
            101,
            &[("upgrade", "echo"), ("connection", "upgrade")],
            &[],
            &[],
        );
        check(101, &[], &[], &[Rule::FinalStatus]);
        check(200, &[("status", "200 OK")], &[], &[Rule::HeaderNames]);
        check(200, &[("x-", "1")], &[], &[Rule::HeaderNames]);
        check(
            200,
            &[("transfer-encoding", "chunked")],
            &[],
            &[Rule::HopByHop],
        );
        check(200, &[("connection", "close")], &[], &[Rule::HopByHop]);
        check(200, &[("etag", "\"a\"")], &[], &[]);
        check(200, &[("etag", "W/\"a\"")], &[], &[]);
        check(200, &[("etag", "a")], &[], &[Rule::EntityTag]);
    }

    #[test]
    fn answers_without_content() {
        check(204, &[], &["x"], &[Rule::NoContent]);
        check(204, &[("content-length", "0")], &[], &[Rule::NoContent]);
        check(304, &[("etag", "\"a\""), ("expires", "0")], &[], &[]);
        check(304, &[("content-length", "9")], &[], &[]);
        check(304, &[("content-encoding", "br")], &[], &[Rule::NoContent]);
        check(304, &[], &["x", "y"], &[Rule::NoContent]);
    }

    #[test]
    fn bodies() {
        let length = ("content-length", "4");
        check(200, &[TYPE], &["ab", "", "cd"], &[]);
        check(200, &[TYPE, length], &["ab", "cd"], &[]);
        check(200, &[TYPE, length], &["ab"], &[Rule::BodyLength]);
        check(
            200,
            &[TYPE, length],
            &["abcd", "e", "f"],
            &[Rule::BodyLength],
        );
        check(
            200,
            &[TYPE, ("content-length", "+4")],
            &[],
            &[Rule::BodyLength],
        );
        check(200, &[TYPE, length, length], &[], &[Rule::BodyLength]);
        check(200, &[], &["ab", "cd"], &[Rule::ContentType]);
    }
}
