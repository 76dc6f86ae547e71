//! What a view may return, and what becomes of it.

use devserve::http::StatusCode;
use devserve::testing::{Client, TestResponse};
use devserve::wsgi::App;
use devserve::{IntoResponse, Request, Response, Result};

#[track_caller]
fn get(view: impl App) -> TestResponse {
    Client::new(view).get("/").send().unwrap()
}

#[track_caller]
fn check<R: IntoResponse + 'static>(
    view: fn() -> R,
    status: u16,
    content_type: Option<&str>,
    body: &str,
) {
    let response = get(move |_: &Request| view());
    assert_eq!(response.status(), status);
    assert_eq!(response.header("content-type"), content_type);
    assert_eq!(response.text(), body);
}

#[test]
fn everything_a_view_may_return() {
    let text = Some("text/plain; charset=utf-8");
    check(|| "tea", 200, text, "tea");
    check(|| "tea".to_owned(), 200, text, "tea");
    check(
        || b"tea".to_vec(),
        200,
        Some("application/octet-stream"),
        "tea",
    );
    check(|| StatusCode::NOT_FOUND, 404, text, "Not Found");
    check(|| (StatusCode::CREATED, "made"), 201, text, "made");
    check(
        || Response::html("<p>"),
        200,
        Some("text/html; charset=utf-8"),
        "<p>",
    );
    check(
        || Response::json(&[1, 2]),
        200,
        Some("application/json"),
        "[1,2]",
    );
    check(|| Response::stream(["a", "b"].map(Ok)), 200, text, "ab");
    check(
        || Response::reader(&b"abc"[..]).content_type("image/png"),
        200,
        Some("image/png"),
        "abc",
    );
    check(Response::empty, 204, None, "");
    check(|| Ok::<_, std::fmt::Error>("fine"), 200, text, "fine");
}

#[test]
fn a_status_without_content_has_none() {
    for status in [204, 205, 304] {
        let response = get(move |_: &Request| Response::text("tea").status(status));
        assert_eq!(
            (response.status().as_u16(), response.text().as_ref()),
            (status, "")
        );
        assert_eq!(response.header("content-length"), None);
        assert_eq!(response.header("content-type"), None);
    }
    check(|| (StatusCode::NO_CONTENT, "tea"), 204, None, "");
}

#[test]
fn a_304_says_what_caches_need_and_no_more() {
    let response = get(|_: &Request| {
        Response::text("tea")
            .status(304)
            .header("content-language", "en")
            .header("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")
            .header("expires", "0")
            .etag("tea")
    });
    let has = |name| response.header(name).is_some();
    assert!(has("etag") && has("expires"));
    assert!(!has("content-language") && !has("last-modified"));
}

#[test]
fn the_first_wrong_setter_is_the_error() {
    let client = Client::new(|_: &Request| {
        Response::text("x")
            .header("x-note", "a\r\nSet-Cookie: b")
            .status(7)
            .header("", "")
    });
    let error = client.get("/").send().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the response's field \"x-note\" cannot be sent"
    );
    let client = Client::new(|_: &Request| Response::text("x").status(7));
    let error = client.get("/").send().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the response's status is no number from 100 to 999"
    );
}

#[test]
fn a_file_has_its_type_length_and_time() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let response = get(move |_: &Request| Response::file(path).attachment("ca\"rgo é.toml"));
    let length = std::fs::metadata(path).unwrap().len().to_string();
    assert_eq!(response.header("content-length"), Some(length.as_str()));
    assert!(response.header("last-modified").unwrap().ends_with(" GMT"));
    assert_eq!(
        response.header("content-disposition"),
        Some("attachment; filename=\"ca\\\"rgo e.toml\"; filename*=UTF-8''ca%22rgo%20%C3%A9.toml")
    );
    assert!(response.text().contains("name = \"devserve\""));
}

#[test]
fn a_missing_file_and_a_folder_are_404_and_tell_no_paths() {
    for path in [
        "/nowhere/secret.txt",
        "/",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml/x"),
    ] {
        let client = Client::new(move |_: &Request| Response::file(path));
        let asked = client.get("/").header("accept", "text/plain");
        let response = asked.send().unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert!(!response.text().contains(path), "{}", response.text());
    }
}

#[test]
fn a_redirect_is_encoded_and_escaped() {
    let location = |target: &'static str| get(move |_: &Request| Response::redirect(target));
    assert_eq!(
        location("/café?q=a b#x").header("location"),
        Some("/caf%C3%A9?q=a%20b#x")
    );
    assert_eq!(location("/a%20b").header("location"), Some("/a%20b"));
    assert_eq!(
        location("/\\\\elsewhere").header("location"),
        Some("/%5C%5Celsewhere")
    );
    let page = location("/?a=\"><script>&b='");
    assert_eq!(page.status(), 303);
    assert!(
        !page.text().contains("<script>") && !page.text().contains("b='"),
        "{}",
        page.text()
    );
    let client = Client::new(|_: &Request| Response::redirect("/a\r\nSet-Cookie: b"));
    assert!(
        client
            .get("/")
            .send()
            .unwrap_err()
            .to_string()
            .contains("line break")
    );
    let moved = get(|_: &Request| Response::redirect_with(308, "/new"));
    assert_eq!(moved.status(), 308);
}

#[test]
fn a_client_follows_redirects_when_asked() {
    let client = Client::new(|request: &Request| -> Result<Response> {
        Ok(match request.path().as_ref() {
            "/form" => Response::redirect_with(303, "done?by=form"),
            "/moved" => Response::redirect_with(307, "/echo"),
            "/circle" => Response::redirect("/circle"),
            _ => Response::text(format!(
                "{} {} {}",
                request.method(),
                request.url()?,
                request.data()?.len()
            )),
        })
    });
    let send = |path: &str| {
        client
            .post(path)
            .form([("a", "1")])
            .follow_redirects()
            .send()
    };
    assert_eq!(
        send("/form").unwrap().text(),
        "GET http://localhost/done?by=form 0"
    );
    assert_eq!(
        send("/moved").unwrap().text(),
        "POST http://localhost/echo 3"
    );
    assert!(
        send("/circle")
            .unwrap_err()
            .to_string()
            .contains("redirects")
    );
    assert_eq!(client.get("/form").send().unwrap().status(), 303);
}

#[test]
fn a_head_has_the_length_and_no_body() {
    let client = Client::new(|_: &Request| "four");
    let response = client.head("/").send().unwrap();
    assert_eq!(
        (response.header("content-length"), response.bytes().len()),
        (Some("4"), 0)
    );
}
