//! The test client, and what it is made of.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use devserve::http::{Method, SameSite, SetCookie};
use devserve::testing::{Client, EnvironBuilder, RedirectError, run_app};
use devserve::wsgi::{self, Body, Environ};
use devserve::{Request, Response, Result};

/// Tells what it was asked.
fn echo(request: &Request<'_>) -> Result<String> {
    Ok(format!(
        "{} {} [{}]",
        request.method(),
        request.url()?,
        String::from_utf8_lossy(request.data()?)
    ))
}

/// Sends on from `/go`, by the status and the location in its query.
fn sends_on(request: &Request<'_>) -> Result<Response> {
    if request.path() != "/go" {
        return Ok(Response::text(echo(request)?));
    }
    let args = request.args();
    let status: u16 = args.require("status")?.parse()?;
    Ok(Response::text("on")
        .status(status)
        .header("location", args.require("to")?))
}

#[test]
fn every_method_reaches_the_app() {
    let client = Client::new(|request: &Request<'_>| request.method().to_string());
    let text =
        |request: devserve::testing::TestRequest<'_>| request.send().unwrap().text().into_owned();
    assert_eq!(text(client.get("/")), "GET");
    assert_eq!(text(client.head("/")), "");
    assert_eq!(text(client.post("/")), "POST");
    assert_eq!(text(client.put("/")), "PUT");
    assert_eq!(text(client.patch("/")), "PATCH");
    assert_eq!(text(client.delete("/")), "DELETE");
    assert_eq!(text(client.options("*")), "OPTIONS");
    assert_eq!(text(client.trace("/")), "TRACE");
    assert_eq!(text(client.request("BREW".parse().unwrap(), "/")), "BREW");
}

#[test]
fn an_environ_is_made_of_anything() {
    let environ = EnvironBuilder::new("/a%2Fb?q=1")
        .base_url("https://shop.test:8443/caf%C3%A9/")
        .method(Method::PATCH)
        .query("r", "a b")
        .header("accept", "text/html")
        .append_header("accept", "*/*")
        .cookie("a", "1")
        .cookie("b", "2")
        .basic_auth("ada", "pw")
        .body("text/plain", "tea")
        .remote(Some(([10, 0, 0, 1], 7).into()))
        .multithread(false)
        .multiprocess(true)
        .run_once(true)
        .set("REMOTE_USER", "ada")
        .extension(7_u8)
        .build();
    let get = |key: &str| environ.get(key).unwrap().to_string();
    assert_eq!(get("REQUEST_METHOD"), "PATCH");
    assert_eq!(get("SCRIPT_NAME"), "/caf\u{c3}\u{a9}");
    assert_eq!(get("PATH_INFO"), "/a/b");
    assert_eq!(get("REQUEST_URI"), "/caf%C3%A9/a%2Fb?q=1&r=a+b");
    assert_eq!(get("SERVER_NAME"), "shop.test");
    assert_eq!(get("SERVER_PORT"), "8443");
    assert_eq!(get("HTTP_HOST"), "shop.test:8443");
    assert_eq!(get("HTTPS"), "on");
    assert_eq!(get("HTTP_ACCEPT"), "text/html,*/*");
    assert_eq!(get("HTTP_COOKIE"), "a=1; b=2");
    assert_eq!(get("CONTENT_LENGTH"), "3");
    assert_eq!(get("REMOTE_ADDR"), "10.0.0.1");
    assert_eq!(get("REMOTE_USER"), "ada");
    assert_eq!(get("wsgi.multithread"), "False");
    assert_eq!(get("wsgi.multiprocess"), "True");
    assert_eq!(get("wsgi.run_once"), "True");
    let request = Request::new(&environ);
    assert_eq!(request.authorization().unwrap().username(), Some("ada"));
    assert_eq!(request.data().unwrap(), "tea");
    assert_eq!(environ.extensions().get(), Some(&7_u8));
}

#[test]
fn an_environ_is_made_of_another() {
    let first = || {
        EnvironBuilder::new("/a%2Fb?q=1")
            .base_url("http://shop.test/api")
            .body("text/plain", "tea")
            .set("shop.cart", "7")
    };
    let again = EnvironBuilder::from_environ(&first().build()).build();
    let keys = |environ: &Environ| -> Vec<_> {
        environ
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect()
    };
    assert_eq!(keys(&again), keys(&first().build()));
    let other = EnvironBuilder::from_environ(&again)
        .method(Method::PUT)
        .base_url("http://other.test")
        .build();
    assert_eq!(
        echo(&Request::new(&other)).unwrap(),
        "PUT http://other.test/a/b?q=1 [tea]"
    );
    // Middleware may have changed the path since it was sent.
    let mut moved = Environ::new(Method::GET, "/old?q=1");
    moved.set_mount("/m", "/new way");
    let moved = EnvironBuilder::from_environ(&moved).build();
    assert_eq!(moved.raw_target(), b"/m/new%20way?q=1");
    let star = EnvironBuilder::from_environ(&Environ::new(Method::OPTIONS, "*")).build();
    assert_eq!((star.raw_target(), star.path_info()), (&b"*"[..], &b""[..]));
}

#[test]
#[should_panic(expected = "no base URL; write \"http://host/path\", without a query")]
fn a_base_url_has_no_query() {
    drop(EnvironBuilder::new("/").base_url("http://a.test/?q"));
}

#[test]
fn an_app_is_run_up_to_its_first_chunk() {
    let app = wsgi::application(|_, start_response| {
        start_response.start("200 Fine", [("x-a", "b")])?;
        Ok(Body::chunks(["a", "b"].map(Ok)))
    });
    let mut environ = EnvironBuilder::new("/").build();
    let (head, chunks) = run_app(&app, &mut environ).unwrap().into_parts();
    assert_eq!(
        (head.status.as_u16(), &head.headers["x-a"]),
        (200, &"b".parse().unwrap())
    );
    let chunks: Vec<_> = chunks.map(Result::unwrap).collect();
    assert_eq!(chunks, ["a", "b"]);
}

#[track_caller]
fn check_redirect(client: &Client, method: Method, query: &str, want: &str) {
    let answer = client
        .request(method, &format!("/go?{query}"))
        .body("text/plain", "tea")
        .follow_redirects()
        .send()
        .unwrap();
    assert_eq!(answer.text(), want);
    assert_eq!(answer.history().len(), 1);
    assert_eq!(answer.history()[0].text(), "on");
}

#[test]
fn a_redirect_is_followed_with_its_method_or_without() {
    let client = Client::new(sends_on);
    check_redirect(
        &client,
        Method::POST,
        "status=302&to=/x",
        "GET http://localhost/x []",
    );
    check_redirect(
        &client,
        Method::PUT,
        "status=303&to=x?y",
        "GET http://localhost/x?y []",
    );
    check_redirect(
        &client,
        Method::POST,
        "status=307&to=/x",
        "POST http://localhost/x [tea]",
    );
    check_redirect(
        &client,
        Method::PUT,
        "status=308&to=/x",
        "PUT http://localhost/x [tea]",
    );
    check_redirect(
        &client,
        Method::GET,
        "status=301&to=https://localhost/x",
        "GET https://localhost/x [tea]",
    );
    let mounted = Client::new(sends_on).defaults(|request| request.base_url("http://a.test/m"));
    check_redirect(
        &mounted,
        Method::POST,
        "status=303&to=/m/x",
        "GET http://a.test/m/x []",
    );
    check_redirect(
        &mounted,
        Method::POST,
        "status=303&to=/x",
        "GET http://a.test/x []",
    );
}

#[track_caller]
fn check_refused(client: &Client, query: &str) -> RedirectError {
    let request = client.post(&format!("/go?{query}"));
    let request = request.input(&b"tea"[..]).follow_redirects();
    request.send().unwrap_err().downcast().unwrap()
}

#[test]
fn a_redirect_that_leaves_the_app_is_an_error() {
    let client = Client::new(sends_on);
    for to in [
        "http://b.test/",
        "http://localhost:81/",
        "http://a.localhost/",
    ] {
        let error = check_refused(&client, &format!("status=303&to={to}"));
        let (location, host) = (to.to_owned(), "localhost".to_owned());
        assert_eq!(error, RedirectError::External { location, host });
    }
    let error = check_refused(&client, "status=303&to=ftp://localhost/");
    assert!(matches!(error, RedirectError::Unusable { .. }));
    let error = check_refused(&client, "status=307&to=/");
    assert!(matches!(error, RedirectError::BodyIsGone { .. }));
}

#[test]
fn a_circle_ends() {
    let client = Client::new(|_: &Request<'_>| Response::redirect("/again"));
    let sent = client.get("/").follow_redirects().send();
    let error = sent.unwrap_err().to_string();
    assert_eq!(
        error,
        "more than 20 redirects; the last was to http://localhost/again"
    );
}

#[test]
fn subdomains_are_the_same_app_where_that_is_said() {
    let client = Client::new(sends_on).allow_subdomains();
    let to = "status=303&to=http://b.localhost/x";
    check_redirect(&client, Method::POST, to, "GET http://b.localhost/x []");
    let error = check_refused(&client, "status=303&to=http://blocalhost/");
    assert!(matches!(error, RedirectError::External { .. }));
}

#[test]
fn cookies_are_kept_for_those_they_are_meant_for() {
    let client = Client::new(|request: &Request<'_>| -> Result<Response> {
        let shown = format!("{:?}", request.cookies());
        Ok(match request.path().as_ref() {
            "/set" => Response::text(shown)
                .set_cookie(SetCookie::new("all", "1").domain("shop.test"))
                .set_cookie(SetCookie::new("own", "2").same_site(SameSite::Lax))
                .set_cookie(SetCookie::new("safe", "3").secure())
                .set_cookie(SetCookie::new("deep", "4").path("/deep"))
                .set_cookie(SetCookie::new("brief", "5").max_age(Duration::from_secs(60))),
            _ => Response::text(shown),
        })
    });
    let seconds = Arc::new(AtomicUsize::new(0));
    let hand = Arc::clone(&seconds);
    let client = client
        .defaults(|request| request.base_url("http://www.shop.test"))
        .clock(move || UNIX_EPOCH + Duration::from_secs(hand.load(Ordering::SeqCst) as u64));
    let set = client.get("/set").send().unwrap();
    let names: Vec<_> = set
        .cookies()
        .into_iter()
        .map(|cookie| cookie.name)
        .collect();
    assert_eq!(names, ["all", "own", "safe", "deep", "brief"]);
    let sent = |target: &str| client.get(target).send().unwrap().text().into_owned();
    assert_eq!(sent("/"), r#"[("all", "1"), ("own", "2"), ("brief", "5")]"#);
    assert_eq!(sent("http://shop.test/"), r#"[("all", "1")]"#);
    assert_eq!(sent("http://other.test/"), "[]");
    assert!(sent("https://www.shop.test/").contains("safe"));
    assert!(sent("/deep/er").starts_with(r#"[("deep", "4")"#));
    assert_eq!(client.cookie("deep"), None);
    assert_eq!(client.cookie_for("/deep", "deep").as_deref(), Some("4"));
    seconds.store(60, Ordering::SeqCst);
    assert_eq!(sent("/"), r#"[("all", "1"), ("own", "2")]"#);
    client.delete_cookie("all");
    assert_eq!(sent("/"), r#"[("own", "2")]"#);
    client.clear_cookies();
    assert_eq!((sent("/").as_str(), client.cookies()), ("[]", Vec::new()));
    client.set_cookie("k", "v");
    let own = client.get("/").cookie("k", "w").send().unwrap();
    assert_eq!(own.text(), r#"[("k", "w")]"#);
}

#[test]
fn a_stream_is_read_chunk_by_chunk_and_closed() {
    let made = Arc::new(AtomicUsize::new(0));
    let closed = Arc::new(AtomicUsize::new(0));
    let (making, closing) = (Arc::clone(&made), Arc::clone(&closed));
    let client = Client::new(wsgi::app_fn(move |_| {
        let (making, closing) = (Arc::clone(&making), Arc::clone(&closing));
        let body = Body::writer(move |out| {
            loop {
                making.fetch_add(1, Ordering::SeqCst);
                out.write_all(b"tick")?;
                out.flush()?;
            }
        });
        Ok(wsgi::Reply::new(body.on_close(move || {
            closing.fetch_add(1, Ordering::SeqCst);
        })))
    }));
    let mut answer = client.get("/").stream().unwrap();
    assert_eq!(
        (answer.status().as_u16(), made.load(Ordering::SeqCst)),
        (200, 0)
    );
    for count in 1..=3 {
        assert_eq!(answer.next().unwrap().unwrap(), "tick");
        assert_eq!(made.load(Ordering::SeqCst), count);
    }
    assert_eq!(closed.load(Ordering::SeqCst), 0);
    drop(answer);
    assert_eq!(closed.load(Ordering::SeqCst), 1);
}

fn faulty(request: &Request<'_>) -> Result<Response> {
    match request.path().as_ref() {
        "/err" => Err("no rows".into()),
        "/late" => Ok(Response::stream([Ok("a"), Err("no rows".into())])),
        "/soon" => Ok(Response::stream([Err::<&str, _>("no rows".into())])),
        path => panic!("nothing at {path}"),
    }
}

#[test]
fn a_fault_comes_out_of_send() {
    let client = Client::new(faulty);
    for path in ["/err", "/late", "/soon"] {
        let error = client.get(path).send().unwrap_err();
        assert_eq!(error.to_string(), "no rows");
        assert!(error.at().file().ends_with("toolkit_testing.rs"));
    }
    let sent = std::panic::catch_unwind(|| Client::new(faulty).get("/x").send());
    assert!(sent.is_err());
}

#[test]
fn a_fault_is_a_500_where_that_is_said() {
    let client = Client::new(faulty).answer_faults();
    for path in ["/err", "/soon", "/x"] {
        assert_eq!(client.get(path).send().unwrap().status(), 500, "{path}");
    }
    assert!(
        client.get("/late").send().is_err(),
        "cut, as a server cuts it"
    );
}

#[test]
fn an_answer_knows_its_request() {
    let client = Client::new(|request: &Request<'_>| request.path().into_owned());
    let answer = client.put("/a?b=c").header("x-d", "e").send().unwrap();
    assert_eq!(answer.request().method(), Method::PUT);
    assert_eq!(answer.request().args().get("b"), Some("c"));
    assert_eq!(answer.environ().headers()["x-d"], "e");
    let built = EnvironBuilder::new("/built");
    assert_eq!(client.open(built).send().unwrap().text(), "/built");
}
