//! Both bodies at once.

use std::io::{Cursor, Error, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use devserve::http::Method;
use devserve::middleware::HttpProxy;
use devserve::testing::Client;
use devserve::wsgi::{self, App, Body, Environ, Input};
use devserve::{Request, Response};

use super::{PATIENCE, hear, serve};

/// Gives back each part of a body as it comes.
fn echo() -> impl App {
    wsgi::app_fn(|environ| {
        let body = Body::reader(environ.input());
        Ok(wsgi::Reply::new(body))
    })
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

#[test]
fn each_part_is_answered_before_the_next_is_sent() {
    let (_upstream, origin) = serve(echo());
    let (proxy, _) = serve(HttpProxy::new(|_: &Request| "").pass("/", &origin));
    let mut stream = TcpStream::connect(proxy.address().to_string()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for (part, want) in [("one", "3\r\none\r\n"), ("three", "5\r\nthree\r\n")] {
        write!(stream, "{:x}\r\n{part}\r\n", part.len()).unwrap();
        read_until(&mut stream, want);
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(read_until(&mut stream, "0\r\n\r\n"), "0\r\n\r\n");
    // The connection goes on.
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab")
        .unwrap();
    read_until(&mut stream, "2\r\nab\r\n0\r\n\r\n");
}

#[test]
fn an_answer_may_come_in_the_middle_of_the_body() {
    let (_upstream, origin) = serve(|_: &Request| Response::text("no").status(413));
    let (proxy, _) = serve(HttpProxy::new(|_: &Request| "").pass("/", &origin));
    let mut stream = TcpStream::connect(proxy.address().to_string()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nthe beginning";
    stream.write_all(head.as_bytes()).unwrap();
    let answer = read_until(&mut stream, "\r\n\r\nno");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn a_body_that_breaks_off_is_not_taken_for_the_whole() {
    struct Breaking(Cursor<&'static [u8]>);
    impl Read for Breaking {
        fn read(&mut self, place: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(place)? {
                0 => Err(Error::new(ErrorKind::ConnectionReset, "the client is gone")),
                len => Ok(len),
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let upstream = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        hear(&mut stream);
        let mut body = String::new();
        stream.read_to_string(&mut body).unwrap();
        body
    });
    let site = HttpProxy::new(|_: &Request| "").pass("/", &origin);
    let mut environ = Environ::new(Method::PUT, "/");
    let fields = environ.headers_mut();
    fields.insert("transfer-encoding", "chunked".parse().unwrap());
    environ.set_input(Input::new(Breaking(Cursor::new(b"abc"))));
    let error = site.call(&mut environ).unwrap_err();
    assert!(error.to_string().contains("the client is gone"), "{error}");
    assert_eq!(upstream.join().unwrap(), "3\r\nabc\r\n");
}

#[test]
fn a_large_body_goes_there_and_back() {
    let (_upstream, origin) = serve(echo());
    let (_proxy, near) = serve(HttpProxy::new(|_: &Request| "").pass("/", &origin));
    let large: Vec<u8> = (0..8 << 20).map(|place: u32| (place % 251) as u8).collect();
    let client = Client::live(near);
    let answer = client.post("/").body("text/plain", large.clone()).send();
    assert!(answer.unwrap().bytes() == &large[..]);
}
