//! Files, parts of them, and answers for those who have them already.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devserve::http::{ETag, Validators, date};
use devserve::testing::{Client, TestResponse};
use devserve::wsgi::Body;
use devserve::{Request, Response, Result};
use tempfile::TempDir;

const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";

/// A folder with a few files in it, and a client of an app that sends them.
fn site() -> (TempDir, Client) {
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("static");
    fs::create_dir_all(folder.join("css")).unwrap();
    fs::write(outer.path().join("secret.txt"), "secret").unwrap();
    fs::write(folder.join("alphabet.txt"), ALPHABET).unwrap();
    fs::write(folder.join("css/site.css"), "a{}").unwrap();
    fs::write(folder.join("empty.bin"), "").unwrap();
    let client = Client::new(move |request: &Request| {
        let path = request.path();
        Response::send_from_directory(&folder, path.trim_start_matches('/'), request)
    });
    (outer, client)
}

#[track_caller]
fn get(client: &Client, path: &str, fields: &[(&str, &str)]) -> TestResponse {
    let mut request = client.get(path);
    for (name, value) in fields {
        request = request.header(name, value);
    }
    request.send().unwrap()
}

#[test]
fn a_file_is_sent_once_and_then_only_when_it_changed() {
    let (outer, client) = site();
    let first = get(&client, "/alphabet.txt", &[]);
    assert_eq!(
        (first.status().as_u16(), first.text().as_ref()),
        (200, ALPHABET)
    );
    let field = |name| first.header(name).unwrap();
    assert_eq!(field("content-type"), "text/plain; charset=utf-8");
    assert_eq!(field("accept-ranges"), "bytes");
    assert_eq!(field("cache-control"), "no-cache");
    let (tag, time) = (field("etag"), field("last-modified"));
    assert!(tag.starts_with('"'), "{tag}");
    for condition in [("if-none-match", tag), ("if-modified-since", time)] {
        let again = get(&client, "/alphabet.txt", &[condition]);
        assert_eq!((again.status().as_u16(), again.bytes().len()), (304, 0));
        assert_eq!(again.header("etag"), Some(tag));
        for gone in ["content-type", "content-length", "last-modified"] {
            assert_eq!(again.header(gone), None, "{gone}");
        }
    }
    fs::write(outer.path().join("static/alphabet.txt"), "changed").unwrap();
    let changed = get(&client, "/alphabet.txt", &[("if-none-match", tag)]);
    assert_eq!(
        (changed.status().as_u16(), changed.text().as_ref()),
        (200, "changed")
    );
}

#[track_caller]
fn check_range(range: &str, status: u16, content_range: Option<&str>, body: &str) {
    let (_outer, client) = site();
    let response = get(&client, "/alphabet.txt", &[("range", range)]);
    assert_eq!(response.status(), status, "{range}");
    assert_eq!(response.header("content-range"), content_range, "{range}");
    if status < 400 {
        assert_eq!(response.text(), body, "{range}");
        let length = body.len().to_string();
        assert_eq!(response.header("content-length"), Some(length.as_str()));
    }
}

#[test]
fn a_range_of_a_file() {
    check_range("bytes=0-4", 206, Some("bytes 0-4/26"), "abcde");
    check_range("bytes=20-", 206, Some("bytes 20-25/26"), "uvwxyz");
    check_range("bytes=-3", 206, Some("bytes 23-25/26"), "xyz");
    check_range("bytes=0-2,1-4", 206, Some("bytes 0-4/26"), "abcde");
    check_range("bytes=0-2,50-", 206, Some("bytes 0-2/26"), "abc");
    check_range("bytes=26-", 416, Some("bytes */26"), "");
    check_range("bytes=5-3", 416, Some("bytes */26"), "");
    check_range("items=5-3", 200, None, ALPHABET);
    let too_many = format!("bytes={}0-0", "0-0,".repeat(500));
    check_range(&too_many, 200, None, ALPHABET);
}

#[test]
fn a_range_that_cannot_be_satisfied_is_explained() {
    let (_outer, client) = site();
    let fields = [("range", "bytes=99-"), ("accept", "text/plain")];
    let response = get(&client, "/alphabet.txt", &fields);
    assert_eq!(
        response.text(),
        "416 Range Not Satisfiable\n\nthe range is not within the 26 bytes there are\n"
    );
    let empty = get(&client, "/empty.bin", &[("range", "bytes=0-9")]);
    assert_eq!((empty.status().as_u16(), empty.bytes().len()), (200, 0));
}

#[test]
fn several_ranges_come_in_one_body() {
    let (_outer, client) = site();
    let response = get(&client, "/alphabet.txt", &[("range", "bytes=-2, 0-1,5-5")]);
    assert_eq!(response.status(), 206);
    assert_eq!(response.header("content-range"), None);
    let content_type = response.header("content-type").unwrap();
    let boundary = content_type
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let part = |range: &str, body: &str| {
        format!(
            "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Range: bytes {range}/26\r\n\r\n{body}\r\n"
        )
    };
    let parts = [part("24-25", "yz"), part("0-1", "ab"), part("5-5", "f")];
    assert_eq!(
        response.text(),
        format!("{}--{boundary}--\r\n", parts.concat())
    );
    let length = response.bytes().len().to_string();
    assert_eq!(response.header("content-length"), Some(length.as_str()));
}

#[test]
fn a_stream_of_known_length_has_one_range_and_its_hooks() {
    let closed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&closed);
    let client = Client::new(move |request: &Request| {
        let flag = Arc::clone(&flag);
        let body = Body::sized_reader(ALPHABET.as_bytes(), 26);
        let body = body.on_close(move || flag.store(true, Ordering::Relaxed));
        Response::new("text/plain", body).make_conditional(request)
    });
    let one = get(&client, "/", &[("range", "bytes=3-5")]);
    assert_eq!((one.status().as_u16(), one.text().as_ref()), (206, "def"));
    assert!(closed.swap(false, Ordering::Relaxed));
    let two = get(&client, "/", &[("range", "bytes=3-5,8-9")]);
    assert_eq!(
        (two.status().as_u16(), two.text().as_ref()),
        (200, ALPHABET)
    );
    assert!(closed.load(Ordering::Relaxed));
}

#[test]
fn the_hooks_of_what_became_several_parts_run() {
    let closed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&closed);
    let client = Client::new(move |request: &Request| {
        let flag = Arc::clone(&flag);
        let body = Body::from(ALPHABET).on_close(move || flag.store(true, Ordering::Relaxed));
        Response::new("text/plain", body).make_conditional(request)
    });
    assert_eq!(
        get(&client, "/", &[("range", "bytes=0-1,8-9")]).status(),
        206
    );
    assert!(closed.load(Ordering::Relaxed));
}

#[test]
fn a_stream_whose_length_the_app_tells_has_ranges() {
    let client = Client::new(|request: &Request| {
        Response::stream(["abc", "def", "ghi"].map(Ok))
            .header("content-length", "9")
            .make_conditional(request)
    });
    let part = get(&client, "/", &[("range", "bytes=2-6")]);
    assert_eq!(
        (part.status().as_u16(), part.text().as_ref()),
        (206, "cdefg")
    );
    assert_eq!(part.header("content-length"), Some("5"));
    let unknown = Client::new(|request: &Request| {
        Response::stream(["abc"].map(Ok)).make_conditional(request)
    });
    let whole = get(&unknown, "/", &[("range", "bytes=2-6")]);
    assert_eq!(
        (whole.status().as_u16(), whole.text().as_ref()),
        (200, "abc")
    );
    assert_eq!(whole.header("accept-ranges"), None);
}

#[test]
fn what_leads_out_of_the_folder_is_not_found() {
    let (outer, client) = site();
    let folder = outer.path().join("static");
    for path in [
        "/../secret.txt",
        "/css/../../secret.txt",
        "/%00",
        "//etc/passwd",
        "/css",
        "/",
        "/nowhere",
        "/alphabet.txt/x",
    ] {
        assert_eq!(get(&client, path, &[]).status(), 404, "{path}");
    }
    assert_eq!(get(&client, "/css/site.css", &[]).text(), "a{}");
    assert_eq!(get(&client, "/css/../css//site.css", &[]).text(), "a{}");
    links(&folder, outer.path(), &client);
}

#[cfg(unix)]
fn links(folder: &Path, outer: &Path, client: &Client) {
    use std::os::unix::fs::symlink;

    symlink("../secret.txt", folder.join("out.txt")).unwrap();
    symlink(outer, folder.join("up")).unwrap();
    symlink("css/site.css", folder.join("in.css")).unwrap();
    for path in ["/out.txt", "/up/secret.txt"] {
        let response = get(client, path, &[]);
        assert_eq!(response.status(), 404, "{path}");
        assert!(!response.text().contains("static"), "{}", response.text());
    }
    let within = get(client, "/in.css", &[]);
    assert_eq!(
        (within.status().as_u16(), within.text().as_ref()),
        (200, "a{}")
    );
    // A folder that is a link itself is what the app wants.
    let alias = outer.join("alias");
    symlink(folder, &alias).unwrap();
    let client = Client::new(move |request: &Request| {
        Response::send_from_directory(&alias, "alphabet.txt", request)
    });
    assert_eq!(get(&client, "/", &[]).status(), 200);
}

#[cfg(not(unix))]
fn links(_: &Path, _: &Path, _: &Client) {}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [socket.as_path(), Path::new("/dev/null"), folder.path()] {
        let path = path.to_owned();
        let client = Client::new(move |_: &Request| Response::file(&path));
        assert_eq!(get(&client, "/", &[]).status(), 404);
    }
}

#[test]
fn a_download_has_its_name_and_time_to_live() {
    let (outer, _) = site();
    let path = outer.path().join("static/alphabet.txt");
    let client = Client::new(move |request: &Request| {
        Response::file(&path)
            .inline("Straße.txt")
            .max_age(Duration::from_secs(60))
            .make_conditional(request)
    });
    let response = get(&client, "/", &[("range", "bytes=0-0")]);
    assert_eq!(response.header("cache-control"), Some("max-age=60"));
    assert_eq!(
        response.header("content-disposition"),
        Some("inline; filename=Strae.txt; filename*=UTF-8''Stra%C3%9Fe.txt")
    );
}

#[test]
fn a_change_that_is_yet_to_come_is_told_as_of_now() {
    let later = SystemTime::now() + Duration::from_secs(86_400);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("later");
    fs::File::create(&path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    for response in [
        Response::file(&path),
        Response::text("x").last_modified(later),
    ] {
        let reply = response.into_reply().unwrap();
        let told = reply.headers()["last-modified"].to_str().unwrap();
        let told = date::parse(told, later).unwrap();
        assert!(told <= SystemTime::now(), "{told:?}");
    }
}

#[test]
fn content_names_itself() {
    let tag = |text: &'static str| {
        let client = Client::new(move |request: &Request| {
            Response::text(text).add_etag().make_conditional(request)
        });
        let tag = get(&client, "/", &[]).header("etag").unwrap().to_owned();
        let again = get(&client, "/", &[("if-none-match", &tag)]);
        assert_eq!(again.status(), 304);
        tag
    };
    assert_eq!(tag("a"), tag("a"));
    assert_ne!(tag("a"), tag("b"));
    assert_ne!(tag(""), tag("a"));
    let named = Response::text("a")
        .etag("v1")
        .add_etag()
        .into_reply()
        .unwrap();
    assert_eq!(named.headers()["etag"], "\"v1\"");
    let stream = Response::stream(["a"].map(Ok))
        .add_etag()
        .into_reply()
        .unwrap();
    assert!(!stream.headers().contains_key("etag"));
    assert!(Response::text("a").etag("a b").into_reply().is_err());
    let weak = Response::text("a").weak_etag("w").into_reply().unwrap();
    assert_eq!(weak.headers()["etag"], "W/\"w\"");
}

#[test]
fn an_answer_that_is_no_success_has_no_conditions() {
    let client = Client::new(|request: &Request| {
        Response::text("nothing here")
            .status(404)
            .etag("v1")
            .make_conditional(request)
    });
    let fields = [
        ("if-none-match", "\"v1\""),
        ("if-match", "\"v2\""),
        ("range", "bytes=0-1"),
    ];
    for field in fields {
        assert_eq!(get(&client, "/", &[field]).status(), 404);
    }
}

#[test]
fn a_packed_body_is_not_put_in_pieces_of_several_kinds() {
    let client = Client::new(|request: &Request| {
        Response::bytes("packed bytes")
            .header("content-encoding", "gzip")
            .make_conditional(request)
    });
    assert_eq!(
        get(&client, "/", &[("range", "bytes=0-1,4-5")]).status(),
        200
    );
    let one = get(&client, "/", &[("range", "bytes=0-1")]);
    assert_eq!(
        (one.status().as_u16(), one.header("content-encoding")),
        (206, Some("gzip"))
    );
}

#[test]
fn no_update_is_lost() {
    let client = Client::new(|request: &Request| -> Result<Response> {
        let modified = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let current = match request.path().as_ref() {
            "/new" => Validators::absent(),
            _ => Validators::new()
                .with_etag(ETag::strong("v7")?)
                .with_last_modified(modified),
        };
        request.check_preconditions(&current)?;
        Ok(Response::empty())
    });
    let put = |path: &str, name: &str, value: &str| {
        let response = client
            .request("PUT".parse().unwrap(), path)
            .header(name, value)
            .send();
        response.unwrap().status().as_u16()
    };
    assert_eq!(put("/", "if-match", "\"v7\""), 204);
    assert_eq!(put("/", "if-match", "\"v6\""), 412);
    assert_eq!(put("/", "if-none-match", "*"), 412);
    assert_eq!(put("/new", "if-none-match", "*"), 204);
    assert_eq!(put("/new", "if-match", "*"), 412);
    assert_eq!(
        put("/", "if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT"),
        412
    );
    assert_eq!(
        put("/", "if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        204
    );
}

#[test]
fn a_request_tells_what_its_client_has() {
    let client = Client::new(|request: &Request| {
        let range = request.range().map(|range| range.to_string());
        format!(
            "{} {} {} {} {} {:?} {}",
            request.if_match().unwrap_or_default(),
            request.if_none_match().unwrap_or_default(),
            request.if_modified_since().is_some(),
            request.if_unmodified_since().is_some(),
            request
                .if_range()
                .map(|tag| tag.to_string())
                .unwrap_or_default(),
            range,
            request.is_resource_modified(&Validators::new()),
        )
    });
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let fields = [
        ("if-match", "*"),
        ("if-none-match", "\"a\",W/b"),
        ("if-modified-since", date),
        ("if-unmodified-since", date),
        ("if-range", "\"a\""),
        ("range", "bytes=1-"),
    ];
    let told = get(&client, "/", &fields);
    assert_eq!(
        told.text(),
        "* \"a\", W/\"b\" true true \"a\" Some(\"bytes=1-\") true"
    );
    assert_eq!(get(&client, "/", &[]).text(), "  false false  None true");
}
