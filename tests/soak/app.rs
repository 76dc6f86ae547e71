//! What the server answers with. Every answer follows from its target and the body sent, so that
//! a client can tell the right one from all others; `x-asked` gives the target back.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use devserve::wsgi::{Body, Environ, Reply, Result, Upgraded};
use http::{HeaderValue, StatusCode, header};

use crate::dice::{Dice, Digest, bytes};

/// What is served of the disk: enough to fill every buffer on the way, many times.
pub(crate) const FILE_SEED: u64 = 8;
pub(crate) const FILE_BYTES: usize = 8 << 20;
/// What panics and errors say that belong to the mix.
pub(crate) const ON_PURPOSE: &str = "on purpose";
/// How much more, or less, than it declares an app gives that keeps no promises.
pub(crate) const ASTRAY_BYTES: usize = 100;

pub(crate) fn answer(environ: &mut Environ, file: &PathBuf) -> Result<Reply> {
    let asked = HeaderValue::from_bytes(environ.raw_target())?;
    let path = environ.path().into_owned();
    let mut words = path.trim_start_matches('/').split('/');
    let what = words.next().unwrap_or_default();
    let mut numbers = words.map_while(|word| word.parse().ok());
    let mut number = || -> u64 { numbers.next().unwrap_or_default() };
    let mut reply = Reply::new(Body::empty());
    *reply.body_mut() = match what {
        "bytes" => bytes(number(), number() as usize).into(),
        "stream" => stream(number(), number() as usize),
        "file" => Body::file(opened(file, number())?)?,
        "range" => {
            let file = opened(file, number())?;
            Body::sized_reader(file, number())
        }
        "echo" => {
            let mut body = Vec::new();
            environ.input().read_to_end(&mut body)?;
            body.into()
        }
        "mirror" => Body::reader(environ.input()),
        "digest" => digest(environ.input())?.into(),
        "unread" => Body::from("unread\n"),
        "block" => {
            thread::sleep(Duration::from_millis(number()));
            bytes(number(), 100).into()
        }
        "upgrade" => {
            *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let echo = HeaderValue::from_static("echo");
            reply.headers_mut().insert(header::UPGRADE, echo);
            Body::upgrade(add_one)
        }
        "panic" => panic!("{ON_PURPOSE}"),
        "late-panic" => {
            let mut first = Some(bytes(number(), 1000));
            Body::chunks(std::iter::from_fn(move || match first.take() {
                Some(first) => Some(Ok(first)),
                None => panic!("{ON_PURPOSE}"),
            }))
        }
        "late-error" => Body::chunks([Ok(bytes(number(), 1000)), Err(ON_PURPOSE.into())]),
        "astray" => {
            let (seed, given, declared) = (number(), number() as usize, number());
            let headers = reply.headers_mut();
            headers.insert(header::CONTENT_LENGTH, declared.into());
            Body::chunks([Ok(bytes(seed, given))])
        }
        _ => {
            *reply.status_mut() = StatusCode::NOT_FOUND;
            Body::empty()
        }
    };
    reply.headers_mut().insert("x-asked", asked);
    Ok(reply)
}

fn opened(path: &PathBuf, from: u64) -> io::Result<File> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    Ok(file)
}

/// The bytes in pieces, large and small.
fn stream(seed: u64, len: usize) -> Body {
    let bytes = bytes(seed, len);
    let (mut dice, mut at) = (Dice::new(seed), 0);
    Body::chunks(std::iter::from_fn(move || {
        let begin = at;
        at = bytes.len().min(begin + 1 + dice.below(20_000));
        (begin < at).then(|| Ok(bytes[begin..at].to_vec()))
    }))
}

fn digest(mut input: impl Read) -> io::Result<String> {
    let (mut digest, mut len) = (Digest::new(), 0);
    let mut place = [0; 8192];
    loop {
        match input.read(&mut place)? {
            0 => return Ok(digest.text(len)),
            read => {
                digest.add(&place[..read]);
                len += read;
            }
        }
    }
}

/// Sends every byte back, one higher: one thread reads while the other writes.
fn add_one(connection: Upgraded) {
    let (mut reader, mut writer) = (connection.reader, connection.writer);
    let (sender, receiver) = mpsc::sync_channel::<Vec<u8>>(4);
    let reading = thread::spawn(move || {
        let mut place = [0; 4096];
        while let Ok(read @ 1..) = reader.read(&mut place) {
            let higher = place[..read].iter().map(|byte| byte.wrapping_add(1));
            if sender.send(higher.collect()).is_err() {
                return; // nobody writes any more
            }
        }
    });
    for bytes in &receiver {
        if writer.write_all(&bytes).is_err() {
            break;
        }
    }
    drop(receiver);
    reading.join().unwrap();
}
