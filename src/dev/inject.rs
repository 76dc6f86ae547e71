use http::{HeaderMap, Method, StatusCode, header};

use crate::pages::Page;

/// What becomes of an answer's HTML on its way to the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Injection {
    /// The live-reload script goes behind it, if it turns out to be a whole document.
    Candidate,
    /// It stays as it is.
    None,
    /// It stays as it is, because its Content-Security-Policy allows no script of ours.
    Forbidden,
}

/// Whether an answer may get the live-reload script: a whole, plain HTML page that a browser
/// loads as a document.
pub(crate) fn decide(
    method: &Method,
    request: &HeaderMap,
    status: StatusCode,
    answer: &HeaderMap,
) -> Injection {
    let text = |headers: &HeaderMap, name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let destination = text(request, header::HeaderName::from_static("sec-fetch-dest"));
    let is_page = *method == Method::GET
        && status != StatusCode::PARTIAL_CONTENT
        && text(answer, header::CONTENT_TYPE).starts_with("text/html")
        && !answer.contains_key(header::CONTENT_ENCODING)
        && !text(answer, header::CONTENT_DISPOSITION).starts_with("attachment")
        && matches!(destination.as_str(), "" | "document" | "iframe");
    let policies = answer.get_all(header::CONTENT_SECURITY_POLICY);
    match is_page {
        false => Injection::None,
        // A page of the app's debugger names the script that it takes.
        true if Page::nonce_in(answer).is_some() => Injection::Candidate,
        true if policies
            .iter()
            .all(|policy| policy.to_str().is_ok_and(allows_own_script)) =>
        {
            Injection::Candidate
        }
        true => Injection::Forbidden,
    }
}

/// Whether a body that starts like this is a whole document, and not a fragment that a script
/// will put into one. A byte order mark, blanks and comments may come first.
pub(crate) fn is_document(start: &[u8]) -> bool {
    let mut rest = start
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(start)
        .trim_ascii_start();
    while let Some(comment) = rest.strip_prefix(b"<!--") {
        match memchr::memmem::find(comment, b"-->") {
            Some(end) => rest = comment[end + 3..].trim_ascii_start(),
            None => return false, // a comment longer than the first part; rare, and no harm
        }
    }
    let starts_with = |tag: &[u8]| {
        rest.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    starts_with(b"<!doctype html") || starts_with(b"<html")
}

/// The script's tag. `version` is that of the page it goes into, so that a page which was
/// overtaken while it loaded finds out; `nonce` is for a page that takes no script without.
pub(crate) fn tag(version: u64, nonce: Option<&str>) -> String {
    let nonce = nonce
        .map(|nonce| format!(" nonce=\"{nonce}\""))
        .unwrap_or_default();
    format!("<script src=\"/__devserve__/reload.js?v={version}\"{nonce} async></script>\n")
}

/// Whether a policy lets a page load scripts from its own origin (CSP Level 3 §6.1.11).
fn allows_own_script(policy: &str) -> bool {
    let sources = |name: &str| {
        policy.split(';').find_map(|directive| {
            let mut words = directive.split_ascii_whitespace();
            words
                .next()?
                .eq_ignore_ascii_case(name)
                .then(|| words.collect::<Vec<_>>())
        })
    };
    let allowed = |names: &[&str]| names.iter().find_map(|name| sources(name));
    let takes_own = |sources: &[&str]| {
        let has = |word: &str| {
            sources
                .iter()
                .any(|source| source.eq_ignore_ascii_case(word))
        };
        // With 'strict-dynamic' only nonces and hashes count.
        (has("'self'") || has("*")) && !has("'strict-dynamic'")
    };
    let scripts = allowed(&["script-src-elem", "script-src", "default-src"]);
    let connections = allowed(&["connect-src", "default-src"]);
    scripts.is_none_or(|sources| takes_own(&sources))
        && connections.is_none_or(|sources| takes_own(&sources))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    value.parse().unwrap(),
                )
            })
            .collect()
    }

    #[track_caller]
    fn check(request: &[(&'static str, &str)], answer: &[(&'static str, &str)], want: Injection) {
        let mut answer = headers(answer);
        answer
            .entry(header::CONTENT_TYPE)
            .or_insert("text/html; charset=utf-8".parse().unwrap());
        assert_eq!(
            decide(&Method::GET, &headers(request), StatusCode::OK, &answer),
            want,
            "{request:?} {answer:?}"
        );
    }

    #[test]
    fn a_page_that_a_browser_loads_gets_the_script() {
        check(&[], &[], Injection::Candidate);
        check(&[("sec-fetch-dest", "document")], &[], Injection::Candidate);
        check(&[], &[("content-type", "TEXT/HTML")], Injection::Candidate);
    }

    #[test]
    fn what_is_no_page_is_left_alone() {
        check(&[("sec-fetch-dest", "empty")], &[], Injection::None);
        check(
            &[],
            &[("content-type", "application/json")],
            Injection::None,
        );
        check(&[], &[("content-encoding", "gzip")], Injection::None);
        check(
            &[],
            &[("content-disposition", "attachment; filename=a.html")],
            Injection::None,
        );
    }

    #[test]
    fn a_policy_that_forbids_the_script_is_respected() {
        let policy = |policy| [("content-security-policy", policy)];
        check(&[], &policy("default-src 'self'"), Injection::Candidate);
        check(&[], &policy("img-src *"), Injection::Candidate);
        check(
            &[],
            &policy("default-src 'none'; script-src 'self'; connect-src 'self'"),
            Injection::Candidate,
        );
        check(&[], &policy("default-src 'none'"), Injection::Forbidden);
        check(&[], &policy("script-src 'nonce-abc'"), Injection::Forbidden);
        check(
            &[],
            &policy("script-src 'self' 'strict-dynamic' 'nonce-a'"),
            Injection::Forbidden,
        );
        check(
            &[],
            &policy("default-src 'self'; connect-src 'none'"),
            Injection::Forbidden,
        );
    }

    #[test]
    fn a_page_of_the_debugger_takes_it_by_its_nonce() {
        let fields = [
            ("devserve-page", "failure"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'nonce-n0nce'",
            ),
        ];
        check(&[], &fields, Injection::Candidate);
        let tag = tag(7, Page::nonce_in(&headers(&fields)));
        assert!(tag.contains("v=7\" nonce=\"n0nce\" "), "{tag}");
    }

    #[test]
    fn fragments_are_told_from_documents() {
        for document in [
            "<!DOCTYPE html>",
            "\u{feff}\n<!-- x --><HTML lang=en>",
            "<html>",
        ] {
            assert!(is_document(document.as_bytes()), "{document}");
        }
        for fragment in ["<li>one", "", "text", "<!-- <html> -->", "<!-- unended"] {
            assert!(!is_document(fragment.as_bytes()), "{fragment}");
        }
    }
}
