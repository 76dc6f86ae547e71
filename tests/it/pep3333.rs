//! PEP 3333 rule by rule, as far as a rule can be held without a socket. What goes on the wire,
//! and when, is held in `tests/live`.

use std::io::{BufRead, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use devserve::wsgi::{
    self, App, Body, Environ, Error, Errors, Input, Reply, Result, ServerFacts, StartResponse,
    Status, Value,
};
use http::{HeaderMap, Method};

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.lines().push(line.into());
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A body of `chunks` that tells when each is made, and when it is closed.
    fn body(&self, chunks: &'static [&'static str]) -> Body {
        let (made, closed) = (self.clone(), self.clone());
        let chunks = chunks.iter().map(move |chunk| {
            made.add(format!("made {chunk}"));
            match *chunk {
                "fail" => Err("no rows".into()),
                chunk => Ok(chunk),
            }
        });
        Body::chunks(chunks).on_close(move || closed.add("closed"))
    }
}

/// A server of the plainest kind: it sends to a log.
struct Gateway {
    log: Log,
    is_started: bool,
    is_sent: bool,
}

impl StartResponse for Gateway {
    fn begin(&mut self, status: Status, _: HeaderMap) -> Result<()> {
        assert!(!self.is_started, "middleware called twice");
        self.is_started = true;
        self.log.add(format!("head {}", status.reason()));
        Ok(())
    }

    fn replace(&mut self, status: Status, _: HeaderMap, cause: Error) -> Result<()> {
        if self.is_sent {
            return Err(cause);
        }
        self.is_started = true;
        self.log.add(format!("head {}", status.reason()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        assert!(self.is_started, "written before the head");
        self.is_sent = true;
        self.log
            .add(format!("sent {}", String::from_utf8_lossy(bytes)));
        Ok(())
    }
}

/// Runs `app` as a server does, and returns what happened.
fn run(log: &Log, app: &dyn App) -> Vec<String> {
    let mut gateway = Gateway {
        log: log.clone(),
        is_started: false,
        is_sent: false,
    };
    let ran = app
        .wsgi(&mut Environ::new(Method::GET, "/"), &mut gateway)
        .and_then(|body| body.send(&mut |chunk| gateway.write(chunk)));
    if let Err(error) = ran {
        log.add(format!("error {error}"));
    }
    std::mem::take(&mut *log.lines())
}

#[track_caller]
fn check(log: &Log, app: &dyn App, want: &[&str]) {
    assert_eq!(run(log, app), want);
}

fn get(app: &dyn App) -> Result<http::Response<bytes::Bytes>> {
    wsgi::call(app, &mut Environ::new(Method::GET, "/"))
}

/// Middleware that works on a reply.
fn around(inner: impl App) -> impl App {
    wsgi::app_fn(move |environ| {
        let mut reply = inner.call(environ)?;
        reply.headers_mut().insert("x-around", "1".parse()?);
        Ok(reply)
    })
}

/// Middleware of the classic form.
fn classically_around(inner: impl App) -> impl App {
    wsgi::application(move |environ, start_response| inner.wsgi(environ, start_response))
}

// environ Variables

#[test]
fn what_must_be_in_the_environ_is_there_and_not_empty() {
    for target in ["/", "/a?b", "http://shop.example/a"] {
        let environ = Environ::new(Method::GET, target);
        for key in [
            "REQUEST_METHOD",
            "SERVER_NAME",
            "SERVER_PORT",
            "SERVER_PROTOCOL",
        ] {
            let value = environ.get(key).unwrap();
            assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{key}");
        }
        let path = environ.get("PATH_INFO").unwrap();
        assert!(path.as_str().unwrap().starts_with('/'));
        assert!(environ.get("SCRIPT_NAME").unwrap() == "");
    }
}

#[test]
fn the_server_s_own_variables_have_their_types() {
    let environ = Environ::new(Method::GET, "/");
    let value = |key| environ.get(key).unwrap();
    assert!(matches!(value("wsgi.version"), Value::Version(1, 0)));
    assert!(value("wsgi.url_scheme") == "http");
    assert!(matches!(value("wsgi.input"), Value::Input(_)));
    assert!(matches!(value("wsgi.errors"), Value::Errors(_)));
    assert!(value("wsgi.multithread") == true);
    assert!(value("wsgi.multiprocess") == false);
    assert!(value("wsgi.run_once") == false);
}

#[test]
fn https_is_on_where_it_is() {
    let facts = ServerFacts {
        scheme: "https".into(),
        ..ServerFacts::default()
    };
    let environ = Environ::new(Method::GET, "/").with_server(facts.into());
    assert!(
        environ.get("HTTPS").unwrap() == "on" && environ.get("wsgi.url_scheme").unwrap() == "https"
    );
    assert!(Environ::new(Method::GET, "/").get("HTTPS").is_none());
}

#[test]
fn the_app_may_change_the_environ_and_its_caller_sees_it_after_an_error() {
    let app = wsgi::app_fn(|environ| {
        environ.set("shop.cart", "7")?;
        Err("no rows".into())
    });
    let mut environ = Environ::new(Method::GET, "/");
    assert!(wsgi::call(&app, &mut environ).is_err());
    assert!(environ.get("shop.cart").unwrap() == "7");
}

#[test]
fn middleware_moves_the_border_between_script_name_and_path_info() {
    let inner = wsgi::app_fn(|environ| {
        let text = |key| environ.get(key).unwrap().to_string();
        Ok(Reply::new(
            format!("{} + {}", text("SCRIPT_NAME"), text("PATH_INFO")).into(),
        ))
    });
    let mounted = wsgi::app_fn(move |environ| {
        let path = environ
            .path_info()
            .strip_prefix(b"/shop")
            .ok_or("not here")?;
        let path = path.to_vec();
        environ.set_mount("/shop", path);
        inner.call(environ)
    });
    let mut environ = Environ::new(Method::GET, "/shop/cart");
    assert_eq!(
        wsgi::call(&mounted, &mut environ).unwrap().body(),
        "/shop + /cart"
    );
}

// Unicode Issues

#[test]
fn every_text_holds_bytes_as_latin_1() {
    let mut environ = Environ::new(Method::GET, "/caf%C3%A9?q=%C3%A9");
    environ
        .headers_mut()
        .insert("x-name", http::HeaderValue::from_bytes(b"caf\xe9").unwrap());
    assert!(environ.get("PATH_INFO").unwrap() == "/caf\u{c3}\u{a9}");
    assert!(environ.get("QUERY_STRING").unwrap() == "q=%C3%A9");
    assert!(environ.get("HTTP_X_NAME").unwrap() == "caf\u{e9}");
    for (_, value) in environ.iter() {
        let text = value.as_str().unwrap_or_default();
        assert!(text.chars().all(|c| u32::from(c) < 0x100), "{text:?}");
    }
    assert!(
        environ.set("PATH_INFO", "\u{20ac}").is_err(),
        "no byte for it"
    );
}

// Input and Error Streams

#[test]
fn the_input_reads_by_size_by_line_and_to_its_end() {
    let input = || Input::from(b"one\ntwo\nthree".to_vec());
    let mut three = [0; 3];
    input().read_exact(&mut three).unwrap();
    assert_eq!(&three, b"one");
    let lines: Vec<_> = input().lines().lines().map(|line| line.unwrap()).collect();
    assert_eq!(lines, ["one", "two", "three"]);
    let mut all = String::new();
    let mut ended = input();
    ended.read_to_string(&mut all).unwrap();
    assert_eq!(all, "one\ntwo\nthree");
    assert_eq!(ended.read(&mut three).unwrap(), 0, "the end stays the end");
    assert_eq!(Input::empty().read(&mut three).unwrap(), 0);
}

#[test]
fn the_error_stream_takes_text_and_can_be_flushed() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut environ = Environ::new(Method::GET, "/").with_errors(Errors::new(writer));
    let app = wsgi::app_fn(|environ| {
        writeln!(environ.errors(), "the kettle is broken")?;
        environ.errors().flush()?;
        Ok(Reply::new(Body::empty()))
    });
    wsgi::call(&app, &mut environ).unwrap();
    drop(environ);
    let mut written = String::new();
    reader.read_to_string(&mut written).unwrap();
    assert_eq!(written, "the kettle is broken\n");
}

// The start_response() Callable

#[test]
fn start_response_comes_before_the_body() {
    let never = wsgi::application(|_, _| Ok("tea".into()));
    assert_eq!(
        get(&never).unwrap_err().to_string(),
        "start_response was not called before the body"
    );
}

#[test]
fn a_second_call_needs_a_cause() {
    let twice = wsgi::application(|_, start_response| {
        start_response.start("200 OK", [])?;
        start_response.start("201 Created", [])?;
        Ok("tea".into())
    });
    assert!(get(&twice).unwrap_err().to_string().contains("start_again"));
}

#[test]
fn a_cause_replaces_a_head_that_is_not_sent() {
    let again = wsgi::application(|_, start_response| {
        start_response.start("200 OK", [("X-A", "1")])?;
        start_response.start_again("503 Closed", [("X-B", "2")], "no water")?;
        Ok("later".into())
    });
    let reply = get(&again).unwrap();
    assert_eq!(reply.status(), 503);
    assert!(reply.headers().contains_key("x-b") && !reply.headers().contains_key("x-a"));
    let first = wsgi::application(|_, start_response| {
        start_response.start_again("503 Closed", [], "no water")?;
        Ok("later".into())
    });
    assert_eq!(get(&first).unwrap().status(), 503);
}

#[test]
fn a_cause_is_raised_again_once_bytes_are_sent() {
    let log = Log::default();
    let app = |_: &mut Environ, start_response: &mut dyn StartResponse| {
        start_response.start("200 OK", [])?.write_all(b"tea")?;
        start_response.start_again("500 Oops", [], "no water")?;
        Ok(Body::from("never"))
    };
    check(
        &log,
        &wsgi::application(app),
        &["head OK", "sent tea", "error no water"],
    );
    let held = around(wsgi::application(app));
    assert_eq!(get(&held).unwrap_err().to_string(), "no water");
}

#[test]
fn statuses_and_fields_that_would_break_the_wire_are_errors() {
    for (status, name, value) in [
        ("200", "X", "ok"),
        ("20 Low", "X", ""),
        ("OK", "X", ""),
        ("200 O\r\nK", "X", ""),
        ("200 OK", "bad name", ""),
        ("200 OK", "X", "a\r\nSet-Cookie: b"),
        ("200 OK", "X", "\u{20ac}"),
    ] {
        let app = wsgi::application(move |_, start_response| {
            start_response.start(status, [(name, value)])?;
            Ok(Body::empty())
        });
        assert_eq!(get(&app).is_ok(), value == "ok", "{status:?} {name:?}");
    }
}

#[test]
fn an_own_reason_phrase_goes_through_either_kind_of_middleware() {
    let app = || {
        wsgi::application(|_, start_response| {
            start_response.start("200 Fine by me", [])?;
            Ok(Body::empty())
        })
    };
    let log = Log::default();
    check(&log, &app(), &["head Fine by me"]);
    check(&log, &around(app()), &["head Fine by me"]);
    check(
        &log,
        &classically_around(around(app())),
        &["head Fine by me"],
    );
}

// Handling the write() Callable; Buffering and Streaming

#[test]
fn what_is_written_goes_before_what_is_returned() {
    let app = || {
        wsgi::application(|_, start_response| {
            let mut write = start_response.start("200 OK", [])?;
            write.write_all(b"one, ")?;
            write.write_all(b"two, ")?;
            Ok("three".into())
        })
    };
    let direct = ["head OK", "sent one, ", "sent two, ", "sent three"];
    let log = Log::default();
    check(&log, &app(), &direct);
    check(&log, &classically_around(app()), &direct);
    check(&log, &around(app()), &direct);
    assert_eq!(get(&around(app())).unwrap().body(), "one, two, three");
}

#[test]
fn a_write_is_sent_before_it_returns_unless_a_reply_has_to_wait_for_its_head() {
    let log = Log::default();
    let app = || {
        let log = log.clone();
        wsgi::application(move |_, start_response| {
            start_response.start("200 OK", [])?.write_all(b"tea")?;
            log.add("returned");
            Ok(Body::empty())
        })
    };
    let at_once = ["head OK", "sent tea", "returned"];
    check(&log, &app(), &at_once);
    check(
        &log,
        &classically_around(classically_around(app())),
        &at_once,
    );
    let late = ["returned", "head OK", "sent tea"];
    check(&log, &around(app()), &late);
    check(&log, &classically_around(around(app())), &late);
}

#[test]
fn each_chunk_is_sent_before_the_next_is_made_through_any_middleware() {
    let log = Log::default();
    let app = || {
        let log = log.clone();
        wsgi::app_fn(move |_| Ok(Reply::new(log.body(&["a", "", "b"]))))
    };
    let want = [
        "head OK", "made a", "sent a", "made ", "made b", "sent b", "closed",
    ];
    check(&log, &app(), &want);
    check(&log, &around(app()), &want);
    check(&log, &classically_around(around(app())), &want);
    let changed = wsgi::app_fn({
        let app = app();
        move |environ| {
            Ok(app
                .call(environ)?
                .map(|body| body.map_chunks(|chunk| Ok(chunk.to_ascii_uppercase().into()))))
        }
    });
    let want = [
        "head OK", "made a", "sent A", "made ", "made b", "sent B", "closed",
    ];
    check(&log, &changed, &want);
}

#[test]
fn a_chunk_of_a_writer_is_what_was_flushed() {
    let log = Log::default();
    let app = wsgi::app_fn(|_| {
        Ok(Reply::new(Body::writer(|out| {
            write!(out, "{}-{}", 1, 2)?;
            out.flush()?;
            Ok(write!(out, "rest")?)
        })))
    });
    check(&log, &app, &["head OK", "sent 1-2", "sent rest"]);
}

// close()

#[test]
fn a_body_is_closed_once_whatever_becomes_of_it() {
    let log = Log::default();
    let app = |chunks| {
        let log = log.clone();
        wsgi::app_fn(move |_| Ok(Reply::new(log.body(chunks))))
    };
    let closed = |lines: &[String]| lines.iter().filter(|line| *line == "closed").count();
    for chunks in [&["a", "b"][..], &["a", "fail", "b"], &["fail"], &[]] {
        for lines in [
            run(&log, &app(chunks)),
            run(&log, &around(app(chunks))),
            run(&log, &classically_around(app(chunks))),
        ] {
            assert_eq!(closed(&lines), 1, "{lines:?}");
            assert_eq!(
                lines.iter().any(|line| line == "made b"),
                chunks == ["a", "b"]
            );
        }
    }
    // The other side has gone.
    let body = around(app(&["a", "b"]))
        .call(&mut Environ::new(Method::GET, "/"))
        .unwrap()
        .into_body();
    assert!(body.send(&mut |_| Err("reset".into())).is_err());
    assert_eq!(*log.lines(), ["made a", "closed"]);
}

#[test]
fn middleware_that_drops_a_body_closes_it() {
    let log = Log::default();
    let inner = log.clone();
    let app = wsgi::app_fn(move |_| {
        drop(inner.body(&["a"]));
        Ok(Reply::new("other".into()))
    });
    check(&log, &app, &["closed", "head OK", "sent other"]);
}

// HTTP Features

#[test]
fn a_body_that_is_not_to_be_sent_is_not_made_but_closed() {
    let log = Log::default();
    let inner = log.clone();
    let app = wsgi::app_fn(move |environ| {
        let status: u16 = environ.path()[1..].parse()?;
        Ok(http::Response::builder()
            .status(status)
            .header("content-length", "1")
            .body(inner.body(&["a"]))?)
    });
    for (method, target) in [
        (Method::HEAD, "/200"),
        (Method::GET, "/204"),
        (Method::GET, "/304"),
    ] {
        let reply = wsgi::call(&app, &mut Environ::new(method, target)).unwrap();
        assert!(reply.body().is_empty(), "{target}");
        assert_eq!(reply.headers()["content-length"], "1", "{target}");
        assert_eq!(std::mem::take(&mut *log.lines()), ["closed"], "{target}");
    }
}

// Optional Platform-Specific File Handling

#[test]
fn a_file_is_sent_from_where_it_stands() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(4)).unwrap();
    let body = Body::file(file).unwrap();
    assert_eq!(body.len(), Some(6));
    assert_eq!(body.collect().unwrap(), "456789");
}

// Middleware

#[test]
fn apps_nest_in_any_mixture() {
    let view = |_: &devserve::Request| "tea";
    let boxed: Box<dyn App> = Box::new(around(classically_around(view)));
    let shared: Arc<dyn App> = Arc::new(classically_around(around(boxed)));
    let reply = get(&classically_around(shared)).unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.body()[..]),
        (200, &b"tea"[..])
    );
    assert_eq!(reply.headers()["x-around"], "1");
}

#[test]
fn classic_middleware_may_change_the_head_on_its_way() {
    /// Hands another head on than it was given.
    struct Softened<'a>(&'a mut dyn StartResponse);

    impl StartResponse for Softened<'_> {
        fn begin(&mut self, _: Status, headers: HeaderMap) -> Result<()> {
            self.0.begin("200 Never mind".try_into()?, headers)
        }

        fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()> {
            self.0.replace(status, headers, cause)
        }

        fn write(&mut self, bytes: &[u8]) -> Result<()> {
            self.0.write(bytes)
        }
    }

    let inner = wsgi::app_fn(|_| Ok(http::Response::builder().status(404).body("none".into())?));
    let app = wsgi::application(move |environ, start_response| {
        inner.wsgi(environ, &mut Softened(start_response))
    });
    check(&Log::default(), &app, &["head Never mind", "sent none"]);
}

// Error Handling

#[test]
fn an_error_keeps_its_type_through_the_layers() {
    let app = wsgi::app_fn(|_| Err("x".parse::<u8>().unwrap_err().into()));
    let error = get(&classically_around(around(app))).unwrap_err();
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
}
