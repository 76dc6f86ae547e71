use super::*;

fn read_from(wire: &[u8], searched: usize) -> Result<Option<(RequestHead, usize)>, Fault> {
    let limits = Limits::default();
    match request_len(wire, searched, &limits)? {
        Some(len) => read_request(&Bytes::copy_from_slice(&wire[..len]), &limits)
            .map(|head| Some((head, len))),
        None => Ok(None),
    }
}

fn read(wire: &[u8]) -> Result<Option<(RequestHead, usize)>, Fault> {
    read_from(wire, 0)
}

/// Reads a head that is whole, at once and as if it had come byte by byte.
#[track_caller]
fn check(head: &str, want: Result<Framing, Fault>) {
    let bytes = Bytes::copy_from_slice(head.as_bytes());
    let mut stepwise = Ok(None);
    for end in 1..=bytes.len() {
        stepwise = read_from(&bytes[..end], end - 1);
        if !matches!(stepwise, Ok(None)) {
            break;
        }
    }
    for got in [read(head.as_bytes()), stepwise] {
        let got = got.map(|got| got.expect("the head is whole").0.framing);
        assert_eq!(got, want, "{head:?}");
    }
}

fn get(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

#[test]
fn reads_a_head_and_leaves_the_rest() {
    let wire = b"\r\nPOST /a?b HTTP/1.1\r\nHost: x:80\r\nContent-Length: 3\r\nX-Caf\x65: \xe9 \r\n\r\nabcGET";
    let (head, len) = read(wire).unwrap().unwrap();
    assert_eq!(&wire[len..], b"abcGET");
    assert_eq!(
        (head.method, head.framing),
        (Method::POST, Framing::Length(3))
    );
    assert_eq!(
        (head.target.path.as_ref(), head.target.query.as_ref()),
        (&b"/a"[..], &b"b"[..])
    );
    assert_eq!(head.headers["x-cafe"].as_bytes(), b"\xe9"); // latin-1 passes, blanks around it do not
}

#[test]
fn waits_for_the_whole_head() {
    assert!(read(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap().is_none());
    assert!(read(b"").unwrap().is_none());
    assert!(read(b"\r\n\r\n").unwrap().is_none());
}

#[test]
fn the_request_line_is_three_words() {
    let host = "\r\nHost: a\r\n\r\n";
    for line in [
        "GET / HTTP/1.1",
        "get / HTTP/1.1",
        "BREW /pot HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET http://b/ HTTP/1.1",
    ] {
        check(&format!("{line}{host}"), Ok(Framing::None));
    }
    for line in [
        "GET /",
        "GET / HTTP/1.1 x",
        "GET  / HTTP/1.1",
        " GET / HTTP/1.1",
        "G@T / HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/11",
    ] {
        check(&format!("{line}{host}"), Err(Fault::RequestLine));
    }
    for line in [
        "GET path HTTP/1.1",
        "GET * HTTP/1.1",
        "GET /a#b HTTP/1.1",
        "GET ftp://b/ HTTP/1.1",
    ] {
        check(&format!("{line}{host}"), Err(Fault::Target));
    }
    for line in [
        "GET / HTTP/2.0",
        "GET / HTTP/0.9",
        "PRI * HTTP/2.0",
        "GET / HTTP/1.2",
    ] {
        check(&format!("{line}{host}"), Err(Fault::Version));
    }
    check(&format!("CONNECT a:80 HTTP/1.1{host}"), Err(Fault::Connect));
}

#[test]
fn host_is_there_once_and_is_a_host() {
    check("GET / HTTP/1.1\r\n\r\n", Err(Fault::Host));
    check("GET / HTTP/1.0\r\n\r\n", Ok(Framing::None));
    check(&get("Host: b\r\n"), Err(Fault::Host));
    for host in ["a/b", "a b", "a@b", "[::1", "a:b", "a:80:80"] {
        check(
            &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            Err(Fault::Host),
        );
    }
    for host in ["", "a.example", "a:80", "a:", "[::1]:80"] {
        check(
            &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            Ok(Framing::None),
        );
    }
}

#[test]
fn fields_are_strict_about_what_can_smuggle() {
    for field in [
        "X : 1",
        " X: 1",
        "X\r\n",
        "X: a\r\n b",
        ": 1",
        "X@: 1",
        "X: \0",
        "X: a\rb",
    ] {
        check(&get(&format!("{field}\r\n")), Err(Fault::Field));
    }
    check("GET / HTTP/1.1\nHost: a\n\n", Ok(Framing::None)); // bare LF ends a line (RFC 9112 §2.2)
}

#[test]
fn a_length_is_one_decimal_number() {
    check(&get("Content-Length: 5\r\n"), Ok(Framing::Length(5)));
    check(&get("Content-Length: 007\r\n"), Ok(Framing::Length(7)));
    check(&get("Content-Length: 0\r\n"), Ok(Framing::None));
    for length in [
        "-1",
        "+1",
        "1,1",
        "1 1",
        "0x1",
        "",
        "1.0",
        "9223372036854775808",
        "18446744073709551616",
    ] {
        check(
            &get(&format!("Content-Length: {length}\r\n")),
            Err(Fault::ContentLength),
        );
    }
    check(
        &get("Content-Length: 1\r\nContent-Length: 1\r\n"),
        Err(Fault::ContentLength),
    );
}

#[test]
fn a_coding_is_chunked_and_nothing_else() {
    check(&get("Transfer-Encoding: chunked\r\n"), Ok(Framing::Chunked));
    check(&get("Transfer-Encoding: CHUNKED\r\n"), Ok(Framing::Chunked));
    check(
        &get("Transfer-Encoding: gzip, chunked\r\n"),
        Err(Fault::Coding),
    );
    for coding in ["gzip", "chunked, gzip", "", "xchunked", "\"chunked\""] {
        check(
            &get(&format!("Transfer-Encoding: {coding}\r\n")),
            Err(Fault::TransferEncoding),
        );
    }
    check(
        &get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        Err(Fault::TransferEncoding),
    );
    check(
        &get("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
        Err(Fault::TransferEncoding),
    );
    check(
        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        Err(Fault::TransferEncoding),
    );
}

#[test]
fn heads_have_limits() {
    let long = "a".repeat(70 << 10);
    check(
        &format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        Err(Fault::RequestLineTooLong { limit: 16 << 10 }),
    );
    assert_eq!(read(long.as_bytes()).unwrap_err().status(), 414); // an endless line needs no end
    let blank = "\n".repeat(17 << 10);
    check(&format!("{blank}{long}\r\n\r\n"), Err(Fault::RequestLine));
    check(
        &get(&format!("X: {long}\r\n")),
        Err(Fault::HeadTooLong { limit: 64 << 10 }),
    );
    check(
        &get(&"X: 1\r\n".repeat(128)),
        Err(Fault::TooManyFields { limit: 128 }),
    );
}

#[test]
fn expectations_are_met_or_refused() {
    let expectation =
        |fields: &str| read(get(fields).as_bytes()).map(|head| head.unwrap().0.expectation);
    assert_eq!(
        expectation("Expect: 100-Continue\r\nContent-Length: 3\r\n"),
        Ok(Expectation::Continue)
    );
    assert_eq!(
        expectation("Expect: 100-continue\r\n"),
        Ok(Expectation::None)
    ); // nothing to wait for
    assert_eq!(expectation("Expect: cake\r\n"), Err(Fault::Expectation));
}

#[test]
fn persistence_follows_version_and_connection() {
    let persistence = |head: &str| read(head.as_bytes()).unwrap().unwrap().0.persistence;
    assert_eq!(persistence(&get("")), Persistence::KeepAlive);
    assert_eq!(
        persistence(&get("Connection: foo, Close\r\n")),
        Persistence::Close
    );
    assert_eq!(persistence("GET / HTTP/1.0\r\n\r\n"), Persistence::Close);
    assert_eq!(
        persistence("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
        Persistence::KeepAlive
    );
}

#[test]
fn an_absolute_target_outweighs_the_host_field() {
    let (head, _) = read(b"GET http://b:81/p HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap()
        .unwrap();
    assert_eq!(head.headers["host"], "b:81");
}

#[track_caller]
fn check_passed_on(wire: &str, want: &str) {
    let (head, _) = read(wire.as_bytes()).unwrap().unwrap();
    let mut out = Vec::new();
    write_request(&mut out, &head, head.framing, &[("x-peer", b"127.0.0.1:9")]);
    assert_eq!(String::from_utf8(out).unwrap(), want, "{wire:?}");
}

#[test]
fn the_next_hop_gets_no_field_about_this_connection() {
    check_passed_on(
        "POST /p HTTP/1.1\r\nHost: a\r\nConnection: x-once\r\nX-Once: 1\r\nTE: trailers\r\nX-Peer: forged\r\nContent-Length: 3\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Peer: 127.0.0.1:9\r\n\r\n",
    );
}

#[test]
fn the_next_hop_gets_the_host_whatever_connection_lists() {
    check_passed_on(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Peer: 127.0.0.1:9\r\n\r\n",
    );
}

#[test]
fn what_http_1_0_expects_is_ignored_at_the_next_hop_too() {
    check_passed_on(
        "POST / HTTP/1.0\r\nHost: a\r\nExpect: cake\r\nContent-Length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Peer: 127.0.0.1:9\r\n\r\n",
    );
}
