//! What decent clients do. Every answer must come, and be right.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use crate::app::FILE_BYTES;
use crate::client::{Client, get, post, post_chunked, post_head};
use crate::connection::{Answer, Connection};
use crate::dice::{bytes, digest};
use crate::mix::Scene;

pub(crate) const SCENES: &[Scene] = &[
    ("keep-alive", 20, keep_alive),
    ("tls", 10, secure),
    ("pipelined", 10, pipelined),
    ("upload", 10, upload),
    ("upload that comes back", 5, mirror),
    ("head in drops", 5, in_drops),
    ("100-continue", 10, hundred_continue),
    ("download", 8, download),
    ("idle connection", 60, idle),
    ("connection: close", 15, close),
    ("half-close", 10, half_close),
    ("blocking handler", 15, block),
    ("upgrade", 10, upgrade),
    ("burst of connections", 2, burst),
];

/// Idle connections that are kept.
const IDLE: usize = 250;
/// Connections opened at once.
const BURST: usize = 100;

/// One request after the other on one connection.
fn keep_alive(client: &mut Client<'_>) {
    let mut connection = client.connect();
    for _ in 0..=client.dice.below(20) {
        converse(client, &mut connection);
    }
}

fn secure(client: &mut Client<'_>) {
    let mut connection = client.connect_secure();
    for _ in 0..=client.dice.below(10) {
        converse(client, &mut connection);
    }
}

/// A request of any kind, and its answer.
fn converse(client: &mut Client<'_>, connection: &mut Connection<impl Read + Write>) {
    match client.dice.below(8) {
        0 => {
            let wish = client.wish_of("bytes", 1000);
            let answer = connection.ask(get(&wish.target).replacen("GET", "HEAD", 1));
            answer.check(&wish.target, b"");
            assert_eq!(answer.field("content-length"), Some("1000"));
            client.count("200");
        }
        1 => {
            let body = client.upload(50_000);
            let answer = connection.ask(post("/digest", &body));
            check_upload(client, &answer, "/digest", &body);
        }
        2 => {
            let body = client.upload(50_000);
            let mut request = post_chunked("/echo").into_bytes();
            request.extend(client.chunked(&body));
            let answer = connection.ask(request);
            check_upload(client, &answer, "/echo", &body);
        }
        3 => {
            // Little enough that the server reads it away and goes on.
            let answer = connection.ask(post("/unread", &[b'x'; 1000]));
            answer.check("/unread", b"unread\n");
            client.count("200");
        }
        _ => {
            let wish = client.wish();
            let answer = connection.ask(get(&wish.target));
            client.check(&answer, &wish);
        }
    }
}

fn check_upload(client: &Client<'_>, answer: &Answer, target: &str, body: &[u8]) {
    match target {
        "/digest" => answer.check(target, digest(body).as_bytes()),
        _ => answer.check(target, body),
    }
    client.count("200");
}

/// Many requests in one breath; their answers come in this order.
fn pipelined(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let wishes: Vec<_> = (0..2 + client.dice.below(30))
        .map(|_| client.wish())
        .collect();
    let sent: String = wishes.iter().map(|wish| get(&wish.target)).collect();
    // In two pieces, cut anywhere.
    let (first, rest) = sent.split_at(client.dice.below(sent.len()));
    connection.send(first).unwrap();
    thread::yield_now();
    connection.send(rest).unwrap();
    for wish in &wishes {
        let answer = connection.read_answer(false);
        client.check(&answer, wish);
    }
}

/// A large body, in pieces and with pauses, with or without its length told before.
fn upload(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let body = client.upload(400_000);
    let target = match client.dice.below(3) {
        0 => "/echo",
        _ => "/digest",
    };
    let request = match client.dice.once_in(2) {
        true => post(target, &body),
        false => {
            let mut request = post_chunked(target).into_bytes();
            request.extend(client.chunked(&body));
            request
        }
    };
    let mut rest = &request[..];
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(1 + client.dice.below(100_000)));
        connection.send(piece).unwrap();
        thread::sleep(Duration::from_millis(client.dice.below(5) as u64));
        rest = after;
    }
    let answer = connection.read_answer(false);
    check_upload(client, &answer, target, &body);
    converse(client, &mut connection);
}

/// The body comes back while it is sent.
fn mirror(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let body = client.upload(400_000);
    let mut stream = connection.stream.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| stream.write_all(&post("/mirror", &body)).unwrap());
        let answer = connection.read_answer(false);
        check_upload(client, &answer, "/mirror", &body);
    });
}

/// A head in drops, still in good time.
fn in_drops(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let wish = client.wish();
    for drop in get(&wish.target).as_bytes().chunks(10) {
        connection.send(drop).unwrap();
        thread::yield_now();
    }
    let answer = connection.read_answer(false);
    client.check(&answer, &wish);
}

/// A client that asks before it sends.
fn hundred_continue(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let body = client.upload(30_000);
    let expect = |target| {
        post_head(target, body.len()).replacen("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", 1)
    };
    // Nobody reads an empty body, and so nobody is asked for it.
    if !body.is_empty() {
        let first = connection.ask(expect("/digest"));
        assert_eq!(first.status, 100, "{}", first.head);
        connection.send(&body).unwrap();
        let answer = connection.read_answer(false);
        check_upload(client, &answer, "/digest", &body);
    }
    let answer = connection.ask(expect("/unread"));
    answer.check("/unread", b"unread\n");
    client.count("200");
}

/// A file whole or from somewhere on, or a long stream.
fn download(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let from = match client.dice.once_in(3) {
        true => 0,
        false => client.dice.below(FILE_BYTES),
    };
    let file = &client.world.file[from..];
    match client.dice.below(3) {
        0 => {
            let target = format!("/file/{from}");
            connection.ask(get(&target)).check(&target, file);
            client.count("200");
        }
        1 => {
            let len = client.dice.below(file.len());
            let target = format!("/range/{from}/{len}");
            connection.ask(get(&target)).check(&target, &file[..len]);
            client.count("200");
        }
        _ => {
            let len = client.dice.below(1 << 20);
            let wish = client.wish_of("stream", len);
            let answer = connection.ask(get(&wish.target));
            client.check(&answer, &wish);
        }
    }
    converse(client, &mut connection);
}

/// A connection that has been idle for a while, among hundreds that are.
fn idle(client: &mut Client<'_>) {
    let kept = {
        let mut idle = client.world.idle.lock().unwrap();
        match idle.len() {
            IDLE => {
                let at = client.dice.below(IDLE);
                Some(idle.swap_remove(at))
            }
            _ => None,
        }
    };
    let mut connection = kept.unwrap_or_else(|| client.connect());
    converse(client, &mut connection);
    let mut idle = client.world.idle.lock().unwrap();
    if idle.len() < IDLE {
        idle.push(connection);
    }
}

/// One request to a connection, as HTTP/1.1 and 1.0 say that.
fn close(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let wish = client.wish();
    let request = match client.dice.once_in(2) {
        true => get(&wish.target).replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1),
        false => get(&wish.target).replacen("HTTP/1.1", "HTTP/1.0", 1),
    };
    let answer = connection.ask(request);
    client.check(&answer, &wish);
    connection.expect_end();
}

/// A client that says that it will send no more is answered all the same.
fn half_close(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let wish = client.wish();
    connection.send(get(&wish.target)).unwrap();
    connection.finish_sending();
    let answer = connection.read_answer(false);
    client.check(&answer, &wish);
    connection.expect_end();
}

/// Handlers that take their time.
fn block(client: &mut Client<'_>) {
    let mut connection = client.connect();
    for _ in 0..=client.dice.below(5) {
        let wish = client.wish_to_wait(20);
        let answer = connection.ask(get(&wish.target));
        client.check(&answer, &wish);
    }
}

/// Leaves HTTP; both sides speak at once.
fn upgrade(client: &mut Client<'_>) {
    let mut connection = client.connect();
    let seed = client.dice.roll();
    let sent = bytes(seed, client.dice.below(200_000));
    let mut stream = connection.stream.try_clone().unwrap();
    let answer = connection.ask(upgrade_request());
    assert_eq!(answer.status, 101, "{}", answer.head);
    let mut back = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| stream.write_all(&sent).unwrap());
        connection.read_exact(sent.len(), &mut back).unwrap();
    });
    let wanted = sent.iter().map(|byte| byte.wrapping_add(1));
    assert!(
        back.iter().copied().eq(wanted),
        "{} bytes came back wrong",
        back.len()
    );
    connection.finish_sending();
    connection.expect_end();
    client.count("101");
}

pub(crate) fn upgrade_request() -> String {
    get("/upgrade").replacen(
        "\r\n\r\n",
        "\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
        1,
    )
}

/// A hundred connections at once: all are served.
fn burst(client: &mut Client<'_>) {
    let _crowd = client.world.crowd.lock();
    let wishes: Vec<_> = (0..BURST).map(|_| client.wish_to_wait(10)).collect();
    let mut connections: Vec<_> = wishes.iter().map(|_| client.connect()).collect();
    for (connection, wish) in connections.iter_mut().zip(&wishes) {
        connection.send(get(&wish.target)).unwrap();
    }
    for (connection, wish) in connections.iter_mut().zip(&wishes) {
        let answer = connection.read_answer(false);
        client.check(&answer, wish);
    }
}
