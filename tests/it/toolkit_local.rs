//! What helpers know of the request their thread answers.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use devserve::local::{Context, InContext, Local, LocalStack, stream_with_context, with_request};
use devserve::testing::Client;
use devserve::wsgi::Body;
use devserve::{Request, Response, Result};

static USER: Local<String> = Local::new();
static OTHER: Local<String> = Local::new();
static STEPS: LocalStack<u8> = LocalStack::new();

/// Knows nothing but where it is called.
fn helper() -> String {
    let target = with_request(|request| request.full_path());
    let user = USER.get().unwrap_or_default();
    format!("{user}@{}", target.unwrap_or_default())
}

fn app(request: &Request<'_>) -> Result<Response> {
    assert_eq!(USER.get(), None, "nothing is left of the request before");
    let user = request.args().require("user")?.to_owned();
    USER.set(user)?;
    Ok(match request.path().as_ref() {
        "/err" => return Err("no rows".into()),
        "/panic" => panic!("no rows"),
        "/chunks" => {
            let chunks = (0..2).map(|_| Ok(helper() + ";"));
            Response::new("text/plain", stream_with_context(Body::chunks(chunks)))
        }
        "/writer" => {
            let body = Body::writer(|out| Ok(write!(out, "{}", helper())?));
            Response::new("text/plain", stream_with_context(body))
        }
        "/unasked" => Response::stream(std::iter::once_with(|| Ok(helper()))),
        "/form" => {
            let seen = with_request(|request| request.data().map(|data| data.len()));
            let seen = seen.transpose()?;
            Response::text(format!("{seen:?} {}", request.form()?.require("a")?))
        }
        _ => Response::text(helper()),
    })
}

#[track_caller]
fn check(target: &str, want: &str) {
    let answer = Client::new(InContext::new(app)).get(target).send().unwrap();
    assert_eq!(answer.text(), want, "{target}");
    assert_eq!(helper(), "@", "after {target}");
}

#[test]
fn a_helper_reaches_the_request() {
    check("/a?user=ada", "ada@/a?user=ada");
    check(
        "/chunks?user=ada",
        "ada@/chunks?user=ada;ada@/chunks?user=ada;",
    );
    check("/writer?user=ada", "ada@/writer?user=ada");
    check("/unasked?user=ada", "@");
}

#[test]
fn a_stream_read_piece_by_piece_keeps_its_context() {
    let client = Client::new(InContext::new(app));
    for path in ["/chunks", "/writer"] {
        let mut answer = client.get(&format!("{path}?user=bob")).stream().unwrap();
        let first = answer.next().unwrap().unwrap();
        assert!(
            first.starts_with(format!("bob@{path}").as_bytes()),
            "{first:?}"
        );
        assert_eq!(helper(), "@");
    }
}

#[test]
fn a_context_is_left_however_the_call_ends() {
    let client = Client::new(InContext::new(app));
    assert!(client.get("/err?user=ada").send().is_err());
    assert!(Context::current().is_none());
    let panicked = catch_unwind(AssertUnwindSafe(|| client.get("/panic?user=ada").send()));
    assert!(panicked.is_err() && Context::current().is_none());
}

#[test]
fn the_body_stays_the_views() {
    let client = Client::new(InContext::new(app));
    let answer = client.post("/form?user=ada").form([("a", "tea")]).send();
    assert_eq!(answer.unwrap().text(), "Some(0) tea");
}

#[test]
fn every_call_and_every_thread_has_its_own() {
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                for _ in 0..50 {
                    check(
                        &format!("/?user={number}"),
                        &format!("{number}@/?user={number}"),
                    );
                }
            });
        }
    });
    let context = Context::new();
    context.run(|| USER.set("ada".to_owned()).unwrap());
    let elsewhere = context.clone();
    let seen = thread::spawn(move || (helper(), elsewhere.run(helper)));
    assert_eq!(seen.join().unwrap(), ("@".to_owned(), "ada@".to_owned()));
}

#[test]
fn apps_nest_and_so_do_their_contexts() {
    let outer = Client::new(InContext::new(|request: &Request<'_>| -> Result<String> {
        USER.set("outer".to_owned())?;
        let within = Client::new(InContext::new(app))
            .get("/in?user=inner")
            .send()?;
        Ok(format!("{} {} {}", within.text(), helper(), request.path()))
    }));
    let answer = outer.get("/out").send().unwrap();
    assert_eq!(answer.text(), "inner@/in?user=inner outer@/out? /out");
}

#[test]
fn values_are_told_apart_by_their_static() {
    assert!(USER.set(String::new()).is_err(), "nowhere to keep it");
    Context::new().run(|| {
        USER.set("a".to_owned()).unwrap();
        assert_eq!((USER.get().as_deref(), OTHER.get()), (Some("a"), None));
        assert_eq!(*OTHER.get_or_init(|| "b".to_owned()).unwrap(), "b");
        assert_eq!(*OTHER.get_or_init(|| "c".to_owned()).unwrap(), "b");
        assert_eq!(USER.with(String::len), Some(1));
        assert_eq!(USER.take().as_deref(), Some(&"a".to_owned()));
        assert_eq!(USER.get(), None);
    });
}

#[test]
fn a_stack_is_its_contexts_own() {
    assert!(STEPS.push(0).is_err());
    assert_eq!((STEPS.top(), STEPS.pop()), (None, None));
    Context::new().run(|| {
        STEPS.push(1).unwrap();
        STEPS.push(2).unwrap();
        Context::new().run(|| assert_eq!(STEPS.top(), None));
        assert_eq!(
            (STEPS.pop(), STEPS.top()),
            (Some(Arc::new(2)), Some(Arc::new(1)))
        );
    });
}

#[test]
fn leaving_a_context_leaves_those_within() {
    let outer = Context::new().enter();
    let inner = Context::new().enter();
    drop(outer);
    assert!(Context::current().is_none());
    drop(inner);
    assert!(Context::current().is_none());
}

#[test]
fn a_value_may_ask_for_the_context_when_it_is_dropped() {
    struct Nosy;
    impl Drop for Nosy {
        fn drop(&mut self) {
            assert!(Context::current().is_none());
        }
    }
    static NOSY: Local<Nosy> = Local::new();
    Context::new().run(|| NOSY.set(Nosy).unwrap());
}
