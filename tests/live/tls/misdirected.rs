//! Plain HTTP on a TLS port.

use std::io::Write;
use std::sync::{Mutex, mpsc};

use devserve::net::{Address, Identity};
use devserve::server::Server;
use devserve::wsgi::{self, Reply};

use super::{PATIENCE, Secure, dial, read_to_end};

/// What a plain request is answered with: the status line, `Location`, and the page.
#[track_caller]
fn check(sent: &str, status_line: &str, location: Option<&str>, page: &str) {
    let secure = Secure::new(wsgi::app_fn(|_| Ok(Reply::new("never".into()))));
    let mut stream = secure.dial();
    stream.write_all(sent.as_bytes()).unwrap();
    let answer = read_to_end(&mut stream);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(head.lines().next(), Some(status_line));
    let told = head
        .lines()
        .find_map(|line| line.strip_prefix("Location: "));
    assert_eq!(told, location, "{head}");
    assert!(body.contains(page), "{body}");
    assert!(head.contains("Connection: close"), "{head}");
}

#[test]
fn plain_requests_are_sent_to_https() {
    let moved = "HTTP/1.1 308 Permanent Redirect";
    check(
        "GET /a?b=<c>&d HTTP/1.1\r\nHost: localhost:8443\r\n\r\n",
        moved,
        Some("https://localhost:8443/a?b=<c>&d"),
        "<a href=\"https://localhost:8443/a?b=&lt;c&gt;&amp;d\">",
    );
    check(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
        moved,
        Some("https://localhost/"),
        "This port speaks HTTPS",
    );
    check(
        "GET http://shop.test/a HTTP/1.1\r\nHost: shop.test\r\n\r\n",
        moved,
        Some("https://shop.test/a"),
        "This port speaks HTTPS",
    );
    check(
        "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        moved,
        Some("https://localhost/"),
        "",
    );
}

#[test]
fn where_no_host_is_told_there_is_nowhere_to_send() {
    let bad = "HTTP/1.1 400 Bad Request";
    let page = "Ask again with <code>https://";
    check("GET / HTTP/1.0\r\n\r\n", bad, None, page);
    check("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", bad, None, page);
    check("nonsense\r\n\r\n", bad, None, "400 Bad Request: ");
}

#[test]
fn a_redirect_leaves_a_record() {
    let (sender, records) = mpsc::channel();
    let sender = Mutex::new(sender);
    let folder = tempfile::tempdir().unwrap();
    let serving = Server::new(wsgi::app_fn(|_| Ok(Reply::new("never".into()))))
        .tls(Identity::adhoc_in(folder.path(), "127.0.0.1").unwrap())
        .records(move |record| {
            let status = record.status.map(|status| status.as_u16());
            let line = (record.target_text(), status, record.body_bytes);
            sender.lock().unwrap().send(line).unwrap();
        })
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    let mut stream = dial(&serving.address().to_string());
    let sent = b"GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(sent).unwrap();
    let answer = read_to_end(&mut stream);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let record = records.recv_timeout(PATIENCE).unwrap();
    assert_eq!(record, ("/a?b".into(), Some(308), body.len() as u64));
}
