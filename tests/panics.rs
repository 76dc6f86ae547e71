//! The debugger around apps that panic: a binary of its own, because the panic hook is the
//! whole process's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use devserve::debugger::Debugger;
use devserve::http::Method;
use devserve::wsgi::{self, App, Body, Environ, Reply};

/// Panics that the hook before ours heard of.
static HEARD: AtomicUsize = AtomicUsize::new(0);

/// One test at a time, with a counting hook below the debugger's.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    static HOOK: Once = Once::new();
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|_| {
            HEARD.fetch_add(1, Ordering::SeqCst);
        }));
        devserve::debugger::install();
    });
    HEARD.store(0, Ordering::SeqCst);
    guard
}

struct Cart {
    prices: Vec<u32>,
}

impl Cart {
    fn price(&self, index: usize) -> u32 {
        self.prices[index] // out of bounds
    }
}

fn shop() -> impl App {
    wsgi::app_fn(|environ| {
        let cart = Cart {
            prices: vec![1, 2, 3],
        };
        match &*environ.path() {
            "/expect" => drop(cart.prices.get(9).expect("a cart with a price")),
            "/assert" => assert_eq!(cart.price(0), 2, "the first price"),
            "/payload" => std::panic::panic_any(42),
            "/resume" => std::panic::resume_unwind(Box::new("carried on")),
            "/thread" => {
                std::thread::spawn(|| panic!("not the request's thread"))
                    .join()
                    .unwrap_err();
            }
            "/caught" => {
                std::panic::catch_unwind(|| panic!("the app's own")).unwrap_err();
                panic!("the app's second");
            }
            "/stream" => {
                let chunks = (0..3).map(|step| {
                    if step < 2 {
                        Ok("chunk")
                    } else {
                        panic!("late")
                    }
                });
                return Ok(Reply::new(Body::chunks(chunks)));
            }
            _ => drop(cart.price(3)),
        }
        Ok(Reply::new(Body::from("fine")))
    })
}

fn ask(path: &str, accept: &str) -> (u16, String) {
    let mut environ = Environ::new(Method::GET, path);
    environ
        .headers_mut()
        .insert("accept", accept.parse().unwrap());
    let reply = wsgi::call(&Debugger::new(shop()), &mut environ).unwrap();
    (
        reply.status().as_u16(),
        String::from_utf8(reply.body().to_vec()).unwrap(),
    )
}

#[test]
fn a_panic_is_explained_in_the_users_own_frame() {
    let _alone = alone();
    let (status, html) = ask("/", "text/html");
    assert_eq!(status, 500);
    let document = scraper::Html::parse_document(&html);
    let words = |selector| {
        let selector = scraper::Selector::parse(selector).unwrap();
        let found = document
            .select(&selector)
            .next()
            .expect("the page has such an element");
        found.text().collect::<String>().trim().to_owned()
    };
    assert_eq!(
        words("h1"),
        "index out of bounds: the len is 3 but the index is 3"
    );
    assert!(words(".frame[open] summary").starts_with("panics::Cart::price tests/panics.rs:"));
    assert_eq!(
        words(".frame[open] .now"),
        "self.prices[index] // out of bounds"
    );
    assert!(words(".place").contains("tests/panics.rs:"));
    assert_eq!(
        HEARD.load(Ordering::SeqCst),
        0,
        "it is told once, by the report"
    );
}

#[test]
fn the_text_has_the_users_frames_and_none_of_the_machinery() {
    let _alone = alone();
    let (_, text) = ask("/", "*/*");
    assert!(
        text.starts_with(
            "panic: index out of bounds: the len is 3 but the index is 3\n  at tests/panics.rs:"
        ),
        "{text}"
    );
    assert!(
        text.contains("> ") && text.contains("self.prices[index] // out of bounds"),
        "{text}"
    );
    assert!(text.contains("closure in panics::shop"), "{text}");
    for machinery in [
        "rust_begin",
        "panic_fmt",
        "capture",
        "__rust_try",
        "lang_start",
    ] {
        assert!(!text.contains(machinery), "{machinery} in {text}");
    }
}

fn broken(request: &devserve::Request<'_>) -> String {
    panic!("no page for {}", request.path()) // in a view
}

#[test]
fn a_view_is_explained_by_its_name() {
    let _alone = alone();
    let reply = wsgi::call(
        &Debugger::new(broken),
        &mut Environ::new(Method::GET, "/tea"),
    )
    .unwrap();
    let text = String::from_utf8_lossy(reply.body());
    assert!(text.starts_with("panic: no page for /tea\n"), "{text}");
    assert!(
        text.contains("\n  panics::broken (tests/panics.rs:"),
        "{text}"
    );
    assert!(text.contains("request.path()) // in a view"), "{text}");
}

#[test]
fn every_kind_of_panic_has_its_message() {
    let _alone = alone();
    assert!(
        ask("/expect", "*/*")
            .1
            .starts_with("panic: a cart with a price\n")
    );
    let (_, assertion) = ask("/assert", "*/*");
    assert!(
        assertion.contains("\n    left: 1\n   right: 2\n"),
        "{assertion}"
    );
    assert!(
        ask("/payload", "*/*")
            .1
            .starts_with("panic: a panic whose payload is not text\n")
    );
    let (_, resumed) = ask("/resume", "*/*");
    assert!(resumed.starts_with("panic: carried on\n"), "{resumed}");
    assert!(resumed.contains("no stack was taken"), "{resumed}");
}

#[test]
fn a_panic_on_another_thread_is_left_to_the_hook_before() {
    let _alone = alone();
    assert_eq!(ask("/thread", "*/*"), (200, "fine".to_owned()));
    assert_eq!(HEARD.load(Ordering::SeqCst), 1);
}

#[test]
fn a_panic_after_one_the_app_caught_itself_is_the_one_explained() {
    let _alone = alone();
    let (status, text) = ask("/caught", "*/*");
    assert_eq!(status, 500);
    assert!(text.starts_with("panic: the app's second\n"), "{text}");
    assert_eq!(
        HEARD.load(Ordering::SeqCst),
        1,
        "two at once are said aloud"
    );
}

#[test]
fn a_panic_in_the_middle_of_a_body_is_an_error_for_the_server() {
    let _alone = alone();
    let debugger = Debugger::new(shop());
    let reply = debugger
        .call(&mut Environ::new(Method::GET, "/stream"))
        .unwrap();
    let mut sent = 0;
    let error = reply.into_body().send(&mut |_| {
        sent += 1;
        Ok(())
    });
    assert_eq!(
        (sent, error.unwrap_err().to_string()),
        (2, "the app panicked: late".to_owned())
    );
}

#[test]
fn a_sink_that_panics_costs_detail_and_not_the_answer() {
    let _alone = alone();
    let debugger = Debugger::new(shop()).report_to(|_| panic!("in the sink"));
    let reply = wsgi::call(&debugger, &mut Environ::new(Method::GET, "/")).unwrap();
    assert_eq!(reply.status(), 500);
    assert_eq!(HEARD.load(Ordering::SeqCst), 1);
}
