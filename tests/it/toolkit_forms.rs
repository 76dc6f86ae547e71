//! Forms and uploads, as a view meets them.

use std::fs;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::PathBuf;

use devserve::forms::multipart::Encoder;
use devserve::forms::{FormLimits, Upload, urlencoded};
use devserve::http::h1::Fault;
use devserve::testing::{Client, TestResponse};
use devserve::wsgi::{self, App, Input};
use devserve::{Request, Response, Result};
use serde::{Deserialize, Serialize};

/// What the form holds, a line each.
fn show(request: &Request) -> Result<Response> {
    let mut shown = String::new();
    for (name, value) in request.form()?.iter() {
        shown.push_str(&format!("{name}={value}\n"));
    }
    for (name, file) in request.files()?.iter() {
        let place = if file.is_in_memory() {
            "memory"
        } else {
            "file"
        };
        let (filename, kind) = (file.filename(), file.content_type().unwrap_or("-"));
        shown.push_str(&format!(
            "{name}: {filename} {kind} {} {place}\n",
            file.len()
        ));
    }
    Ok(Response::text(shown))
}

/// The same, with other limits.
fn limited(limits: FormLimits) -> Client {
    Client::new(wsgi::app_fn(move |environ| {
        environ.extensions_mut().insert(limits);
        App::call(&show, environ)
    }))
}

#[track_caller]
fn check(response: Result<TestResponse>, status: u16, want: &str) {
    let response = response.unwrap();
    let text = response.text();
    assert_eq!(response.status(), status, "{text}");
    assert!(text.contains(want), "{want:?} is not in {text:?}");
}

#[test]
fn both_kinds_of_form_keep_the_order_of_their_fields() {
    let client = Client::new(show);
    let urlencoded = client
        .post("/")
        .form([("a", "1"), ("b", "tea & cake"), ("a", "é")]);
    check(urlencoded.send(), 200, "a=1\nb=tea & cake\na=é\n");
    let multipart = client
        .post("/")
        .field("a", "1")
        .file("f", "é.txt", "text/plain", "hi")
        .field("b", "2");
    check(
        multipart.send(),
        200,
        "a=1\nb=2\nf: é.txt text/plain 2 memory\n",
    );
}

#[test]
fn a_body_that_is_no_form_has_no_fields() {
    check(
        Client::new(show).post("/").body("text/plain", "a=1").send(),
        200,
        "",
    );
    check(Client::new(show).get("/?a=1").send(), 200, "");
}

#[test]
fn a_large_upload_goes_to_a_temporary_file_and_reads_the_same() {
    let content = vec![7; 600 << 10];
    check(
        Client::new(show)
            .post("/")
            .file("f", "big.bin", "image/png", &content)
            .send(),
        200,
        "f: big.bin image/png 614400 file",
    );
    let limits = FormLimits {
        upload_memory_bytes: 4,
        ..FormLimits::default()
    };
    let client = Client::new(wsgi::app_fn(move |environ| {
        environ.extensions_mut().insert(limits);
        App::call(&read_twice, environ)
    }));
    check(
        client
            .post("/")
            .file("f", "a", "text/plain", "0123456789")
            .send(),
        200,
        "file 0123456789 4567 89",
    );
    check(
        client.post("/").file("f", "a", "text/plain", "0123").send(),
        200,
        "memory 0123  ",
    );
}

/// Two readers in turn, the second from the middle.
fn read_twice(request: &Request) -> Result<String> {
    let file = request.files()?.require("f")?;
    let mut middle = file.reader();
    middle.seek(SeekFrom::Start(4))?;
    let mut four = Vec::new();
    middle.by_ref().take(4).read_to_end(&mut four)?;
    let whole = String::from_utf8(file.bytes()?)?;
    let mut rest = String::new();
    middle.read_to_string(&mut rest)?;
    let place = if file.is_in_memory() {
        "memory"
    } else {
        "file"
    };
    Ok(format!(
        "{place} {whole} {} {rest}",
        String::from_utf8_lossy(&four)
    ))
}

#[test]
fn an_upload_is_saved_whole_under_a_safe_name() {
    let folder = Folder::new("uploads");
    let path = folder.0.clone();
    let client = Client::new(move |request: &Request| -> Result<String> {
        let file: &Upload = request.files()?.require("picture")?;
        Ok(file.save_in(&path)?.display().to_string())
    });
    for content in ["first", "second"] {
        let saved = client
            .post("/")
            .file("picture", "../../étage 2.png", "image/png", content)
            .send()
            .unwrap();
        assert_eq!(
            saved.text(),
            folder.0.join("etage_2.png").display().to_string()
        );
        assert_eq!(
            fs::read_to_string(folder.0.join("etage_2.png")).unwrap(),
            content
        );
    }
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        1,
        "no half-written file stays behind"
    );
}

#[test]
fn a_folder_that_does_not_exist_is_the_apps_error_and_names_the_path() {
    let client = Client::new(|request: &Request| -> Result<String> {
        Ok(request
            .files()?
            .require("f")?
            .save_in("/nowhere/at/all")?
            .display()
            .to_string())
    });
    let error = client
        .post("/")
        .file("f", "a.txt", "text/plain", "x")
        .send()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the upload could not be saved as \"/nowhere/at/all/a.txt\""
    );
    assert!(error.at().file().ends_with("toolkit_forms.rs"));
}

#[test]
fn what_passes_a_limit_is_413_and_names_it_and_the_way_out() {
    let body = limited(FormLimits {
        max_body_bytes: 10,
        ..FormLimits::default()
    });
    let long = [("a", "0123456789")];
    check(
        body.post("/").form(long).send(),
        413,
        "is over the limit of 10 bytes",
    );
    check(
        body.post("/").form(long).send(),
        413,
        "FormLimits { max_body_bytes: …",
    );
    check(body.post("/").field("a", "1").send(), 413, "max_body_bytes");
    // Without a length the body is only found out while it is read.
    check(
        body.post("/")
            .form(long)
            .header("transfer-encoding", "chunked")
            .send(),
        413,
        "max_body_bytes) is over the limit of 10 bytes, at byte 10",
    );
    let fields = limited(FormLimits {
        max_field_bytes: 4,
        ..FormLimits::default()
    });
    check(
        fields.post("/").field("a", "12345").send(),
        413,
        "max_field_bytes",
    );
    check(
        fields.post("/").form([("a", "12345")]).send(),
        413,
        "max_field_bytes",
    );
    check(
        fields
            .post("/")
            .file("f", "x", "text/plain", "12345")
            .send(),
        200,
        "f: x text/plain 5",
    );
    let parts = limited(FormLimits {
        max_parts: 1,
        ..FormLimits::default()
    });
    check(
        parts.post("/").field("a", "1").field("b", "2").send(),
        413,
        "max_parts",
    );
    check(
        parts.post("/").form([("a", "1"), ("b", "2")]).send(),
        413,
        "max_parts",
    );
}

#[test]
fn a_malformed_form_is_400_and_says_where() {
    let client = Client::new(show);
    let multipart = |body: &'static str| {
        client
            .post("/")
            .body("multipart/form-data; boundary=x", body)
            .send()
    };
    check(
        multipart("--x\r\n\r\nhi\r\n--x--"),
        400,
        "malformed at byte 7: part 1 has no Content-Disposition",
    );
    check(multipart("nothing"), 400, "there is no delimiter --x");
    check(
        multipart("--x\r\nContent-Disposition: form-data; name=a\r\n\r\ncut"),
        400,
        "inside part 1",
    );
    check(
        client.post("/").body("multipart/form-data", "--x--").send(),
        400,
        "no boundary",
    );
    check(
        client
            .post("/")
            .form([("a", "1")])
            .header("content-type", "application/x-www-form-urlencoded")
            .send(),
        200,
        "a=1",
    );
}

#[test]
fn bytes_that_are_no_utf8_are_shown_and_do_no_harm() {
    let client = Client::new(show);
    let body = &b"a=%FF&b=\xFFx"[..];
    check(
        client
            .post("/")
            .body("application/x-www-form-urlencoded", body)
            .send(),
        200,
        "a=\u{fffd}\nb=\u{fffd}x",
    );
}

#[test]
fn the_same_error_comes_again_when_the_form_is_asked_for_again() {
    let client = Client::new(|request: &Request| -> Result<String> {
        let first = request.form().unwrap_err().to_string();
        let second = request.files().unwrap_err().to_string();
        assert_eq!(first, second);
        Ok(first)
    });
    check(
        client
            .post("/")
            .body("multipart/form-data; boundary=x", "x")
            .send(),
        200,
        "malformed at byte",
    );
}

#[test]
fn bytes_first_and_then_the_form_or_the_error_says_so() {
    let client = Client::new(|request: &Request| -> Result<String> {
        let bytes = request.data()?.len();
        Ok(format!("{bytes} {}", request.form()?.require("a")?))
    });
    check(client.post("/").form([("a", "1")]).send(), 200, "3 1");
    let other_way = Client::new(|request: &Request| -> Result<String> {
        request.form()?;
        Ok(request.data()?.len().to_string())
    });
    let error = other_way.post("/").form([("a", "1")]).send().unwrap_err();
    assert!(
        error.to_string().contains("already read as a form"),
        "{error}"
    );
}

/// A client that sends half a form and then `error`.
fn breaking_off(error: fn() -> io::Error) -> Client {
    struct Broken(&'static [u8], fn() -> io::Error);
    impl Read for Broken {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buf)? {
                0 => Err(self.1()),
                count => Ok(count),
            }
        }
    }
    Client::new(wsgi::app_fn(move |environ| {
        environ.set_input(Input::new(Broken(b"a=1&b", error)));
        let view = |request: &Request| -> Result<String> {
            match request.path().as_ref() {
                "/stream" => Ok(io::read_to_string(request.stream())?),
                _ => Ok(request.form()?.len().to_string()),
            }
        };
        App::call(&view, environ)
    }))
}

#[test]
fn a_body_that_breaks_off_is_the_clients_fault_for_forms_and_streams() {
    let form = || [("a", "1")];
    let cut = breaking_off(|| io::Error::new(io::ErrorKind::InvalidData, Fault::Chunk));
    check(
        cut.post("/form").form(form()).send(),
        400,
        "to its end: a chunk of the body is malformed",
    );
    check(
        cut.post("/stream").form(form()).send(),
        400,
        "a chunk of the body is malformed",
    );
    let slow = breaking_off(|| io::ErrorKind::WouldBlock.into());
    check(
        slow.post("/form").form(form()).send(),
        408,
        "could not be read to its end",
    );
    // An app reads many things: only what the client's stream says is the client's fault.
    let own = breaking_off(|| io::ErrorKind::NotFound.into());
    assert!(own.post("/stream").form(form()).send().is_err());
}

#[derive(Debug, Deserialize, Serialize)]
struct Order {
    item: String,
    count: u32,
    note: Option<String>,
}

fn order(request: &Request) -> Result<String> {
    let order: Order = match request.method().as_str() {
        "GET" => request.query()?,
        _ => request.form_as()?,
    };
    Ok(format!("{} {} {:?}", order.count, order.item, order.note))
}

#[test]
fn queries_and_forms_become_types_and_errors_name_the_field() {
    let client = Client::new(order);
    check(client.get("/?item=tea&count=2").send(), 200, "2 tea None");
    check(
        client
            .post("/")
            .form([("item", "tea"), ("count", "2"), ("note", "hot")])
            .send(),
        200,
        "2 tea Some(\"hot\")",
    );
    check(
        client
            .post("/")
            .field("item", "tea")
            .field("count", "2")
            .send(),
        200,
        "2 tea None",
    );
    check(
        client.get("/?item=tea&count=two").send(),
        400,
        "field `count`: invalid digit",
    );
    check(
        client.get("/?item=tea").send(),
        400,
        "missing field `count`",
    );
    check(
        client
            .post("/")
            .form([("item", "tea"), ("count", "-1")])
            .send(),
        400,
        "field `count`",
    );
}

/// Tells of each part as it arrives: the lines of files, the text of fields.
fn part_by_part(request: &Request) -> Result<String> {
    let mut told = String::new();
    let mut parts = request.parts()?;
    while let Some(part) = parts.next_part()? {
        let name = part.name().to_owned();
        if name == "skip" {
            continue;
        }
        if part.is_file() {
            let lines: Vec<_> = part.lines().collect::<io::Result<_>>()?;
            told.push_str(&format!("{name}: {}\n", lines.join("|")));
        } else {
            told.push_str(&format!("{name}={}\n", part.text()?));
        }
    }
    Ok(told)
}

#[test]
fn parts_are_read_as_they_arrive_and_what_is_not_read_is_passed_over() {
    let client = Client::new(part_by_part);
    let large = "line\n".repeat(50_000);
    let form = || client.post("/").file("f", "a.csv", "text/csv", "1\n2\n\n3");
    check(
        form()
            .file("skip", "b", "text/plain", &large)
            .field("a", "é")
            .send(),
        200,
        "f: 1|2||3\na=é\n",
    );
    check(form().form([("a", "1")]).send(), 415, "is no form");
    let cut = "--x\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n1\n2";
    let multipart = "multipart/form-data; boundary=x";
    // The error comes through the reader, and still answers as what it is.
    check(
        client.post("/").body(multipart, cut).send(),
        400,
        "inside part 1",
    );
    let twice = Client::new(|request: &Request| -> Result<String> {
        drop(request.parts()?);
        Ok(request.form()?.len().to_string())
    });
    let error = twice.post("/").field("a", "1").send().unwrap_err();
    assert!(error.to_string().contains("already read"), "{error}");
}

#[test]
fn a_part_tells_all_its_header_fields() {
    let client = Client::new(|request: &Request| -> Result<String> {
        let file = request.files()?.require("f")?;
        let headers = file.headers();
        let other = headers.get("x-other").map(|value| value.to_str());
        Ok(format!("{} {:?}", headers.len(), other.transpose()?))
    });
    let body = "--x\r\nContent-Disposition: form-data; name=f; filename=a\r\n\
        X-Other: one\r\n two\r\nno field: 1\r\n\r\n--x--";
    let multipart = "multipart/form-data; boundary=x";
    check(
        client.post("/").body(multipart, body).send(),
        200,
        "2 Some(\"one two\")",
    );
}

#[test]
fn names_that_end_in_a_backslash_come_as_browsers_send_them() {
    check(
        Client::new(show)
            .post("/")
            .field("a\\", "1")
            .file("f\\", "C:\\dir\\", "text/plain", "2")
            .send(),
        200,
        "a\\=1\nf\\: C:\\dir\\ text/plain 1 memory\n",
    );
}

#[test]
fn files_of_one_form_share_a_temporary_file_and_do_not_mix() {
    let client = Client::new(wsgi::app_fn(move |environ| {
        environ.extensions_mut().insert(FormLimits {
            upload_memory_bytes: 12,
            ..FormLimits::default()
        });
        let view = |request: &Request| -> Result<String> {
            let mut told = Vec::new();
            for (_, file) in request.files()?.iter() {
                let text = String::from_utf8(file.bytes()?)?;
                told.push(format!("{text} {}", file.is_in_memory()));
            }
            Ok(told.join(", "))
        };
        App::call(&view, environ)
    }));
    let form = client
        .post("/")
        .file("a", "a", "text/plain", "0123456789")
        .file("b", "b", "text/plain", "abcdef")
        .file("c", "c", "text/plain", "ij")
        .file("d", "d", "text/plain", "k");
    check(
        form.send(),
        200,
        "0123456789 true, abcdef false, ij true, k false",
    );
}

#[test]
fn an_encoder_in_pieces_writes_what_one_at_once_writes() {
    let whole = Encoder::new("a b")
        .file("f", "n", Some("a/b"), b"12")
        .finish();
    let mut form = Encoder::new("a b");
    assert_eq!(form.content_type(), "multipart/form-data; boundary=\"a b\"");
    form.begin_file("f", "n", Some("a/b"));
    let mut pieces = form.take();
    for data in [b"1", b"2"] {
        form.data(data);
        pieces.append(&mut form.take());
    }
    form.end_file();
    pieces.append(&mut form.finish());
    assert_eq!(pieces, whole);
    let [one, other] = [(); 2].map(|()| Encoder::with_random_boundary().content_type());
    assert_ne!(one, other);
}

/// A folder of this test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("devserve-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn what_a_type_writes_it_reads_again() {
    let client = Client::new(|request: &Request| -> Result<String> {
        Ok(urlencoded::to_string(&request.form_as::<Order>()?)?)
    });
    let order = Order {
        item: "caf\u{e9} & cake".to_owned(),
        count: 2,
        note: None,
    };
    let answer = client.post("/").form_of(&order).send().unwrap();
    assert_eq!(answer.text(), "item=caf%C3%A9+%26+cake&count=2");
    let error = urlencoded::to_string(&[1, 2]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("structs, maps and lists of pairs")
    );
}
