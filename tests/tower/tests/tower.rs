//! Apps under axum, and axum under an app's server.

use std::io::{Read, Write};
use std::net::TcpStream;

use axum::extract::Path;
use axum::routing::{get, post};
use devserve::gateways::tower::{AppService, ServiceApp};
use devserve::net::Address;
use devserve::server::Server;
use devserve::testing::Client;
use devserve::wsgi::{self, Body, Reply};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// Sends a request to a server and reads the answer to the end of the connection.
fn talk(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(10)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A cut answer may end in a reset.
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

fn app() -> impl wsgi::App {
    wsgi::application(|environ, start_response| {
        let mut body = String::new();
        environ.input().read_to_string(&mut body)?;
        let path = environ.path().into_owned();
        match &*path {
            "/tea/err" => return Err("no rows".into()),
            "/tea/panic" => panic!("no rows"),
            _ => {}
        }
        let mut write = start_response.start("203 Tea", [("Content-Type", "text/plain")])?;
        write.write_all(path.as_bytes())?;
        Ok(match &*path {
            "/tea/late" => Body::chunks([Ok("some"), Err("no more rows".into())]),
            _ => body.into(),
        })
    })
}

#[test]
fn an_app_answers_inside_axum() {
    let runtime = runtime();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = axum::Router::new()
        .route("/axum", get(async || "axum"))
        .fallback_service(AppService::new(app()));
    runtime.spawn(async { axum::serve(listener, router).await });
    let ask = |method: &str, path: &str, body: &str| {
        let len = body.len();
        talk(
            &address,
            &format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
            ),
        )
    };
    assert!(ask("GET", "/axum", "").ends_with("axum"));
    let answer = ask("POST", "/tea/x?y", "milk");
    assert!(
        answer.starts_with("HTTP/1.1 203 ") && answer.contains("/tea/x") && answer.contains("milk"),
        "{answer}"
    );
    for path in ["/tea/err", "/tea/panic"] {
        let answer = ask("GET", path, "");
        assert!(
            answer.starts_with("HTTP/1.1 500 ") && !answer.contains("no rows"),
            "{answer}"
        );
    }
    // Hyper may not even have sent the head by then; what counts is that no end is pretended.
    let late = ask("GET", "/tea/late", "");
    assert!(!late.contains("0\r\n\r\n"), "the client must notice: {late}");
    let head = ask("HEAD", "/tea", "");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
}

fn router() -> axum::Router {
    axum::Router::new()
        .route(
            "/hello/{name}",
            get(async |Path(name): Path<String>| format!("Hello, {name}!")),
        )
        .route("/shout", post(async |body: String| body.to_uppercase()))
        .route(
            "/later",
            get(async || {
                tokio::task::spawn(async { tokio::task::yield_now().await })
                    .await
                    .ok();
                "later"
            }),
        )
}

#[test]
fn an_axum_router_answers_as_an_app() {
    let runtime = runtime();
    let client = Client::new(ServiceApp::new(router(), runtime.handle().clone()));
    assert_eq!(
        client.get("/hello/Ada").send().unwrap().text(),
        "Hello, Ada!"
    );
    assert_eq!(
        client
            .post("/shout")
            .body("text/plain", "tea")
            .send()
            .unwrap()
            .text(),
        "TEA"
    );
    assert_eq!(client.get("/later").send().unwrap().text(), "later");
    assert_eq!(client.get("/nowhere").send().unwrap().status(), 404);
}

#[test]
fn an_axum_router_answers_behind_our_engine_and_under_our_middleware() {
    let runtime = runtime();
    let inner = ServiceApp::new(router(), runtime.handle().clone());
    let app = wsgi::app_fn(move |environ| {
        let mut reply: Reply = wsgi::App::call(&inner, environ)?;
        reply.headers_mut().insert("x-from", "middleware".parse()?);
        Ok(reply)
    });
    let serving = Server::new(app)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    let answer = talk(
        &serving.address().to_string(),
        "POST /shout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\ntea\r\n0\r\n\r\n",
    );
    assert!(
        answer.ends_with("\r\n\r\nTEA") && answer.contains("X-From: middleware"),
        "{answer}"
    );
}
