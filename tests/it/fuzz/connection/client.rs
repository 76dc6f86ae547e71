use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use devserve::http::Method;

use super::super::random::Random;
use super::super::reference::{self, Length};
use super::app::SERVER;

/// Longer than any answer takes on a busy machine: the server hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pieces of what is sent. The kernel's books count each for much more than its bytes.
const MOST_PIECES: usize = 8;

/// The other end of the server's connection.
pub(super) struct Client {
    stream: UnixStream,
    arrived: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: reference::Head,
    pub(super) body: Vec<u8>,
    /// Whether it came to the end that its head announced.
    pub(super) is_whole: bool,
    /// Whether the connection's end is the only end it has.
    pub(super) until_close: bool,
}

impl Client {
    pub(super) fn connect() -> Self {
        let stream = UnixStream::connect_addr(&SERVER.1).expect("the server listens");
        let patience = stream.set_read_timeout(Some(PATIENCE));
        patience.expect("it is a socket");
        Self {
            stream,
            arrived: Vec::new(),
        }
    }

    /// Sends, where the server has not ended the connection.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).ok();
    }

    pub(super) fn send_pieces(&mut self, bytes: &[u8], random: &mut Random) {
        let mut rest = bytes;
        for _ in 1..MOST_PIECES {
            let (piece, after) = rest.split_at(random.below(rest.len()));
            self.send(piece);
            std::thread::yield_now(); // so that the server may see it alone
            rest = after;
        }
        self.send(rest);
    }

    /// Sends no more, and still listens.
    pub(super) fn end(&self) {
        self.stream.shutdown(Shutdown::Write).ok(); // the server may have gone
    }

    /// The next answer, to a request with `method`; `100 Continue` may come before it only if
    /// the client may be told to go on.
    pub(super) fn answer(&mut self, method: &Method, may_be_told_to_go_on: bool) -> Answer {
        if may_be_told_to_go_on {
            const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
            while self.arrived.len() < INTERIM.len() && self.fill() {}
            if self.arrived.starts_with(INTERIM) {
                self.arrived.drain(..INTERIM.len());
            }
        }
        let mut ended = false;
        loop {
            if let Some((answer, len)) = Answer::read(&self.arrived, method, ended) {
                self.arrived.drain(..len);
                return answer;
            }
            let arrived = self.arrived.escape_ascii();
            assert!(!ended, "in place of an answer to {method}: \"{arrived}\"");
            ended = !self.fill();
        }
    }

    /// Nothing more comes, and the server closes.
    pub(super) fn expect_end(mut self) {
        while self.fill() {}
        let arrived = self.arrived.escape_ascii();
        assert!(
            self.arrived.is_empty(),
            "after the last answer: \"{arrived}\""
        );
    }

    /// Takes in what comes; `false` at the end.
    fn fill(&mut self) -> bool {
        let mut space = [0; 4096];
        match self.stream.read(&mut space) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true, // libFuzzer's clock
            Ok(read) => {
                self.arrived.extend_from_slice(&space[..read]);
                read > 0
            }
            // The server did not read all that was sent.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("the server hangs, or worse: {error}"),
        }
    }
}

impl Answer {
    /// The answer at the start of what has arrived, and its length, if no more of it comes.
    fn read(arrived: &[u8], method: &Method, ended: bool) -> Option<(Self, usize)> {
        let head = reference::Head::read(arrived)?;
        let [version, status, _reason] = head.start.as_slice() else {
            panic!("no status line: {:?}", head.start);
        };
        assert_eq!(version, b"HTTP/1.1");
        let status: u16 = std::str::from_utf8(status).ok()?.parse().ok()?;
        let rest = &arrived[head.len..];
        let length = match method == Method::HEAD || matches!(status, 100..=199 | 204 | 304) {
            true => Length::Bytes(0),
            false => head.length(),
        };
        let (body, used) = match length {
            Length::Bytes(len) if len <= rest.len() => (rest[..len].to_vec(), Some(len)),
            Length::Bytes(_) => (rest.to_vec(), None),
            Length::Chunks => reference::chunks(rest),
            Length::Unsaid => (rest.to_vec(), ended.then_some(rest.len())),
        };
        if used.is_none() && !ended {
            return None;
        }
        let len = head.len + used.unwrap_or(rest.len());
        let answer = Self {
            status,
            head,
            body,
            is_whole: used.is_some(),
            until_close: length == Length::Unsaid,
        };
        Some((answer, len))
    }

    /// The one value of a field, or nothing.
    pub(super) fn field(&self, name: &str) -> &str {
        let mut values = self.head.values(name);
        let value = values.next().unwrap_or_default();
        assert_eq!(values.next(), None, "{name} is there twice");
        std::str::from_utf8(value).expect("we sent ASCII")
    }

    pub(super) fn says_close(&self) -> bool {
        self.field("connection") == "close"
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("we sent ASCII")
    }
}
