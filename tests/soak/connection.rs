use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

/// Longer than a server may be silent that means to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client's end of a connection, which takes nothing on trust.
pub(crate) struct Connection<S> {
    pub(crate) stream: S,
    arrived: Vec<u8>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether the body ended as its framing says, and not with the connection.
    pub(crate) is_whole: bool,
}

impl Connection<TcpStream> {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Ends it as a crash would: the other side gets a reset.
    pub(crate) fn reset(self) {
        SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }

    pub(crate) fn finish_sending(&self) {
        // It fails where the server has already ended the connection.
        self.stream.shutdown(Shutdown::Write).ok();
    }
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self {
            stream,
            arrived: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())?;
        self.stream.flush()
    }

    /// Sends, and reads the answer, which must be whole.
    #[track_caller]
    pub(crate) fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        let request = request.as_ref();
        self.send(request).unwrap();
        self.read_answer(request.starts_with(b"HEAD "))
    }

    /// The next answer, which must be whole.
    #[track_caller]
    pub(crate) fn read_answer(&mut self, to_head: bool) -> Answer {
        let answer = self.try_answer(to_head).unwrap();
        assert!(
            answer.is_whole,
            "cut after {} bytes of body: {}",
            answer.body.len(),
            answer.head
        );
        answer
    }

    /// The next answer, as much of it as comes; an error if not even its head does.
    #[track_caller]
    pub(crate) fn try_answer(&mut self, to_head: bool) -> io::Result<Answer> {
        let head = self.line_ending("\r\n\r\n")?.to_ascii_lowercase();
        let status = head
            .strip_prefix("http/1.1 ")
            .and_then(|rest| rest.get(..3));
        let status = status.and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer begins with {head:?}"));
        let mut answer = Answer {
            status,
            head,
            body: Vec::new(),
            is_whole: true,
        };
        if to_head || matches!(status, 100..=199 | 204 | 304) {
            return Ok(answer);
        }
        let read = match (
            answer.field("content-length"),
            answer.field("transfer-encoding"),
        ) {
            (Some(length), None) => {
                let length = length.parse().unwrap();
                self.read_exact(length, &mut answer.body)
            }
            (None, Some("chunked")) => self.read_chunks(&mut answer.body),
            (None, None) => self.read_rest(&mut answer.body),
            framing => panic!("{framing:?} in {}", answer.head),
        };
        answer.is_whole = read.is_ok();
        Ok(answer)
    }

    /// Reads what the server still sends, and its end of the connection.
    #[track_caller]
    pub(crate) fn read_rest(&mut self, rest: &mut Vec<u8>) -> io::Result<()> {
        while self.fill()? > 0 {}
        rest.append(&mut self.arrived);
        Ok(())
    }

    /// The server sends nothing more and ends the connection.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.read_rest(&mut rest).ok(); // a reset is an end as well
        assert!(rest.is_empty(), "then {:?}", String::from_utf8_lossy(&rest));
    }

    /// Some bytes that are no HTTP.
    pub(crate) fn read_exact(&mut self, len: usize, body: &mut Vec<u8>) -> io::Result<()> {
        while self.arrived.len() < len {
            match self.fill() {
                Ok(1..) => {}
                end => {
                    body.append(&mut self.arrived);
                    return end.and(Err(io::ErrorKind::UnexpectedEof.into()));
                }
            }
        }
        let rest = self.arrived.split_off(len);
        body.append(&mut self.arrived);
        self.arrived = rest;
        Ok(())
    }

    /// Reads once, and no more than so much of what comes.
    #[track_caller]
    pub(crate) fn skim(&mut self, most: usize) {
        let read = self.stream.read(&mut vec![0; most]).unwrap();
        assert!(
            read > 0,
            "the server ended the connection in place of an answer"
        );
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let line = self.line_ending("\r\n")?;
            let len = usize::from_str_radix(line.trim_end(), 16)
                .unwrap_or_else(|_| panic!("no chunk begins with {line:?}"));
            if len > 0 {
                self.read_exact(len, body)?;
            }
            let end = self.line_ending("\r\n")?;
            assert_eq!(end, "\r\n", "behind a chunk of {len} bytes");
            if len == 0 {
                return Ok(());
            }
        }
    }

    fn line_ending(&mut self, end: &str) -> io::Result<String> {
        let mut searched = 0;
        loop {
            let found = self.arrived[searched..]
                .windows(end.len())
                .position(|window| window == end.as_bytes());
            if let Some(at) = found {
                let rest = self.arrived.split_off(searched + at + end.len());
                let line = std::mem::replace(&mut self.arrived, rest);
                return Ok(String::from_utf8(line).expect("heads of the server are ASCII"));
            }
            searched = self.arrived.len().saturating_sub(end.len());
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    #[track_caller]
    fn fill(&mut self) -> io::Result<usize> {
        let mut place = [0; 64 << 10];
        let read = self.stream.read(&mut place);
        if let Err(error) = &read
            && error.kind() == io::ErrorKind::WouldBlock
        {
            panic!("the server was silent for {PATIENCE:?}");
        }
        self.arrived
            .extend_from_slice(&place[..*read.as_ref().unwrap_or(&0)]);
        read
    }
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// It is the answer to this target, with this body.
    #[track_caller]
    pub(crate) fn check(&self, target: &str, body: &[u8]) {
        assert_eq!(self.status, 200, "{target}: {}", self.head);
        assert_eq!(self.field("x-asked"), Some(target), "{}", self.head);
        assert!(
            self.body == body,
            "{target}: {} bytes, of which {} are right, in place of {}: {}",
            self.body.len(),
            self.right_bytes(body),
            body.len(),
            self.head
        );
    }

    /// It ended early, and what came until then is of this body.
    #[track_caller]
    pub(crate) fn check_cut(&self, target: &str, body: &[u8]) {
        assert!(!self.is_whole, "{target} looks whole: {}", self.head);
        assert_eq!(self.status, 200, "{target}: {}", self.head);
        assert_eq!(
            self.right_bytes(body),
            self.body.len(),
            "{target}: {}",
            self.head
        );
    }

    fn right_bytes(&self, body: &[u8]) -> usize {
        let pairs = self.body.iter().zip(body);
        pairs.take_while(|(got, want)| got == want).count()
    }
}
