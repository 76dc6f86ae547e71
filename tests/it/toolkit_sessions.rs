//! Sessions: kept from request to request, and by nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use devserve::http::{SameSite, SetCookie};
use devserve::session::{Key, Keys, Session, Sessions};
use devserve::testing::{Client, TestResponse};
use devserve::wsgi::{App, Environ};
use devserve::{Request, Response, Result};

/// What the path says, done to the session; answers with what is in it.
fn app(request: &Request) -> Result<Response> {
    let session = request.session();
    let path = request.path();
    match path.trim_start_matches('/').split_once('=') {
        Some((name, value)) => session.insert(name, value)?,
        None => match &*path {
            "/ignore" => return Ok(Response::text("ignored")),
            "/clear" => session.clear(),
            "/keep" => session.set_permanent(true),
            "/flash" => session.flash("info", "hello"),
            "/take" => return Ok(Response::text(format!("{:?}", session.take_flashes()))),
            "/big" => session.insert("big", "x".repeat(4000))?,
            "/fail" => return Err("broken".into()),
            "/missing" => {
                session.insert("seen", "404")?;
                return Err(devserve::exceptions::HttpException::not_found().into());
            }
            _ => {}
        },
    }
    let mut kept: Vec<_> = session.names();
    kept.iter_mut().for_each(|name| {
        *name = format!("{name}={}", session.get::<String>(name).unwrap());
    });
    Ok(Response::text(kept.join(" ")))
}

fn send(client: &Client, path: &str) -> TestResponse {
    client.get(path).send().unwrap()
}

fn text(client: &Client, path: &str) -> String {
    send(client, path).text().into_owned()
}

fn set_cookie(answer: &TestResponse) -> Option<&str> {
    answer
        .headers()
        .get("set-cookie")
        .map(|field| field.to_str().unwrap())
}

#[test]
fn what_is_kept_comes_back() {
    for sessions in [
        Sessions::new(Key::generate()),
        Sessions::new(Key::generate()).encrypted(),
    ] {
        let client = Client::new(sessions.wrap(app));
        assert_eq!(text(&client, "/"), "");
        assert_eq!(text(&client, "/user=ada"), "user=ada");
        assert_eq!(text(&client, "/n=\"é\""), "n=\"é\" user=ada");
        assert_eq!(text(&client, "/"), "n=\"é\" user=ada");
        text(&client, "/clear");
        assert_eq!(
            (text(&client, "/"), client.cookie("session")),
            (String::new(), None)
        );
    }
}

#[test]
fn an_encrypted_session_shows_nothing() {
    let client = Client::new(Sessions::new(Key::generate()).encrypted().wrap(app));
    text(&client, "/user=ada");
    let first = client.cookie("session").unwrap();
    text(&client, "/user=bob");
    text(&client, "/user=ada");
    assert_ne!(first, client.cookie("session").unwrap());
}

#[test]
fn a_cookie_is_sent_only_for_a_change_and_vary_only_when_read() {
    let client = Client::new(Sessions::new(Key::generate()).wrap(app));
    let check = |path: &str, is_set: bool, varies: bool| {
        let answer = send(&client, path);
        assert_eq!(set_cookie(&answer).is_some(), is_set, "{path}");
        assert_eq!(answer.headers().contains_key("vary"), varies, "{path}");
    };
    check("/", false, true);
    check("/clear", false, true);
    check("/ignore", false, false);
    check("/user=ada", true, true);
    check("/user=ada", false, true);
    check("/", false, true);
    check("/ignore", false, false);
    check("/clear", true, true);
    check("/clear", false, true);
}

#[test]
fn the_cookie_is_safe_unless_told_otherwise() {
    let client = Client::new(Sessions::new(Key::generate()).wrap(app));
    let attributes = |path: &str| {
        let answer = send(&client, path);
        let field = set_cookie(&answer).unwrap();
        field.split_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(attributes("/a=1"), "HttpOnly; SameSite=Lax; Path=/");
    assert_eq!(
        attributes("https://localhost/a=2"),
        "HttpOnly; SameSite=Lax; Secure; Path=/"
    );
    let kept = attributes("https://localhost/keep");
    assert!(kept.contains("Max-Age=2678400; Expires="), "{kept}");
    let ended = attributes("https://localhost/clear");
    assert!(
        ended.starts_with("HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"),
        "{ended}"
    );
}

#[test]
fn the_cookie_can_be_another() {
    let cookie = SetCookie::new("sid", "not used")
        .path("/shop")
        .domain("example.org")
        .same_site(SameSite::None)
        .partitioned();
    let client = Client::new(Sessions::new(Key::generate()).cookie(cookie).wrap(app));
    let answer = send(&client, "/a=1");
    let field = set_cookie(&answer).unwrap();
    let (pair, attributes) = field.split_once("; ").unwrap();
    assert!(pair.starts_with("sid=") && !pair.contains("not used"));
    assert_eq!(
        attributes,
        "SameSite=None; Partitioned; Secure; Path=/shop; Domain=example.org"
    );
}

#[test]
fn nobody_else_can_make_or_change_one() {
    let key = Key::generate();
    let client = Client::new(Sessions::new(key.clone()).wrap(app));
    text(&client, "/user=ada");
    let good = client.cookie("session").unwrap();
    let signed_for_another_use = key.sign("session", &good[44..]);
    let mut changed = good.clone().into_bytes();
    changed[60] ^= 1;
    for forged in [
        "",
        "x",
        &good[1..],
        &good[..good.len() - 1],
        &String::from_utf8(changed).unwrap(),
        &signed_for_another_use,
        &good[44..],
    ] {
        client.set_cookie("session", forged);
        assert_eq!(text(&client, "/"), "", "{forged}");
    }
    client.set_cookie("session", &good);
    assert_eq!(text(&client, "/"), "user=ada");
}

#[test]
fn one_that_is_void_does_not_hide_one_that_holds() {
    let client = Client::new(Sessions::new(Key::generate()).wrap(app));
    text(&client, "/user=ada");
    let field = format!(
        "session=void; session={}",
        client.cookie("session").unwrap()
    );
    let answer = client.get("/").header("cookie", &field).send().unwrap();
    assert_eq!(answer.text(), "user=ada");
}

#[test]
fn a_session_expires_by_its_own_word() {
    let now = Arc::new(AtomicU64::new(1_700_000_000));
    let clock = now.clone();
    let sessions = Sessions::new(Key::generate())
        .lifetime(Duration::from_secs(100))
        .clock(move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)));
    let client = Client::new(sessions.clone().wrap(app));
    let renewing = Client::new(sessions.renewed_when_read().wrap(app));
    for client in [&client, &renewing] {
        text(client, "/user=ada");
        text(client, "/keep");
    }
    now.fetch_add(99, Ordering::Relaxed);
    assert_eq!(text(&client, "/"), "user=ada");
    assert_eq!(text(&renewing, "/"), "user=ada");
    // The client has no clock and sends the cookie all the same.
    now.fetch_add(1, Ordering::Relaxed);
    assert_eq!(text(&client, "/"), "");
    assert_eq!(text(&renewing, "/"), "user=ada");
    now.fetch_sub(50, Ordering::Relaxed);
    assert_eq!(text(&client, "/"), "user=ada");
}

#[test]
fn a_session_of_an_older_key_is_signed_anew_and_gets_no_younger() {
    let now = Arc::new(AtomicU64::new(1_700_000_000));
    let (old, new) = (Key::generate(), Key::generate());
    let sessions = |keys: Keys| {
        let clock = now.clone();
        let clock = move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed));
        Sessions::new(keys)
            .lifetime(Duration::from_secs(100))
            .clock(clock)
    };
    let before = Client::new(sessions(old.clone().into()).wrap(app));
    let between = Client::new(sessions(Keys::new(new.clone()).and_older(old)).wrap(app));
    let after = Client::new(sessions(new.into()).wrap(app));
    text(&before, "/user=ada");
    text(&before, "/keep");
    let cookie = before.cookie("session").unwrap();
    after.set_cookie("session", &cookie);
    assert_eq!(text(&after, "/"), "");

    between.set_cookie("session", &cookie);
    now.fetch_add(40, Ordering::Relaxed);
    assert_eq!(set_cookie(&send(&between, "/ignore")), None);
    let answer = send(&between, "/");
    assert_eq!(answer.text(), "user=ada");
    assert!(set_cookie(&answer).unwrap().contains("Max-Age=60;"));
    assert_eq!(set_cookie(&send(&between, "/")), None);
    after.set_cookie("session", &between.cookie("session").unwrap());
    assert_eq!(text(&after, "/"), "user=ada");
    now.fetch_add(60, Ordering::Relaxed);
    assert_eq!(text(&after, "/"), "");
}

#[test]
fn too_much_is_an_error_with_its_size_and_the_limit() {
    let client = Client::new(Sessions::new(Key::generate()).wrap(app));
    let error = client.get("/big").send().unwrap_err();
    let told: Vec<_> = error.chain().map(ToString::to_string).collect();
    let told = told.join(": ");
    assert!(told.contains("keep less in it"), "{told}");
    assert!(told.contains("cookie session has 54"), "{told}");
    assert!(told.contains("browsers keep 4093"), "{told}");
}

#[test]
fn messages_wait_for_the_page_that_takes_them() {
    let client = Client::new(Sessions::new(Key::generate()).wrap(app));
    text(&client, "/flash");
    text(&client, "/");
    let taken = text(&client, "/take");
    assert!(taken.contains("hello") && taken.contains("info"), "{taken}");
    assert_eq!(text(&client, "/take"), "[]");
    assert_eq!(client.cookie("session"), None);
}

#[test]
fn an_exception_keeps_the_session_and_a_failure_does_not() {
    let client = Client::new(Sessions::new(Key::generate()).wrap(app));
    assert_eq!(send(&client, "/missing").status(), 404);
    assert_eq!(text(&client, "/"), "seen=404");
    assert!(client.get("/fail").send().is_err());
}

#[test]
fn a_view_can_be_called_with_a_session_of_the_tests_own() {
    let session = Session::new();
    session.insert("user", "ada").unwrap();
    let mut environ = Environ::new(devserve::http::Method::GET, "/clear");
    environ.extensions_mut().insert(session.clone());
    let reply = App::call(&app, &mut environ).unwrap();
    assert!(session.is_empty() && !reply.headers().contains_key("set-cookie"));
}

#[test]
#[should_panic(expected = "write `Sessions::new(keys).wrap(app)`")]
fn an_app_without_sessions_says_how_to_get_them() {
    let _ = App::call(&app, &mut Environ::new(devserve::http::Method::GET, "/"));
}
