//! One suite, asked of an app and of the same app at work.

use std::io::{Read, Write};

use devserve::http::{Method, SetCookie};
use devserve::net::Address;
use devserve::server::Server;
use devserve::testing::{Client, LiveError};
use devserve::{Request, Response, Result};

fn app(request: &Request<'_>) -> Result<Response> {
    Ok(match request.path().as_ref() {
        "/cookie" => Response::redirect("/echo").set_cookie(SetCookie::new("user", "ada")),
        "/stream" => Response::stream((0..3).map(|step| Ok(format!("{step};")))),
        "/cut" => Response::stream([Ok("a"), Err("no rows".into())]),
        "/fault" => return Err("no rows".into()),
        "/empty" => Response::text("").status(204_u16),
        _ => {
            let user = request.cookies().get("user").unwrap_or_default();
            let data = request.data()?;
            let said = format!("{} {} [{user}]", request.method(), request.path());
            Response::text(format!("{said} {}", String::from_utf8_lossy(data)))
        }
    })
}

fn suite(client: &Client) -> Result<()> {
    assert_eq!(client.get("/a").send()?.text(), "GET /a [] ");
    let posted = client.post("/a").form([("a", "1 2")]).send()?;
    assert_eq!(posted.text(), "POST /a [] a=1+2");
    let streamed = client.put("/a").input(&b"in chunks"[..]).send()?;
    assert_eq!(streamed.text(), "PUT /a [] in chunks");
    let head = client.head("/a").send()?;
    assert_eq!((head.status().as_u16(), head.text().as_ref()), (200, ""));
    let followed = client.post("/cookie").follow_redirects().send()?;
    assert_eq!(followed.text(), "GET /echo [ada] ");
    assert_eq!(followed.history()[0].status(), 303);
    assert_eq!(client.cookie("user").as_deref(), Some("ada"));
    let mut stream = client.get("/stream").stream()?;
    assert_eq!(stream.next().transpose()?.unwrap(), "0;");
    assert_eq!(stream.finish()?.text(), "1;2;");
    assert_eq!(client.get("/fault").send()?.status(), 500);
    assert!(client.get("/cut").send().is_err());
    assert_eq!(client.get("/empty").send()?.status(), 204);
    let large = vec![b'x'; 3 << 20];
    let echoed = client
        .request(Method::POST, "/large")
        .body("text/plain", large)
        .send()?;
    assert_eq!(echoed.bytes().len(), "POST /large [ada] ".len() + (3 << 20));
    Ok(())
}

#[test]
fn one_suite_holds_in_memory_and_at_work() {
    suite(&Client::new(app).answer_faults()).unwrap();
    let serving = Server::new(app)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    let address = serving.address().clone();
    suite(&Client::live(&address)).unwrap();
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let error = Client::live(address).get("/").send().unwrap_err();
    let want = format!("cannot connect to {address}; is the server running?");
    assert_eq!(error.to_string(), want);
    assert!(error.downcast_ref::<LiveError>().is_some());
    let client = Client::live(address);
    let secure = client.get(&format!("https://{address}/")).send();
    let error = secure.unwrap_err().to_string();
    let want = format!("{address} is asked for by https, and the client was made for http;");
    assert!(error.starts_with(&want), "{error}");
}

#[test]
fn the_suite_holds_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let serving = Server::new(app).bind(&Address::unix(&path)).unwrap();
    suite(&Client::live(serving.address())).unwrap();
    drop(serving);
    let error = Client::live(format!("unix:{}", path.display()))
        .get("/")
        .send()
        .unwrap_err();
    let want = format!(
        "cannot connect to unix:{}; is the server running?",
        path.display()
    );
    assert_eq!(error.to_string(), want);
}

#[cfg(feature = "tls")]
#[test]
fn the_suite_holds_with_tls_for_who_trusts_the_server() {
    use devserve::net::{Identity, Trust};

    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::adhoc_in(folder.path(), "127.0.0.1").unwrap();
    let trust = Trust::from_pem(identity.authority().unwrap()).unwrap();
    let serving = Server::new(app)
        .tls(identity)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    let origin = format!("https://{}", serving.address());
    suite(&Client::live(&origin).trust(trust)).unwrap();
    let error = Client::live(&origin).get("/").send().unwrap_err();
    let want = format!("no TLS with {}; a server", serving.address());
    assert!(error.to_string().starts_with(&want), "{error}");
    let error = error.downcast_ref::<LiveError>().unwrap();
    let source = std::error::Error::source(error).unwrap().to_string();
    assert!(source.contains("certificate: UnknownIssuer"), "{source}");
}

#[test]
fn what_is_no_http_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::live(listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for answer in ["SSH-2.0-x\r\n\r\n", ""] {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let error = client.get("/").send().unwrap_err().to_string();
    assert!(error.contains("is not HTTP/1.1"), "{error}");
    let error = client.get("/").send().unwrap_err().to_string();
    assert!(error.ends_with("gave no answer"), "{error}");
    server.join().unwrap();
}
