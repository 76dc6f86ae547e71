//! The example httpbin answers as httpbin 0.10.4 does, whose answers these rows are.

#![expect(dead_code, reason = "`main` serves; here only the app is called")]

use std::io::Read;

use devserve::http::{Authorization, Method, WwwAuthenticate};
use devserve::testing::{Client, TestResponse};
use devserve::wsgi::{App, Environ, Reason};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[path = "../../examples/httpbin/main.rs"]
mod httpbin;

fn client() -> Client {
    Client::new(httpbin::app().unwrap())
}

fn get(target: &str) -> TestResponse {
    client().get(target).send().unwrap()
}

#[track_caller]
fn check_text(target: &str, status: u16, want: &str) {
    let answer = get(target);
    assert_eq!(
        (answer.status().as_u16(), &*answer.text()),
        (status, want),
        "{target}"
    );
}

/// A field that is not there is `-`.
#[track_caller]
fn check_field(target: &str, status: u16, name: &str, want: &str) {
    let answer = get(target);
    assert_eq!(
        (answer.status().as_u16(), answer.header(name).unwrap_or("-")),
        (status, want),
        "{name} of {target}"
    );
}

#[test]
fn a_request_is_told_back_to_the_byte() {
    let answer = client()
        .post("/post?b=2&a=%E2%82%AC&b=%FF&c")
        .header("x-b3-trace", "1")
        .append_header("x-b3-trace", "2")
        .header("x-real-ip", "hidden")
        .body(
            "text/plain",
            "{\"tea\": [1.0, 1e16, 1e-5, \"\\u0001\u{7f}🍵\"]}",
        )
        .send()
        .unwrap();
    let want = r#"{
  "args": {
    "a": "\u20ac",
    "b": [
      "2",
      "%FF"
    ],
    "c": ""
  },
  "data": "{\"tea\": [1.0, 1e16, 1e-5, \"\\u0001\u007f\ud83c\udf75\"]}",
  "files": {},
  "form": {},
  "headers": {
    "Content-Length": "41",
    "Content-Type": "text/plain",
    "Host": "localhost",
    "X-B3-Trace": "1,2"
  },
  "json": {
    "tea": [
      1.0,
      1e+16,
      1e-05,
      "\u0001\u007f\ud83c\udf75"
    ]
  },
  "origin": "127.0.0.1",
  "url": "http://localhost/post?b=2&a=\u20ac&b=%FF&c"
}
"#;
    assert_eq!(answer.text(), want);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn bodies_are_forms_files_or_data() {
    let sent = |request: devserve::testing::TestRequest<'_>| -> Value {
        request.send().unwrap().json().unwrap()
    };
    let client = client();
    let form = "application/x-www-form-urlencoded";
    let told = sent(client.put("/put").body(form, "a=1&a=%FF&b=x+y"));
    assert_eq!(told["form"], json!({ "a": ["1", "%FF"], "b": "x y" }));
    assert_eq!((&told["data"], &told["json"]), (&json!(""), &Value::Null));

    let files = client.patch("/patch").field("a", "1").field("a", "2");
    let files = files.file("f", "f.txt", "text/plain", "tea");
    let files = files.file("f", "g.txt", "text/plain", "not shown");
    let told = sent(files.file("p", "p.png", "image/png", &b"\xff\xd8"[..]));
    assert_eq!(told["form"], json!({ "a": ["1", "2"] }));
    let want = json!({ "f": "tea", "p": "data:image/png;base64,/9g=" });
    assert_eq!(told["files"], want);

    let told = sent(client.delete("/delete").body("text/plain", &b"\xff"[..]));
    assert_eq!(told["data"], "data:application/octet-stream;base64,/w==");
    let told = sent(client.trace("/anything/a/b"));
    assert_eq!(told["method"], "TRACE");
    assert_eq!(told["url"], "http://localhost/anything/a/b");
    let broken = client
        .post("/post")
        .body("multipart/form-data; boundary=B", "");
    assert_eq!(broken.send().unwrap().status(), 400);
    // One that is packed is not read at all.
    let packed = client
        .put("/put")
        .header("content-encoding", "deflate")
        .body("multipart/form-data; boundary=B", &b"x\x9c"[..]);
    let told = sent(packed);
    let parts = (&told["form"], &told["files"], &told["data"]);
    assert_eq!(parts, (&json!({}), &json!({}), &json!("")));
}

#[test]
fn the_reason_is_in_capitals() {
    let app = httpbin::app().unwrap();
    let reason = |target: &str| -> String {
        let reply = app.call(&mut Environ::new(Method::GET, target)).unwrap();
        format!("{:?}", reply.extensions().get::<Reason>())
    };
    assert_eq!(reason("/redirect/1"), "Some(Reason(\"FOUND\"))");
    assert_eq!(reason("/nothing"), "Some(Reason(\"NOT FOUND\"))");
    assert_eq!(reason("/status/299"), "Some(Reason(\"UNKNOWN\"))");
}

#[test]
fn proxies_are_believed_and_hidden() {
    let client = client();
    let ask = |target: &str, name: &str, value: &str| -> Value {
        let asked = client.get(target).header(name, value);
        asked.send().unwrap().json().unwrap()
    };
    let forwarded = ("x-forwarded-for", "1.2.3.4, 5.6.7.8");
    assert_eq!(
        ask("/ip", forwarded.0, forwarded.1),
        json!({ "origin": forwarded.1 })
    );
    let hidden = ask("/headers", "via", "x");
    assert_eq!(hidden, json!({ "headers": { "Host": "localhost" } }));
    let shown = ask("/headers?show_env=1", "via", "x");
    assert_eq!(shown["headers"]["Via"], "x");
    let url = |name, value| ask("/get", name, value)["url"].clone();
    assert_eq!(url("x-forwarded-proto", "https"), "https://localhost/get");
    assert_eq!(url("x-forwarded-protocol", "ftp"), "ftp://localhost/get");
    assert_eq!(url("x-forwarded-ssl", "on"), "https://localhost/get");
    assert_eq!(url("x-forwarded-ssl", "off"), "http://localhost/get");
    check_text("/user-agent", 200, "{\n  \"user-agent\": null\n}\n");
}

#[test]
fn statuses_come_with_what_belongs_to_them() {
    check_field(
        "/status/200",
        200,
        "content-type",
        "text/html; charset=utf-8",
    );
    for code in [301, 302, 303, 305, 307] {
        check_field(&format!("/status/{code}"), code, "location", "/redirect/1");
    }
    check_field("/status/308", 308, "location", "-");
    let realm = "Basic realm=\"Fake Realm\"";
    check_field("/status/401", 401, "www-authenticate", realm);
    check_field("/status/407", 407, "proxy-authenticate", realm);
    check_field(
        "/status/402",
        402,
        "x-more-info",
        "http://vimeo.com/22053820",
    );
    check_field("/status/418", 418, "content-type", "-");
    assert!(get("/status/418").text().contains("-=[ teapot ]=-"));
    let wanted = "{\"message\": \"Client did not request a supported media type.\", \"accept\": \
                  [\"image/webp\", \"image/svg+xml\", \"image/jpeg\", \"image/png\", \"image/*\"]}";
    check_text("/status/406", 406, wanted);
    check_text("/status/200:0,404:1", 404, "");
    check_text("/status/599,599", 599, "");
    for wrong in [
        "4!9",
        "200,402,foo",
        "200:1",
        "1000",
        "99",
        "100",
        "-1",
        "200:nan,3",
    ] {
        check_text(&format!("/status/{wrong}"), 400, "Invalid status code");
    }
    let answer = client().trace("/status/304").send().unwrap();
    assert_eq!((answer.status().as_u16(), &*answer.text()), (304, ""));
}

#[test]
fn redirects_lead_to_the_next() {
    let to = |target, want| check_field(target, 302, "location", want);
    to("/redirect/1", "/get");
    to("/redirect/5", "/relative-redirect/4");
    to(
        "/redirect/5?absolute=True",
        "http://localhost/absolute-redirect/4",
    );
    to("/redirect/1?absolute=true", "http://localhost/get");
    to("/relative-redirect/1", "/get");
    to("/relative-redirect/3", "/relative-redirect/2");
    to(
        "/absolute-redirect/3",
        "http://localhost/absolute-redirect/2",
    );
    to("/absolute-redirect/1", "http://localhost/get");
    to(
        "/redirect-to?URL=http://x.test/%C3%A9",
        "http://x.test/%C3%A9",
    );
    to("/redirect-to?url=/a&status_code=200", "/a");
    check_field("/redirect-to?url=/a&Status_Code=307", 307, "location", "/a");
    for wrong in [
        "/redirect/0",
        "/redirect-to",
        "/redirect-to?url=a%0Ab",
        "/redirect-to?url=a&status_code=x",
    ] {
        check_field(wrong, 400, "location", "-");
    }
    let end = client()
        .get("/redirect/4")
        .follow_redirects()
        .send()
        .unwrap();
    assert_eq!((end.status().as_u16(), end.history().len()), (200, 4));
}

#[test]
fn fields_of_an_answer_are_chosen_and_shown() {
    let twice = "{\n  \"A\": [\n    \"1\",\n    \"2\"\n  ],\n  \"Content-Length\": \"98\",\n  \
                 \"Content-Type\": \"application/json\"\n}\n";
    check_text("/response-headers?A=1&A=2", 200, twice);
    assert_eq!(
        get("/response-headers?A=1&A=2")
            .headers()
            .get_all("a")
            .iter()
            .count(),
        2
    );
    let length = get("/response-headers?content-length=1&transfer-encoding=x");
    assert_eq!(
        length.header("content-length"),
        Some(&*length.bytes().len().to_string())
    );
    check_field("/response-headers?a%20b=1", 400, "a", "-");
    check_field("/cache/60", 200, "cache-control", "public, max-age=60");
    let tag = get("/cache").header("etag").unwrap().to_owned();
    assert!(tag.len() == 32 && get("/cache").header("last-modified").is_some());
    let known = client().get("/cache").header("if-none-match", "x").send();
    assert_eq!(known.unwrap().status(), 304);

    let etag = |name: &str, value: &str| {
        let answer = client()
            .get("/etag/abc")
            .header(name, value)
            .send()
            .unwrap();
        (
            answer.status().as_u16(),
            answer.header("etag").map(str::to_owned),
        )
    };
    let abc = Some("abc".to_owned());
    for value in ["abc", "\"1\", \"abc\"", "W/\"x\", W/\"abc\"", "*"] {
        assert_eq!(etag("if-none-match", value), (304, abc.clone()), "{value}");
        assert_eq!(etag("if-match", value), (200, abc.clone()), "{value}");
    }
    assert_eq!(etag("if-none-match", "1"), (200, abc));
    assert_eq!(etag("if-match", "1"), (412, None));
}

#[test]
fn cookies_come_and_go() {
    let client = client();
    let cookies = || {
        client
            .get("/cookies")
            .send()
            .unwrap()
            .json::<Value>()
            .unwrap()
    };
    let set = client.get("/cookies/set/a/b%20c").send().unwrap();
    assert_eq!(
        (set.status().as_u16(), set.header("location")),
        (302, Some("/cookies"))
    );
    assert_eq!(set.header("set-cookie"), Some("a=\"b c\"; Path=/"));
    client.get("/cookies/set?d=1&e=2").send().unwrap();
    let want = json!({ "cookies": { "a": "b c", "d": "1", "e": "2" } });
    assert_eq!(cookies(), want);
    client.get("/cookies/delete?a&d").send().unwrap();
    assert_eq!(cookies(), json!({ "cookies": { "e": "2" } }));
    client.set_cookie("_gauges_unique", "1");
    assert_eq!(cookies(), json!({ "cookies": { "e": "2" } }));
    let secure = client
        .get("/cookies/set/s/1")
        .base_url("https://localhost/");
    let secure = secure.send().unwrap();
    assert_eq!(secure.header("set-cookie"), Some("s=1; Secure; Path=/"));
}

#[test]
fn basic_and_bearer_credentials_open() {
    let client = client();
    let ask = |target: &str, credentials: &str| {
        let asked = client.get(target).header("authorization", credentials);
        let answer = asked.send().unwrap();
        (answer.status().as_u16(), answer.text().into_owned())
    };
    let welcome = "{\n  \"authenticated\": true,\n  \"user\": \"u\"\n}\n".to_owned();
    assert_eq!(ask("/basic-auth/u/p", "Basic dTpw"), (200, welcome.clone()));
    assert_eq!(ask("/hidden-basic-auth/u/p", "Basic dTpw"), (200, welcome));
    assert_eq!(ask("/basic-auth/u/q", "Basic dTpw").0, 401);
    assert_eq!(
        ask("/hidden-basic-auth/u/q", "Basic dTpw"),
        (404, String::new())
    );
    check_field(
        "/basic-auth/u/p",
        401,
        "www-authenticate",
        "Basic realm=\"Fake Realm\"",
    );
    let token = "{\n  \"authenticated\": true,\n  \"token\": \"t\"\n}\n".to_owned();
    assert_eq!(ask("/bearer", "Bearer t"), (200, token));
    assert_eq!(ask("/bearer", "bearer t").0, 401);
    check_field("/bearer", 401, "www-authenticate", "Bearer");
}

/// Credentials for `uri` by SHA-256, from a challenge, written here by RFC 7616 §3.4.1.
fn digest(challenge: &WwwAuthenticate, qop: Option<&str>, uri: &str, body: &str) -> Authorization {
    let hash = |text: String| {
        let bytes = Sha256::digest(text);
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let (realm, nonce) = (
        challenge.realm().unwrap(),
        challenge.param("nonce").unwrap(),
    );
    let secret = hash(format!("u:{realm}:p"));
    let request = match qop {
        Some("auth-int") => hash(format!("GET:{uri}:{}", hash(body.to_owned()))),
        _ => hash(format!("GET:{uri}")),
    };
    let login = Authorization::new("Digest")
        .with("username", "u")
        .with("realm", realm)
        .with("nonce", nonce)
        .with("uri", uri)
        .with("algorithm", "SHA-256");
    match qop {
        None => login.with("response", hash(format!("{secret}:{nonce}:{request}"))),
        Some(qop) => login
            .with("qop", qop)
            .with("nc", "00000001")
            .with("cnonce", "c")
            .with(
                "response",
                hash(format!("{secret}:{nonce}:00000001:c:{qop}:{request}")),
            ),
    }
}

#[track_caller]
fn check_digest(
    offered: &str,
    qop: Option<&str>,
    change: impl Fn(Authorization) -> Authorization,
    want: u16,
) {
    let client = client();
    let uri = format!("/digest-auth/{offered}/u/p/SHA-256?a=1");
    let asked = client.get(&uri).send().unwrap();
    assert_eq!(asked.status(), 401);
    let challenge = &WwwAuthenticate::from_headers(asked.headers())[0];
    assert_eq!(challenge.param("algorithm"), Some("SHA-256"));
    let login = change(digest(challenge, qop, &uri, "tea"));
    let answered = client
        .get(&uri)
        .authorization(&login)
        .body("text/plain", "tea");
    assert_eq!(answered.send().unwrap().status(), want, "{offered} {qop:?}");
}

#[test]
fn digest_credentials_open_where_all_of_them_is_right() {
    let as_is = |login: Authorization| login;
    check_digest("auth", Some("auth"), as_is, 200);
    check_digest("auth-int", Some("auth-int"), as_is, 200);
    check_digest("both", Some("auth"), as_is, 200);
    check_digest("both", Some("auth-int"), as_is, 200);
    check_digest("both", None, as_is, 200);
    check_digest("auth-int", Some("auth"), as_is, 401);
    check_digest("auth-int", None, as_is, 401);
    check_digest("auth", Some("auth-int"), as_is, 401);
    for (name, value) in [
        ("username", "v"),
        ("realm", "mine"),
        ("uri", "/digest-auth/auth/u/p"),
        ("algorithm", "MD5"),
        ("nc", "00000002"),
        ("response", "0"),
    ] {
        check_digest("auth", Some("auth"), |login| login.with(name, value), 401);
    }
    let challenge = get("/digest-auth/auth-int/u/p/none");
    let challenge = &WwwAuthenticate::from_headers(challenge.headers())[0];
    let params = ["qop", "algorithm", "stale"].map(|name| challenge.param(name));
    assert_eq!(params, [Some("auth-int"), Some("MD5"), Some("False")]);
    assert_eq!(challenge.param("nonce").map(str::len), Some(32));
}

#[test]
fn digest_nonces_grow_stale() {
    let client = client();
    let uri = "/digest-auth/auth/u/p/SHA-256/2";
    let challenge =
        |answer: &TestResponse| WwwAuthenticate::from_headers(answer.headers())[0].clone();
    let first = challenge(&client.get(uri).send().unwrap());
    let ask = |challenge: &WwwAuthenticate| {
        let login = digest(challenge, Some("auth"), uri, "");
        client.get(uri).authorization(&login).send().unwrap()
    };
    assert_eq!([ask(&first).status(), ask(&first).status()], [200, 200]);
    let third = ask(&first);
    assert_eq!(third.status(), 401);
    let second = challenge(&third);
    assert_eq!(second.param("stale"), Some("True"));
    assert_eq!(ask(&first).status(), 401, "its nonce is the last one");
    assert_eq!(ask(&second).status(), 200);

    client.clear_cookies();
    let picky = "/digest-auth/auth/u/p?require-cookie=1";
    let asked = |cookie: &str| {
        let login = Authorization::new("Digest").with("nonce", "n");
        client
            .get(picky)
            .authorization(&login)
            .header("cookie", cookie)
            .send()
            .unwrap()
    };
    let missing = asked("other=1");
    let told = "{\n  \"errors\": [\n    \"missing cookie set on challenge\"\n  ]\n}\n";
    assert_eq!((missing.status().as_u16(), &*missing.text()), (403, told));
    assert_eq!(asked("fake=fake_value").status(), 401);
}

#[test]
fn bytes_of_a_seed_are_python_s() {
    let bytes = |target: &str| get(target).bytes().to_vec();
    let zero = b"\xc5\xd7\x14\x84\xf8\xcf\x9b\xf4\xb7o";
    assert_eq!(bytes("/bytes/10?seed=0"), zero);
    assert_eq!(bytes("/stream-bytes/10?seed=0&chunk_size=3"), zero);
    assert_eq!(bytes("/bytes/4?SEED=-7"), bytes("/bytes/4?seed=7"));
    let three_words = bytes("/bytes/4?seed=12345678901234567890123");
    assert_eq!(three_words, [80, 67, 200, 101]);
    assert_eq!(bytes("/bytes/200000").len(), 102_400);
    assert_ne!(bytes("/bytes/20"), bytes("/bytes/20"));
    check_field("/bytes/4?seed=x", 400, "etag", "-");
}

#[test]
fn bodies_take_the_size_and_the_time_they_are_told() {
    check_text("/base64/SGVsbG8=", 200, "Hello");
    check_text("/base64/SGVs%20bG8=", 200, "Hello");
    check_text("/base64/4pyT", 200, "✓");
    let hint = "Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l";
    check_text("/base64/SGVsbG8", 200, hint);
    let line = "{\"url\": \"http://localhost/stream/2?a=1\", \"args\": {\"a\": \"1\"}, \
                \"headers\": {\"Host\": \"localhost\"}, \"origin\": \"127.0.0.1\", \"id\": ";
    check_text("/stream/2?a=1", 200, &format!("{line}0}}\n{line}1}}\n"));
    assert_eq!(get("/stream/200").text().lines().count(), 100);
    check_text("/drip?duration=0.01&numbytes=5&code=404", 404, "*****");
    check_field("/drip?duration=0&numbytes=7", 200, "content-length", "7");
    check_text("/drip?numbytes=0", 400, "number of bytes must be positive");
    for wrong in [
        "/drip?duration=soon",
        "/drip?code=100",
        "/delay/soon",
        "/delay/nan",
    ] {
        check_field(wrong, 400, "etag", "-");
    }
    let waited: Value = client().put("/delay/0.01").send().unwrap().json().unwrap();
    assert!(waited.get("form").is_some() && waited.get("json").is_none());
    check_field("/links/3", 302, "location", "/links/3/0");
    let page =
        "<html><head><title>Links</title></head><body><a href='/links/2/0'>0</a> 1 </body></html>";
    check_text("/links/2/1", 200, page);
    assert_eq!(get("/links/500/0").text().matches("href").count(), 199);
    let uuid = get("/uuid").json::<Value>().unwrap()["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        uuid.parse::<devserve::routing::Uuid>().is_ok() && &uuid[14..15] == "4",
        "{uuid}"
    );
}

#[test]
fn ranges_lie_within_the_alphabet() {
    let ask = |range: &str| {
        let answer = client()
            .get("/range/26")
            .header("range", range)
            .send()
            .unwrap();
        let told = answer.header("content-range").unwrap().to_owned();
        (answer.status().as_u16(), told, answer.text().into_owned())
    };
    let part = |told: &str, text: &str| (206, format!("bytes {told}/26"), text.to_owned());
    let whole = (
        200,
        "bytes 0-25/26".to_owned(),
        ('a'..='z').collect::<String>(),
    );
    let none = (416, "bytes */26".to_owned(), String::new());
    assert_eq!(ask("bytes=0-3"), part("0-3", "abcd"));
    assert_eq!(ask("bytes=20-"), part("20-25", "uvwxyz"));
    assert_eq!(ask("bytes=-5"), part("21-25", "vwxyz"));
    for all in ["bytes=0-25", "bytes=-100", "lines=1-2", "bytes"] {
        assert_eq!(ask(all), whole, "{all}");
    }
    for outside in ["bytes=10-5", "bytes=32-40", "bytes=0-40", "bytes=-0"] {
        assert_eq!(ask(outside), none, "{outside}");
    }
    check_field("/range/26", 200, "etag", "range26");
    check_text(
        "/range/0",
        404,
        "number of bytes must be in the range (0, 102400]",
    );
    check_field("/range/102401", 404, "accept-ranges", "bytes");
}

#[test]
fn formats_are_what_they_say() {
    for (target, content_type, start) in [
        ("/html", "text/html; charset=utf-8", "<!doctype html>"),
        ("/xml", "application/xml", "<?xml"),
        (
            "/robots.txt",
            "text/plain",
            "User-agent: *\nDisallow: /deny\n",
        ),
        ("/deny", "text/plain", "\n          .-"),
        ("/encoding/utf8", "text/html; charset=utf-8", "<h1>Unicode"),
        ("/forms/post", "text/html; charset=utf-8", "<!doctype html>"),
        ("/image/svg", "image/svg+xml", "<svg"),
    ] {
        check_field(target, 200, "content-type", content_type);
        assert!(get(target).text().starts_with(start), "{target}");
    }
    assert!(
        get("/html")
            .text()
            .contains("<h1>Herman Melville - Moby-Dick</h1>")
    );
    for name in [
        "custname",
        "custtel",
        "custemail",
        "size",
        "topping",
        "delivery",
        "comments",
    ] {
        assert!(
            get("/forms/post")
                .text()
                .contains(&format!("name=\"{name}\""))
        );
    }
    assert_eq!(get("/json").bytes().len(), 421);
    assert!(get("/image/png").bytes().starts_with(b"\x89PNG"));
    assert!(get("/image/jpeg").bytes().starts_with(b"\xff\xd8"));
    assert!(get("/image/webp").bytes()[8..].starts_with(b"WEBP"));
    let image = |accept: &str| {
        let answer = client()
            .get("/image")
            .header("accept", accept)
            .send()
            .unwrap();
        answer.header("content-type").unwrap().to_owned()
    };
    assert_eq!(image("image/png, image/webp"), "image/webp");
    assert_eq!(image("image/*"), "image/png");
    assert_eq!(image("text/html"), "application/json");
    check_field("/image", 200, "content-type", "image/png");
}

#[test]
fn packed_answers_unpack() {
    let unpack = |target: &str, coding: &str| -> Value {
        let answer = get(target);
        assert_eq!(answer.header("content-encoding"), Some(coding));
        let (packed, mut text) = (&answer.bytes()[..], String::new());
        match coding {
            "gzip" => flate2::read::GzDecoder::new(packed).read_to_string(&mut text),
            "br" => brotli::Decompressor::new(packed, 4096).read_to_string(&mut text),
            _ => flate2::read::ZlibDecoder::new(packed).read_to_string(&mut text),
        }
        .unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let told = |name: &str| {
        let mut told = json!({
            "headers": { "Host": "localhost" }, "method": "GET", "origin": "127.0.0.1",
        });
        told[name] = true.into();
        told
    };
    assert_eq!(unpack("/gzip", "gzip"), told("gzipped"));
    assert_eq!(unpack("/deflate", "deflate"), told("deflated"));
    assert_eq!(unpack("/brotli", "br"), told("brotli"));
}

#[test]
fn any_page_may_read_and_ask_first() {
    let client = client();
    let own = client
        .get("/get")
        .header("origin", "http://o.test")
        .send()
        .unwrap();
    assert_eq!(
        own.header("access-control-allow-origin"),
        Some("http://o.test")
    );
    let asked = client
        .options("/get")
        .header("access-control-request-headers", "x-a");
    let asked = asked.send().unwrap();
    assert_eq!((asked.status().as_u16(), &*asked.text()), (200, ""));
    for (name, want) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-headers", "x-a"),
        (
            "access-control-allow-methods",
            "GET, POST, PUT, DELETE, PATCH, OPTIONS",
        ),
        ("access-control-max-age", "3600"),
        ("allow", "GET, HEAD, OPTIONS"),
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", "0"),
    ] {
        assert_eq!(asked.header(name), Some(want), "{name}");
    }
    let refused = client.post("/get").send().unwrap();
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    assert_eq!(get("/nothing").status(), 404);
}

#[test]
fn the_guide_has_every_rule_and_no_other() {
    let spec: Value = get("/spec.json").json().unwrap();
    let paths = spec["paths"].as_object().unwrap();
    let router = httpbin::router();
    let rules = router
        .rules()
        .filter(|rule| !["/", "/legacy", "/spec.json"].contains(&rule.path()));
    for rule in rules {
        // `<int:n>` here is `{n}` there.
        let path = rule.path().replace("int:", "").replace("path:", "");
        let path = path.replace('<', "{").replace('>', "}");
        let methods = paths
            .get(&path)
            .unwrap_or_else(|| panic!("{path} is not told"));
        for method in rule.allowed_methods().unwrap_or_default() {
            let is_ours = ![Method::HEAD, Method::OPTIONS].contains(&method);
            let name = method.as_str().to_ascii_lowercase();
            assert!(!is_ours || methods.get(&name).is_some(), "{method} {path}");
        }
    }
    assert_eq!(paths.len(), 54);
    let parameters = &spec["paths"]["/bytes/{n}"]["get"]["parameters"];
    let n = json!({ "in": "path", "name": "n", "required": true, "type": "integer" });
    assert_eq!(
        (&parameters[0], &parameters[1]["name"]),
        (&n, &json!("seed"))
    );
    let page = get("/").text().into_owned();
    assert!(page.contains("<a href=\"/get\">") && page.contains("<code>/status/{codes}</code>"));
}
