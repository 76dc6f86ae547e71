//! Clients that ask too often.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use devserve::Request;
use devserve::http::Method;
use devserve::middleware::RateLimit;
use devserve::testing::Client;
use devserve::wsgi::{self, App, Environ};

/// An app limited to 3 requests in 30 seconds, and the seconds of its clock.
fn limited() -> (RateLimit<impl App>, Arc<AtomicU64>) {
    let seconds = Arc::new(AtomicU64::new(0));
    let (clock, start) = (seconds.clone(), Instant::now());
    let app = RateLimit::new(|_: &Request| "x", 3, Duration::from_secs(30))
        .clock(move || start + Duration::from_secs(clock.load(Ordering::Relaxed)));
    (app, seconds)
}

#[test]
fn too_many_are_told_when_to_come_back() {
    let (app, seconds) = limited();
    let client = Client::new(app);
    let check = |at: u64, want: u16, retry: Option<&str>| {
        seconds.store(at, Ordering::Relaxed);
        let answer = client.get("/").send().unwrap();
        let told = (answer.status().as_u16(), answer.header("retry-after"));
        assert_eq!(told, (want, retry), "after {at} seconds");
    };
    check(0, 200, None);
    check(0, 200, None);
    check(0, 200, None);
    check(0, 429, Some("10"));
    check(3, 429, Some("7"));
    check(10, 200, None);
    check(10, 429, Some("10"));
    check(100, 200, None);
}

#[test]
fn a_smaller_burst_spreads_them() {
    let (app, seconds) = limited();
    let client = Client::new(app.burst(1));
    assert_eq!(client.get("/").send().unwrap().status(), 200);
    assert_eq!(client.get("/").send().unwrap().status(), 429);
    seconds.store(10, Ordering::Relaxed);
    assert_eq!(client.get("/").send().unwrap().status(), 200);
}

/// How many of four requests from each address are answered, in turns.
#[track_caller]
fn check(addresses: &[&str], want: &[usize]) {
    let (app, _) = limited();
    let mut answered = vec![0; addresses.len()];
    for _ in 0..4 {
        for (place, address) in addresses.iter().enumerate() {
            let mut environ = Environ::new(Method::GET, "/");
            environ.set("REMOTE_ADDR", *address).unwrap();
            let status = wsgi::call(&app, &mut environ).unwrap().status();
            answered[place] += usize::from(status == 200);
        }
    }
    assert_eq!(answered, want, "{addresses:?}");
}

#[test]
fn a_client_is_an_address_or_a_network_of_ipv6() {
    check(&["192.0.2.1", "192.0.2.2"], &[3, 3]);
    check(&["192.0.2.1", "::ffff:192.0.2.1"], &[2, 1]);
    check(&["2001:db8::1", "2001:db8::2"], &[2, 1]);
    check(&["2001:db8::1", "2001:db8:0:1::1"], &[3, 3]);
}

#[test]
fn the_app_may_say_who_a_client_is() {
    let (app, _) = limited();
    let key = |environ: &Environ| {
        let key = environ.headers().get("x-key")?;
        Some(key.as_bytes().to_vec())
    };
    let client = Client::new(app.key(key));
    for _ in 0..9 {
        assert_eq!(client.get("/").send().unwrap().status(), 200);
    }
    let asked = |key| client.get("/").header("x-key", key).send().unwrap();
    for _ in 0..3 {
        assert_eq!(asked("one").status(), 200);
    }
    assert_eq!(asked("one").status(), 429);
    assert_eq!(asked("two").status(), 200);
}
