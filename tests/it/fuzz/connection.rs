//! A whole server on a socket without a network, one connection to each input.

mod app;
mod client;
mod model;

use client::{Answer, Client};
use model::{Closing, Expected};

use devserve::http::Method;
use devserve::http::h1::{Fault, Limits};

use super::framing::Walk;
use super::random::Random;

/// What one connection sends at most. Answers to it fit in what the kernel keeps for a reader,
/// so that a client may send all before it reads.
const MOST_BYTES: usize = 4096;

/// How a client sends, by the first byte of an input; the rest is what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// `0`: all at once.
    AtOnce,
    /// `1`: in pieces, without awaiting an answer.
    Pieces,
    /// `2`: the next request after the last one's answer.
    Polite,
    /// `3`: a part, and then it goes.
    Gone,
}

impl Manner {
    fn of(byte: u8) -> Self {
        match byte % 4 {
            0 => Self::AtOnce,
            1 => Self::Pieces,
            2 => Self::Polite,
            _ => Self::Gone,
        }
    }
}

/// A connection: each request is answered as `model` says, in order, and nothing else is; the
/// app gets the body that was sent, and what is broken ends the connection.
pub fn connection(data: &[u8]) {
    let Some((manner, wire)) = data.split_first() else {
        return;
    };
    let wire = &wire[..wire.len().min(MOST_BYTES)];
    let mut random = Random::of(data);
    let mut client = Client::connect();
    let manner = Manner::of(*manner);
    match manner {
        Manner::AtOnce => client.send(wire),
        Manner::Pieces => client.send_pieces(wire, &mut random),
        Manner::Polite => {}
        Manner::Gone => return client.send_pieces(&wire[..random.below(wire.len())], &mut random),
    }
    if manner != Manner::Polite {
        client.end();
    }
    let walk = Walk::of(wire, &Limits::default());
    let mut sent = 0;
    for message in &walk.messages {
        if manner == Manner::Polite {
            client.send_pieces(&wire[sent..message.end], &mut random);
            sent = message.end;
            if message.fault.is_some() {
                client.send(&wire[sent..]);
                client.end();
            }
        }
        let expected = Expected::of(message);
        let answer = client.answer(&message.head.method, expected.may_be_told_to_go_on);
        if expected.check(&answer) == Closing::Now {
            return client.expect_end();
        }
    }
    if manner == Manner::Polite {
        client.send(&wire[sent..]);
        client.end();
    }
    if let Some(fault) = &walk.fault {
        expect_refusal(&mut client, fault);
    }
    client.expect_end();
}

/// What is no request is answered with its fault.
fn expect_refusal(client: &mut Client, fault: &Fault) {
    let answer = client.answer(&Method::GET, false);
    let status = fault.status();
    assert_eq!(answer.status, status, "{fault}");
    assert_eq!(answer.text(), format!("{status}: {fault}\n"));
    assert!(answer.is_whole && answer.says_close(), "{answer:?}");
}
