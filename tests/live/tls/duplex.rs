//! Both directions at once, and more in each than any buffer holds.

use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc;

use bytes::Bytes;
use devserve::wsgi::{self, Body, Environ, Reply, Result};
use rustix::event::{PollFd, PollFlags, poll};

use super::{Client, Secure};
use crate::engine::websocket;

const BYTES: usize = 12 << 20;
const PART: usize = 4096;

#[test]
fn an_upload_and_a_download_do_not_wait_for_each_other() {
    let secure = Secure::new(wsgi::app_fn(count_and_stream));
    let mut client = secure.connect();
    client.write_all(head().as_bytes()).unwrap();
    let answer = exchange(&mut client, &upload());
    check(&answer);
}

#[test]
fn a_client_that_does_not_read_can_still_send() {
    let secure = Secure::new(wsgi::app_fn(count_and_stream));
    let mut client = secure.connect();
    client.write_all(head().as_bytes()).unwrap();
    // The answer stands at the door meanwhile, and its writer waits.
    client.write_all(&upload()).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    check(&answer);
}

/// A thread of the app's own reads the body, while the engine's writes the answer.
fn count_and_stream(environ: &mut Environ) -> Result<Reply> {
    let (sender, counted) = mpsc::channel();
    let mut input = environ.input();
    std::thread::spawn(move || {
        let mut body = Vec::new();
        let read = input.read_to_end(&mut body).map(|_| ());
        sender
            .send((read.is_ok() && body == upload(), body.len()))
            .ok();
    });
    let download = (0..BYTES / PART).map(|_| Ok(Bytes::from_static(&[b'd'; PART])));
    let said = std::iter::once_with(move || Ok(format!("{:?}", counted.recv()?).into()));
    Ok(Reply::new(Body::chunks(download.chain(said))))
}

fn head() -> String {
    format!("POST / HTTP/1.0\r\nContent-Length: {BYTES}\r\n\r\n")
}

fn upload() -> Vec<u8> {
    (0..BYTES).map(|at| (at % 251) as u8).collect()
}

#[track_caller]
fn check(answer: &[u8]) {
    let end = format!("{:?}", (true, BYTES));
    let body = answer.windows(4).position(|part| part == b"\r\n\r\n");
    assert_eq!(answer.len() - body.unwrap() - 4, BYTES + end.len());
    assert!(answer.ends_with(end.as_bytes()));
}

/// Sends and receives whichever goes, until the announced end.
fn exchange(client: &mut Client, mut upload: &[u8]) -> Vec<u8> {
    client.sock.set_nonblocking(true).unwrap();
    let mut answer = Vec::new();
    loop {
        if !upload.is_empty() && !client.conn.wants_write() {
            let taken = client.conn.writer().write(upload).unwrap();
            upload = &upload[taken..];
        }
        while client.conn.wants_write() {
            match client.conn.write_tls(&mut client.sock) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error} after {} bytes of answer", answer.len()),
            }
        }
        match client.conn.read_tls(&mut client.sock) {
            Ok(_) => drop(client.conn.process_new_packets().unwrap()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let mut events = PollFlags::IN;
                events.set(
                    PollFlags::OUT,
                    client.conn.wants_write() || !upload.is_empty(),
                );
                poll(&mut [PollFd::new(&client.sock, events)], None).unwrap();
            }
            Err(error) => panic!("{error} after {} bytes of answer", answer.len()),
        }
        match client.conn.reader().read_to_end(&mut answer) {
            Ok(_) => return answer,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error} after {} bytes of answer", answer.len()),
        }
    }
}

#[test]
fn a_websocket_is_spoken_inside_tls() {
    let secure = Secure::new(websocket::example::app());
    websocket::check_echo(websocket::open(secure.connect()));
}

#[test]
fn a_handler_that_panics_in_another_protocol_says_no_goodbye() {
    let secure = Secure::new(wsgi::application(|_, start_response| {
        start_response.start("101 Switching Protocols", [("Upgrade", "it")])?;
        Ok(Body::upgrade(|_connection| panic!("as it should")))
    }));
    let mut client = secure.connect();
    let ask = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: it\r\n\r\n";
    client.write_all(ask.as_bytes()).unwrap();
    let end = client.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
}
