//! What a request costs that nobody asked for: nothing. A binary of its own, for its allocator.
#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use devserve::Request;
use devserve::forms::FormLimits;
use devserve::forms::multipart::{Decoder, Encoder, Event};
use devserve::http::{ContentType, HeaderValue, Method, header};
use devserve::wsgi::Environ;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts the calls of each thread.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing, as
// the counter is made at compile time and has no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above; all memory came from there.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations<T>(work: impl FnOnce() -> T) -> usize {
    let before = COUNT.get();
    black_box(work());
    COUNT.get() - before
}

/// A request with a query, a cookie and a form.
fn environ() -> Environ {
    let mut environ = Environ::new(Method::POST, "/search?q=tea&page=2");
    let fields = [
        (header::COOKIE, "session=abc; theme=dark"),
        (header::USER_AGENT, "curl/8"),
        (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
    ];
    for (name, value) in fields {
        environ
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    environ.with_input(b"a=1".to_vec())
}

#[test]
fn a_cookie_or_query_that_is_not_asked_for_is_not_paid_for() {
    let environ = environ();
    let unasked = allocations(|| {
        let request = Request::new(&environ);
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.header("user-agent"), Some("curl/8"));
        assert_eq!(request.path(), "/search");
    });
    assert_eq!(unasked, 0);
}

#[test]
fn a_plain_cookie_is_found_where_it_stands() {
    let environ = environ();
    let request = Request::new(&environ);
    assert_eq!(allocations(|| request.cookie("theme").is_some()), 0);
}

#[test]
fn what_is_asked_for_is_read_once() {
    let environ = environ();
    let request = Request::new(&environ);
    assert!(allocations(|| request.args().len()) > 0);
    assert_eq!(allocations(|| request.args().get("q").is_some()), 0);
}

#[test]
fn data_is_decoded_without_a_copy() {
    let form = Encoder::new("x").file("f", "a.bin", None, &vec![b'-'; 1 << 20]);
    let content_type = ContentType::parse(&form.content_type());
    let body = form.finish();
    let mut decoder = Decoder::new(&content_type, &FormLimits::default()).unwrap();
    let mut length = 0;
    let mut counts = Vec::with_capacity(1 << 10);
    for mut piece in body.chunks(4 << 10) {
        counts.push(allocations(|| {
            loop {
                match decoder.next_event(&mut piece).unwrap() {
                    Event::Data(data) => length += data.len(),
                    Event::NeedData | Event::End => break,
                    Event::Part(_) | Event::PartEnd => {}
                }
            }
        }));
    }
    assert_eq!(length, 1 << 20);
    // The head is read in the first piece; what is held for the next takes its room once.
    assert!(counts[1..].iter().sum::<usize>() <= 4, "{counts:?}");
}
