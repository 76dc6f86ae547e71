//! WebSockets: another protocol on connections that have left HTTP, spoken by a library of its
//! own at both ends.

use std::io::{self, Read, Write};
use std::sync::mpsc;

use devserve::Request;
use devserve::server::Settings;
use devserve::wsgi::{self, Upgraded};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role};
use tungstenite::{Error, Message, WebSocket};

use super::{PATIENCE, check, connect, get, serve, serve_with, talk};

#[path = "../../../examples/websocket.rs"]
#[expect(dead_code, reason = "`main` serves; here only its parts are called")]
pub(crate) mod example;

/// Opens a WebSocket to the echo at the other end of `stream`.
pub(crate) fn open<S: Read + Write>(stream: S) -> WebSocket<S> {
    match tungstenite::client("ws://localhost/echo", stream) {
        Ok((client, _)) => client,
        Err(error) => panic!("{error}"),
    }
}

/// Has an echo say all that there is in the protocol.
#[track_caller]
pub(crate) fn check_echo(mut client: WebSocket<impl Read + Write>) {
    let large: Vec<u8> = (0..1 << 20).map(|place: u32| (place % 251) as u8).collect();
    for message in [
        Message::text("Grüße"),
        Message::text(""),
        Message::binary(vec![0, 255, 13, 10]),
        Message::binary(large),
    ] {
        client.send(message.clone()).unwrap();
        assert!(client.read().unwrap() == message, "{} bytes", message.len());
    }
    client.send(Message::Ping("tea?".into())).unwrap();
    assert_eq!(client.read().unwrap(), Message::Pong("tea?".into()));
    let bye = CloseFrame {
        code: CloseCode::Normal,
        reason: "bye".into(),
    };
    client.close(Some(bye.clone())).unwrap();
    assert_eq!(client.read().unwrap(), Message::Close(Some(bye)));
    assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
}

#[test]
fn messages_of_each_kind_come_back_and_the_end_is_agreed_on() {
    check_echo(open(connect(&serve(example::app()))));
}

#[test]
fn a_request_that_is_no_handshake_is_told_so() {
    let serving = serve(example::app());
    check(&talk(&serving, get("/").as_bytes()), "200 OK", &["<h1>"]);
    let answer = talk(&serving, get("/echo").as_bytes());
    check(&answer, "400 Bad Request", &["ebSocket"]);
}

#[test]
fn a_client_that_vanishes_takes_its_handler_with_it() {
    let settings = Settings {
        workers: 1,
        ..Settings::default()
    };
    let serving = serve_with(example::app(), settings);
    let mut client = open(connect(&serving));
    client.send(Message::text("still there?")).unwrap();
    client.read().unwrap();
    drop(client);
    check(&talk(&serving, get("/").as_bytes()), "200 OK", &[]);
}

#[test]
fn each_half_goes_on_while_the_other_is_held_up() {
    const PUSHED: usize = 256;
    const SENT: usize = 64;
    const PART: usize = 64 << 10; // times 256: more than sockets hold
    let (tell, all_heard) = mpsc::channel();
    let serving = serve(wsgi::app_fn(move |environ| {
        let tell = tell.clone();
        example::accept(&Request::new(environ), move |connection| {
            let Upgraded { reader, writer } = connection;
            let (nothing, nowhere) = (Box::new(io::empty()), Box::new(io::sink()));
            let speaking = Upgraded {
                reader: nothing,
                writer,
            };
            let hearing = Upgraded {
                reader,
                writer: nowhere,
            };
            let pushing = std::thread::spawn(move || {
                let mut socket = WebSocket::from_raw_socket(speaking, Role::Server, None);
                for number in 0..PUSHED {
                    let part = vec![number as u8; PART];
                    socket.send(Message::binary(part)).unwrap();
                }
            });
            let mut socket = WebSocket::from_raw_socket(hearing, Role::Server, None);
            let heard = (0..SENT).map(|_| socket.read().unwrap().len()).sum();
            tell.send(heard).unwrap();
            pushing.join().unwrap();
        })
    }));
    let mut client = open(connect(&serving));
    for _ in 0..SENT {
        client.send(Message::binary(vec![0; PART])).unwrap();
    }
    // Heard while what is pushed cannot all have left: nobody has read any of it.
    let heard: usize = all_heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(heard, SENT * PART);
    for number in 0..PUSHED {
        let part = Message::binary(vec![number as u8; PART]);
        assert!(client.read().unwrap() == part, "{number}");
    }
}
