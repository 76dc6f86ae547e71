//! Several apps as one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use devserve::http::Method;
use devserve::middleware::Dispatcher;
use devserve::testing::Client;
use devserve::wsgi::{self, App, Environ};
use devserve::{Request, Response};

fn named(name: &'static str) -> impl App {
    devserve::app(move |request: &Request| {
        let environ = request.environ();
        let part = |key| environ.get(key).map(|value| value.to_string()).unwrap();
        format!("{name} {:?} {:?}", part("SCRIPT_NAME"), part("PATH_INFO"))
    })
}

fn site() -> Dispatcher {
    Dispatcher::new(named("root"))
        .mount("/api", named("api"))
        .mount("/api/v2/", named("v2"))
        .mount("/café", named("café"))
}

#[track_caller]
fn check(target: &str, want: &str) {
    let answer = Client::new(site()).get(target).send().unwrap();
    assert_eq!(answer.text(), want, "{target}");
}

#[test]
fn the_longest_prefix_wins_and_moves_to_the_script_name() {
    check("/", r#"root "" "/""#);
    check("/apis", r#"root "" "/apis""#);
    check("/api", r#"api "/api" """#);
    check("/api/", r#"api "/api" "/""#);
    check("/api/v2", r#"v2 "/api/v2" """#);
    check("/api/v22/x", r#"api "/api" "/v22/x""#);
    check("/api/v2/x?q", r#"v2 "/api/v2" "/x""#);
    check("/ap%69/x", r#"api "/api" "/x""#);
    check("/caf%C3%A9/x", "café \"/caf\u{c3}\u{a9}\" \"/x\"");
}

#[test]
fn dispatchers_nest() {
    let inner = Dispatcher::new(named("shop")).mount("/cart", named("cart"));
    let client = Client::new(Dispatcher::new(named("root")).mount("/shop", inner));
    let text = |target| client.get(target).send().unwrap().text().into_owned();
    assert_eq!(text("/shop/cart/7"), r#"cart "/shop/cart" "/7""#);
    assert_eq!(text("/shop/7"), r#"shop "/shop" "/7""#);
}

#[test]
fn the_environ_is_whole_again_afterwards_also_after_a_panic() {
    let app = Dispatcher::new(named("root"))
        .mount("/ok", named("ok"))
        .mount("/fails", |_: &Request| -> devserve::Result<Response> {
            Err("no".into())
        })
        .mount("/panics", |_: &Request| -> Response { panic!("no") });
    for target in ["/ok/x", "/fails/x", "/panics/x"] {
        let mut environ = Environ::new(Method::GET, target);
        environ.set("SCRIPT_NAME", "/outer").unwrap();
        let called = catch_unwind(AssertUnwindSafe(|| wsgi::call(&app, &mut environ)));
        drop(called);
        assert_eq!(environ.script_root(), b"/outer", "{target}");
        assert_eq!(environ.path_info(), target.as_bytes());
    }
}

#[test]
fn what_an_app_writes_goes_through_at_once() {
    let app = wsgi::application(|_, start_response| {
        use std::io::Write;
        let mut out = start_response.start("200 OK", [("Content-Type", "text/plain")])?;
        out.write_all(b"written, ")?;
        Ok("returned".into())
    });
    let client = Client::new(Dispatcher::new(named("root")).mount("/old", app));
    assert_eq!(
        client.get("/old").send().unwrap().text(),
        "written, returned"
    );
}

#[test]
fn a_mount_that_cannot_be_is_refused_with_the_mend() {
    let told = |prefixes: &[&str]| {
        let mounted = catch_unwind(|| {
            let site = Dispatcher::new(named("root"));
            let mount = |site: Dispatcher, prefix: &&str| site.mount(prefix, named("x"));
            drop(prefixes.iter().fold(site, mount));
        });
        *mounted.unwrap_err().downcast::<String>().unwrap()
    };
    assert!(told(&["api"]).contains("write \"/api\""));
    assert!(told(&["/a", "/a/"]).contains("\"/a\""));
}
