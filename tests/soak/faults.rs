//! What goes wrong: clients that leave, lie, dawdle or talk nonsense, and apps that fail. The
//! server refuses or cuts, in good time, and never gives an answer that looks whole and is not.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use crate::app::{ASTRAY_BYTES, FILE_BYTES};
use crate::client::{Client, get, post, post_chunked, post_head};
use crate::connection::Connection;
use crate::dice::{bytes, digest};
use crate::good::upgrade_request;
use crate::mix::Scene;
use crate::server::{HEAD_TIMEOUT, WRITE_TIMEOUT};

pub(crate) const SCENES: &[Scene] = &[
    ("reset at once", 10, reset_at_once),
    ("reset in a request", 20, reset_in_request),
    ("reset in an answer", 15, reset_in_answer),
    ("reset after an upgrade", 8, reset_after_upgrade),
    ("half a head", 8, half_head),
    ("half a body", 8, half_body),
    ("body too long", 8, long_body),
    ("body nobody reads", 4, unread_body),
    ("silent in a head", 2, silent_head),
    ("head without end, slowly", 2, trickling_head),
    ("silent in a body", 1, silent_body),
    ("reads nothing", 1, slow_reader),
    ("head without end", 6, endless_head),
    ("garbage", 10, garbage),
    ("malformed", 15, malformed),
    ("bad chunk", 8, bad_chunk),
    ("handler panics", 10, panic),
    ("app fails in its answer", 10, late_failure),
    ("answer too long", 8, long_answer),
    ("broken handshake", 5, broken_handshake),
    ("reset in a tls session", 6, reset_in_session),
    ("plain http to tls", 5, plain_to_secure),
];

impl Client<'_> {
    /// A refusal, with this status and then the connection's end.
    #[track_caller]
    fn refused(&self, connection: &mut Connection<impl Read + Write>, status: u16) {
        let answer = connection.read_answer(false);
        assert_eq!(answer.status, status, "{}", answer.head);
        self.count(&status.to_string());
        connection.expect_end();
    }

    /// Any refusal, or the connection's end; for where the other side may still be sending.
    #[track_caller]
    fn not_served(&self, connection: &mut Connection<impl Read + Write>) {
        match connection.try_answer(false) {
            Ok(answer) => {
                assert!((400..600).contains(&answer.status), "{}", answer.head);
                self.count(&answer.status.to_string());
            }
            Err(_) => self.count("cut"),
        }
        connection.expect_end();
    }
}

fn reset_at_once(client: &mut Client<'_>) {
    client.connect().reset();
    client.count("reset");
}

/// A request that ends anywhere, with a reset or without a word.
fn reset_in_request(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let request = client.any_request();
    connection
        .send(&request[..client.dice.below(request.len())])
        .unwrap();
    match client.dice.once_in(3) {
        true => drop(connection),
        false => connection.reset(),
    }
    client.count("reset");
}

/// An answer of which only so much is taken.
fn reset_in_answer(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let target = match client.dice.below(3) {
        0 => format!("/file/{}", client.dice.below(FILE_BYTES)),
        1 => client.wish_of("stream", 200_000).target,
        _ => client.wish().target,
    };
    connection.send(get(&target)).unwrap();
    connection.skim(1 + client.dice.below(100_000));
    connection.reset();
    client.count("reset");
}

fn reset_after_upgrade(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let answer = connection.ask(upgrade_request());
    assert_eq!(answer.status, 101, "{}", answer.head);
    connection.send(client.upload(100_000)).ok();
    connection.reset();
    client.count("reset");
}

/// A head that ends in its middle.
fn half_head(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let request = get(&client.wish().target);
    let sent = 1 + client.dice.below(request.len() - 1);
    connection.send(&request[..sent]).unwrap();
    connection.finish_sending();
    client.refused(&mut connection, 400);
}

/// A body that ends before its length, or in a chunk: no handler takes it for whole.
fn half_body(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let body = bytes(client.dice.roll(), 1 + client.dice.below(20_000));
    let request = match client.dice.once_in(2) {
        true => post("/digest", &body),
        false => {
            let mut request = post_chunked("/digest").into_bytes();
            request.extend(client.chunked(&body));
            request
        }
    };
    let missing = 1 + client.dice.below(body.len().min(10));
    connection
        .send(&request[..request.len() - missing])
        .unwrap();
    connection.finish_sending();
    client.not_served(&mut connection);
}

/// More than was declared is another request, and none that can be read.
fn long_body(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let body = client.upload(1000);
    let mut request = post("/digest", &body);
    request.extend_from_slice(b"and more\r\n\r\n");
    let answer = connection.ask(request);
    answer.check("/digest", digest(&body).as_bytes());
    client.count("200");
    client.refused(&mut connection, 400);
}

/// More than a server reads away in order to go on.
fn unread_body(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let body = vec![b'x'; (1 << 20) + client.dice.below(1 << 20)];
    // It may fail: the server listens for a while only.
    connection.send(post("/unread", &body)).ok();
    let answer = connection.read_answer(false);
    answer.check("/unread", b"unread\n");
    client.count("200");
    connection.expect_end();
}

/// A head that stops: told so, once its time is over.
fn silent_head(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let begun = Instant::now();
    connection.send("GET / HTTP/1.1\r\nHost: so").unwrap();
    client.refused(&mut connection, 408);
    let elapsed = begun.elapsed();
    assert!(elapsed >= HEAD_TIMEOUT, "after {elapsed:?} already");
}

/// A head that never stops coming, and never comes to its end.
fn trickling_head(client: &mut Client<'_>) {
    let mut connection = client.connect();
    connection
        .send("GET / HTTP/1.1\r\nHost: soak\r\nX-Long: ")
        .unwrap();
    let begun = Instant::now();
    while begun.elapsed() < HEAD_TIMEOUT + Duration::from_millis(400) {
        connection.send("a").ok();
        thread::sleep(Duration::from_millis(50));
    }
    client.not_served(&mut connection);
}

fn silent_body(client: &mut Client<'_>) {
    let mut connection = client.connect();
    connection.send(post_head("/digest", 1000)).unwrap();
    connection.send([b'x'; 10]).unwrap();
    client.not_served(&mut connection);
}

/// A client that reads nothing for longer than the server waits.
fn slow_reader(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let target = match client.dice.once_in(2) {
        true => "/file/0".to_owned(),
        false => format!("/range/0/{FILE_BYTES}"),
    };
    connection.send(get(&target)).unwrap();
    // A write that got half its bytes away is waited for once more.
    thread::sleep(WRITE_TIMEOUT.mul_f32(2.5));
    match connection.try_answer(false) {
        Ok(answer) if answer.is_whole => {
            answer.check(&target, &client.world.file);
            client.count("200");
        }
        Ok(answer) => {
            answer.check_cut(&target, &client.world.file);
            client.count("cut");
        }
        Err(_) => client.count("cut"),
    }
}

fn endless_head(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let line_is_endless = client.dice.once_in(2);
    connection.send("GET /").unwrap();
    if !line_is_endless {
        connection.send(" HTTP/1.1\r\nHost: soak\r\n").unwrap();
    }
    let more = match line_is_endless {
        true => "a".repeat(1000),
        false => format!("X-More: {}\r\n", "a".repeat(1000)),
    };
    for _ in 0..200 {
        if connection.send(&more).is_err() {
            break;
        }
    }
    match connection.try_answer(false) {
        Ok(answer) => {
            let status = if line_is_endless { 414 } else { 431 };
            assert_eq!(answer.status, status, "{}", answer.head);
            client.count(&status.to_string());
        }
        Err(_) => client.count("cut"),
    }
}

fn garbage(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let garbage = bytes(client.dice.roll(), 1 + client.dice.below(5000));
    connection.send(garbage).ok(); // the server may have had enough before its end
    connection.finish_sending();
    client.not_served(&mut connection);
}

/// Requests that could be read in two ways, or in none.
fn malformed(client: &mut Client<'_>) {
    const CASES: [(&str, u16); 8] = [
        (
            "POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
            400,
        ),
        (
            "POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            400,
        ),
        (
            "POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
            400,
        ),
        ("GET /digest HTTP/1.1\r\n\r\n", 400),
        ("GET /digest HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        ("GET /digest HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (
            "POST /digest HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n",
            417,
        ),
    ];
    let mut connection = client.connect();
    let (request, status) = CASES[client.dice.below(CASES.len())];
    connection.send(request).unwrap();
    client.refused(&mut connection, status);
}

fn bad_chunk(client: &mut Client<'_>) {
    const CHUNKS: [&str; 4] = [
        "zz\r\nabc\r\n",
        "-3\r\nabc\r\n",
        "2\r\nabc\r\n",
        "3\r\nabc  0\r\n",
    ];
    let mut connection = client.connect();
    let chunk = CHUNKS[client.dice.below(CHUNKS.len())];
    connection
        .send(format!("{}{chunk}\r\n\r\n", post_chunked("/echo")))
        .unwrap();
    client.not_served(&mut connection);
}

/// A handler that panics costs its own request only, and its connection at most.
fn panic(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let answer = connection.ask(get("/panic"));
    assert_eq!(answer.status, 500, "{}", answer.head);
    client.count("500");
    if answer.field("connection") == Some("close") {
        return connection.expect_end();
    }
    let wish = client.wish();
    let answer = connection.ask(get(&wish.target));
    client.check(&answer, &wish);
}

/// An app that fails when half of its answer is on the wire, or gives less than it declared.
fn late_failure(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let seed = client.dice.roll();
    let target = match client.dice.below(3) {
        0 => format!("/late-error/{seed}"),
        1 => format!("/late-panic/{seed}"),
        _ => format!("/astray/{seed}/1000/{}", 1000 + ASTRAY_BYTES),
    };
    connection.send(get(&target)).unwrap();
    let answer = connection.try_answer(false).unwrap();
    answer.check_cut(&target, &bytes(seed, 1000));
    client.count("cut");
    connection.expect_end();
}

/// An app that gives more than it declared: the rest is left out, and the next answer is right.
fn long_answer(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let seed = client.dice.roll();
    let target = format!("/astray/{seed}/{}/1000", 1000 + ASTRAY_BYTES);
    connection
        .ask(get(&target))
        .check(&target, &bytes(seed, 1000));
    client.count("200");
    let wish = client.wish();
    let answer = connection.ask(get(&wish.target));
    client.check(&answer, &wish);
}

/// A handshake that breaks off, or is none.
fn broken_handshake(client: &mut Client<'_>) {
    let begun = Instant::now();
    let mut connection = client.connect_secure();
    let mut hello = Vec::new();
    connection.stream.conn.write_tls(&mut hello).unwrap();
    let mut connection = Connection::over(connection.stream.sock);
    match client.dice.below(4) {
        0 => {
            let sent = client.dice.below(hello.len());
            connection.send(&hello[..sent]).unwrap();
            connection.reset();
            client.count("reset");
        }
        1 => {
            connection.send(&hello).unwrap();
            connection.skim(500);
            connection.reset();
            client.count("reset");
        }
        2 => {
            hello[10..].fill(0xff);
            connection.send(&hello).unwrap();
            connection.read_rest(&mut Vec::new()).ok(); // an alert, perhaps
            client.count("cut");
        }
        _ => {
            connection.send(&hello[..hello.len() / 2]).unwrap();
            connection.expect_end();
            let elapsed = begun.elapsed();
            assert!(elapsed >= HEAD_TIMEOUT, "after {elapsed:?} already");
            client.count("cut");
        }
    }
}

/// TLS that ends without a farewell, before or within an answer.
fn reset_in_session(client: &mut Client<'_>) {
    let mut connection = client.connect_secure();
    connection.send(get("/file/0")).unwrap();
    connection.skim(1 + client.dice.below(100_000));
    let session: ClientConnection = connection.stream.conn;
    drop(session);
    Connection::over(connection.stream.sock).reset();
    client.count("reset");
}

fn plain_to_secure(client: &mut Client<'_>) {
    let mut connection = Connection::open(client.world.server.secure).unwrap();
    connection.send(get("/tea")).unwrap();
    client.refused(&mut connection, 308);
}
