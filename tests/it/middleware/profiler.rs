//! How long requests take.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use devserve::middleware::Profiler;
use devserve::testing::Client;
use devserve::wsgi::App;
use devserve::{Request, Response};

/// A profiled app that takes as many milliseconds as its path says, half of it in its body.
fn profiled() -> Profiler<impl App> {
    let millis = Arc::new(AtomicU64::new(0));
    let (now, start) = (millis.clone(), Instant::now());
    let app = devserve::app(move |request: &Request| -> devserve::Result<Response> {
        let path = request.path().into_owned();
        let half = path
            .trim_start_matches('/')
            .parse::<u64>()
            .map_or(5, |time| time / 2);
        millis.fetch_add(half, Ordering::Relaxed);
        match &*path {
            "/fails" => Err("no".into()),
            "/panics" => panic!("no"),
            _ => {
                let millis = millis.clone();
                Ok(Response::stream((0..1).map(move |_| {
                    millis.fetch_add(half, Ordering::Relaxed);
                    Ok("x")
                })))
            }
        }
    });
    Profiler::new(app, "/profile")
        .clock(move || start + Duration::from_millis(now.load(Ordering::Relaxed)))
}

#[test]
fn requests_are_counted_and_timed_to_the_end_of_their_bodies() {
    let client = Client::new(profiled());
    for target in ["/10", "/10", "/40?q=<b>", "/fails"] {
        drop(client.get(target).send());
    }
    drop(catch_unwind(AssertUnwindSafe(|| {
        client.post("/panics").send()
    })));
    let json = client.get("/profile").header("accept", "application/json");
    let json = json.send().unwrap();
    let row = |name: &str, count, failed, total, each| {
        format!(
            "{{\"name\":\"{name}\",\"count\":{count},\"failed\":{failed},\"total_ms\":{total}.000,\
             \"mean_ms\":{each}.000,\"p50_ms\":{each}.000,\"p95_ms\":{each}.000,\"max_ms\":{each}.000}}"
        )
    };
    let rows = [
        row("GET /40", 1, 0, 40, 40),
        row("GET /10", 2, 0, 20, 10),
        row("GET /fails", 1, 1, 5, 5),
        row("POST /panics", 1, 1, 5, 5),
    ];
    let want = format!("{{\"requests\":[{}],\"slowest\":[", rows.join(","));
    assert!(json.text().starts_with(&want), "{}", json.text());
    assert!(
        json.text()
            .contains("{\"request\":\"GET /40?q=<b>\",\"status\":200,\"ms\":40.000}")
    );
}

#[test]
fn the_tables_come_in_three_forms_and_are_not_timed() {
    let client = Client::new(profiled());
    client.get("/10").send().unwrap();
    let check = |accept: &str, kind: &str, text: &str| {
        let answer = client
            .get("/profile")
            .header("accept", accept)
            .send()
            .unwrap();
        assert_eq!(answer.header("content-type"), Some(kind));
        assert!(answer.text().contains(text), "{}", answer.text());
        assert!(!answer.text().contains("/profile"), "{}", answer.text());
    };
    check(
        "text/html",
        "text/html; charset=utf-8",
        "<th scope=\"row\">GET /10</th>",
    );
    let page = client.get("/profile").header("accept", "text/html").send();
    let page = page.unwrap();
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    check("application/json", "application/json", "\"GET /10\"");
    check("text/plain", "text/plain; charset=utf-8", "  GET /10\n");
    assert_eq!(client.post("/profile").send().unwrap().status(), 405);
    assert_eq!(client.delete("/profile").send().unwrap().status(), 204);
    let empty = client.get("/profile").send().unwrap();
    assert!(!empty.text().contains("GET /10"));
}

#[test]
fn requests_can_be_named_by_the_app() {
    let profiler = Arc::new(profiled().name_by(|environ| format!("{} any", environ.method())));
    let client = Client::new(profiler.clone());
    for target in ["/1", "/2", "/3"] {
        client.get(target).send().unwrap();
    }
    let report = profiler.report();
    assert_eq!((report.rows.len(), report.rows[0].count), (1, 3));
    assert_eq!(report.rows[0].name, "GET any");
}
