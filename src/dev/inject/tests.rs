use super::*;

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &str)| {
        let name = header::HeaderName::from_static(name);
        (name, value.parse().unwrap())
    };
    fields.iter().map(field).collect()
}

fn decided(request: &[(&'static str, &str)], answer: &[(&'static str, &str)]) -> Injection {
    let mut answer = headers(answer);
    answer
        .entry(header::CONTENT_TYPE)
        .or_insert("text/html; charset=utf-8".parse().unwrap());
    decide(&Method::GET, &headers(request), StatusCode::OK, &answer)
}

/// Whether `body` gets the script.
#[track_caller]
fn check(
    request: &[(&'static str, &str)],
    answer: &[(&'static str, &str)],
    body: &str,
    want: bool,
) {
    let tag = decided(request, answer).tag_for(body.as_bytes(), 7);
    assert_eq!(!tag.is_empty(), want, "{request:?} {answer:?} {body:?}");
}

const PAGE: &str = "<!doctype html><p>";
const LOAD: [(&str, &str); 1] = [("sec-fetch-dest", "document")];
const FETCH: [(&str, &str); 1] = [("sec-fetch-dest", "empty")];

#[test]
fn a_page_that_a_browser_loads_gets_the_script() {
    check(&[], &[], PAGE, true);
    check(&LOAD, &[], PAGE, true);
    check(&[("sec-fetch-dest", "iframe")], &[], PAGE, true);
    check(&LOAD, &[("content-type", "TEXT/HTML")], PAGE, true);
    check(&LOAD, &[("content-encoding", "identity")], PAGE, true);
    check(&LOAD, &[("content-disposition", "inline")], PAGE, true);
}

#[test]
fn what_is_no_page_is_left_alone() {
    check(&FETCH, &[], PAGE, false);
    check(&LOAD, &[("content-type", "application/json")], PAGE, false);
    check(&LOAD, &[("content-type", "text/html-x")], PAGE, false);
    let utf_16 = [("content-type", "text/html; charset=UTF-16LE")];
    check(&LOAD, &utf_16, PAGE, false);
    let download = [("content-disposition", "attachment; filename=a.html")];
    check(&LOAD, &download, PAGE, false);
    for status in [204_u16, 206, 304] {
        let (status, answer) = (
            StatusCode::from_u16(status).unwrap(),
            [("content-type", "text/html")],
        );
        let (request, answer) = (headers(&LOAD), headers(&answer));
        let decided = decide(&Method::GET, &request, status, &answer);
        assert_eq!(decided, Injection::None, "{status}");
        let decided = decide(&Method::POST, &request, StatusCode::OK, &answer);
        assert_eq!(decided, Injection::None);
    }
}

#[test]
fn fragments_are_told_from_documents() {
    for document in [
        "<!DOCTYPE html>",
        "\u{feff}\n<!-- x --><HTML lang=en>",
        "<html>",
    ] {
        check(&[], &[], document, true);
    }
    for fragment in ["<li>one", "text", "<!-- <html> -->", "<!-- unended"] {
        check(&[], &[], fragment, false);
        // A browser that loads it as a document makes it one.
        check(&LOAD, &[], fragment, true);
    }
    check(&LOAD, &[], "", false);
}

#[test]
fn a_compressed_page_is_asked_for_anew_as_it_is() {
    for (method, request, want) in [
        (Method::GET, LOAD, true),
        (Method::GET, [("accept", "text/html,*/*;q=0.8")], true),
        (Method::GET, FETCH, false),
        (Method::GET, [("accept", "*/*")], false),
        (Method::HEAD, LOAD, false),
    ] {
        assert_eq!(wants_page(&method, &headers(&request)), want, "{request:?}");
    }
    let mut request = headers(&[("accept-encoding", "gzip, br")]);
    ask_for_plain(&mut request);
    assert_eq!(request["accept-encoding"], "identity");
    let mut request = HeaderMap::new();
    ask_for_plain(&mut request);
    assert!(request.is_empty());
    assert_eq!(
        decided(&LOAD, &[("content-encoding", "br")]),
        Injection::Impossible(NoScript::Compressed)
    );
    let packed = [("content-encoding", "br")];
    assert_eq!(decided(&FETCH, &packed), Injection::None);
}

#[track_caller]
fn check_policies(policies: &[&str], want: Result<Option<&str>, NoScript>) {
    let fields = policies
        .iter()
        .map(|policy| ("content-security-policy", *policy));
    let want = match want {
        Ok(nonce) => Injection::Script {
            is_document: false,
            nonce: nonce.map(str::to_owned),
        },
        Err(why) => Injection::Impossible(why),
    };
    let mut answer = HeaderMap::new();
    for (name, policy) in fields {
        answer.append(name, policy.parse().unwrap());
    }
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    let decided = decide(&Method::GET, &HeaderMap::new(), StatusCode::OK, &answer);
    assert_eq!(decided, want, "{policies:?}");
}

#[test]
fn a_policy_that_forbids_the_script_is_respected() {
    let forbidden = Err(NoScript::Policy);
    check_policies(&["default-src 'self'"], Ok(None));
    check_policies(&["img-src *"], Ok(None));
    check_policies(
        &["default-src 'none'; script-src 'self'; connect-src 'self'"],
        Ok(None),
    );
    check_policies(&["default-src 'none'"], forbidden);
    check_policies(&["default-src 'self'; connect-src 'none'"], forbidden);
    check_policies(&["script-src 'sha256-abc='"], forbidden);
    check_policies(&["default-src 'self', default-src 'none'"], forbidden);
    check_policies(&["default-src 'self'", "script-src 'none'"], forbidden);
    check_policies(&["sandbox allow-scripts"], forbidden);
    check_policies(&["sandbox allow-scripts allow-same-origin"], Ok(None));
}

#[test]
fn a_policy_that_goes_by_nonces_lends_the_script_its_own() {
    check_policies(&["script-src 'nonce-aB3='"], Ok(Some("aB3=")));
    check_policies(
        &["script-src 'self' 'strict-dynamic' 'nonce-a'"],
        Ok(Some("a")),
    );
    check_policies(&["script-src 'nonce-a\"b'"], Err(NoScript::Policy));
    check_policies(
        &["script-src 'nonce-a'", "default-src 'self'"],
        Ok(Some("a")),
    );
    check_policies(
        &["script-src 'nonce-a'", "script-src 'nonce-b'"],
        Err(NoScript::Policy),
    );
    // That of the debugger's page, which may connect where its script comes from.
    let fields = [
        ("devserve-page", "failure"),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'nonce-n0nce'",
        ),
    ];
    let tag = decided(&[], &fields).tag_for(PAGE.as_bytes(), 7);
    assert!(tag.contains("v=7\" nonce=\"n0nce\" "), "{tag}");
}
