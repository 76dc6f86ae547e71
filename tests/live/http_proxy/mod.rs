//! Requests passed on to another server.

mod bodies;
mod upgrades;
mod upstreams;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use devserve::http::Method;
use devserve::middleware::{HttpProxy, Upstream};
use devserve::net::Address;
use devserve::server::{Server, Serving};
use devserve::testing::Client;
use devserve::wsgi::{App, Body, Environ, Input};
use devserve::{Request, Response};

const PATIENCE: Duration = Duration::from_secs(10);

fn serve(app: impl App) -> (Serving, String) {
    let serving = Server::new(app)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    let origin = format!("http://{}", serving.address());
    (serving, origin)
}

/// What the other server sees, a line for each thing.
fn told(request: &Request) -> devserve::Result<Response> {
    let field = |name| request.header(name).unwrap_or("-").to_owned();
    let mut body = String::new();
    request.stream().read_to_string(&mut body)?;
    let raw = String::from_utf8_lossy(request.environ().raw_target()).into_owned();
    let lines = [
        format!("{} {raw}", request.method()),
        field("host"),
        field("x-forwarded-for"),
        field("x-forwarded-proto"),
        field("x-forwarded-host"),
        field("x-forwarded-prefix"),
        field("x-own"),
        field("te"),
        body,
    ];
    Ok(Response::text(lines.join("\n"))
        .status(201)
        .add_header("set-cookie", "a=1")
        .add_header("set-cookie", "b=2"))
}

#[test]
fn a_request_goes_there_and_its_answer_comes_back() {
    let (_serving, origin) = serve(told);
    let host = origin.trim_start_matches("http://");
    let site = HttpProxy::new(|_: &Request| "ours")
        .pass("/kept", &origin)
        .pass_below("/api", &format!("{origin}/v2"));
    let client = Client::new(site);
    let answer = client
        .post("/api/a%2Fb?q=1")
        .header("x-own", "mine")
        .header("te", "trailers")
        .header("x-forwarded-for", "192.0.2.9")
        .header("x-forwarded-proto", "gopher")
        .body("text/plain", "the body")
        .send()
        .unwrap();
    let want = format!(
        "POST /v2/a%2Fb?q=1\n{host}\n192.0.2.9, 127.0.0.1\nhttp\nlocalhost\n/api\nmine\n-\nthe body"
    );
    assert_eq!((answer.status().as_u16(), &*answer.text()), (201, &*want));
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.header("connection"), None);

    let forged = client.get("/kept").header("x-forwarded-prefix", "/evil");
    let want = format!("GET /kept\n{host}\n127.0.0.1\nhttp\nlocalhost\n-\n-\n-\n");
    assert_eq!(forged.send().unwrap().text(), want);
    assert_eq!(client.get("/apis").send().unwrap().text(), "ours");
    let head = client.head("/kept").send().unwrap();
    assert_eq!(head.status(), 201);
}

#[test]
fn the_host_may_stay_what_was_asked_for() {
    let (_serving, origin) = serve(|request: &Request| format!("{:?}", request.header("host")));
    let site = HttpProxy::new(|_: &Request| "")
        .pass("/", Upstream::at(&origin).keep_host())
        .pass("/mine", Upstream::at(&origin).host("other.example"));
    let client = Client::new(site);
    let answer = client.get("http://shop.example/").send();
    assert_eq!(answer.unwrap().text(), "Some(\"shop.example\")");
    let answer = client.get("http://shop.example/mine").send();
    assert_eq!(answer.unwrap().text(), "Some(\"other.example\")");
}

#[test]
fn a_field_of_ones_own_goes_along_in_place_of_the_clients() {
    let (_serving, origin) = serve(told);
    let upstream = Upstream::at(&origin).header("x-own", "the site's");
    let site = HttpProxy::new(|_: &Request| "").pass("/", upstream);
    let answer = Client::new(site).get("/").header("x-own", "forged").send();
    let answer = answer.unwrap();
    assert!(answer.text().contains("the site's"), "{}", answer.text());
    assert!(!answer.text().contains("forged"), "{}", answer.text());
}

#[test]
fn an_answer_streams_back_as_it_is_made() {
    let (go_on, wait) = mpsc::channel::<&str>();
    let wait = Arc::new(Mutex::new(wait));
    let (_serving, origin) = serve(devserve::app(move |_| {
        let wait = wait.clone();
        Response::stream(std::iter::from_fn(move || {
            let next = wait.lock().unwrap().recv_timeout(PATIENCE);
            next.ok().map(|chunk| Ok(chunk.to_owned()))
        }))
    }));
    let site = HttpProxy::new(|_: &Request| "").pass("/", &origin);
    let mut go_on = Some(go_on);
    go_on.as_ref().unwrap().send("one").unwrap();
    let reply = site.call(&mut Environ::new(Method::GET, "/")).unwrap();
    let mut seen = Vec::new();
    let body: Body = reply.into_body();
    body.send(&mut |chunk| {
        seen.push(String::from_utf8_lossy(chunk).into_owned());
        match seen.len() {
            1 => go_on.as_ref().unwrap().send("two").unwrap(),
            _ => go_on = None,
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, ["one", "two"]);
}

#[test]
fn a_chunked_body_goes_there_as_it_is_read() {
    let (_serving, origin) = serve(told);
    let site = HttpProxy::new(|_: &Request| "").pass("/", &origin);
    let mut environ = Environ::new(Method::PUT, "/");
    let fields = environ.headers_mut();
    fields.insert("transfer-encoding", "chunked".parse().unwrap());
    let long = "0123456789".repeat(20_000);
    environ.set_input(Input::new(std::io::Cursor::new(long.clone().into_bytes())));
    let reply = site.call(&mut environ).unwrap();
    let body = reply.into_body().collect().unwrap();
    assert!(body.ends_with(long.as_bytes()));
}

/// Reads a request that has no body.
fn hear(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
}

/// The status for a client whose upstream says `answer` to whatever comes, and is then silent.
#[track_caller]
fn check(answer: &'static [u8], ends: bool, want: u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let site = HttpProxy::new(|_: &Request| "")
        .pass("/", &origin)
        .timeout(Duration::from_millis(300));
    let upstream = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        hear(&mut stream);
        stream.write_all(answer).unwrap();
        if !ends {
            // Until the client has had enough.
            stream.read_to_end(&mut Vec::new()).ok();
        }
    });
    let got = Client::new(site).get("/").send().unwrap();
    assert_eq!(got.status(), want, "{}", answer.escape_ascii());
    upstream.join().unwrap();
}

#[test]
fn a_server_that_fails_is_a_bad_gateway_and_a_silent_one_a_timeout() {
    check(b"HTTP/1.1 204 No Content\r\n\r\n", true, 204);
    check(
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 418 T\r\n\r\n",
        true,
        418,
    );
    check(b"", true, 502);
    check(b"HTTP/1.1 200", true, 502);
    check(b"SSH-2.0-OpenSSH\r\n\r\n", true, 502);
    check(b"", false, 504);
    check(b"HTTP/1.1 200 OK\r\n", false, 504);
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let site = HttpProxy::new(|_: &Request| "").pass("/", &format!("http://{free}"));
    assert_eq!(Client::new(site).get("/").send().unwrap().status(), 502);
}

#[test]
fn an_answer_that_breaks_off_is_an_error_and_not_a_short_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        hear(&mut stream);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort";
        stream.write_all(answer).unwrap();
    });
    let site = HttpProxy::new(|_: &Request| "").pass("/", &origin);
    assert!(Client::new(site).get("/").send().is_err());
}
