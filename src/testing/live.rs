use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::{Buf, BytesMut};

use crate::http::field_scope::remove_connection_options;
use crate::http::h1::{
    self, BodyDecoder, Decoded, Expectation, Fault, Framing, Limits, Persistence, RequestHead,
    ResponseHead,
};
use crate::http::{StatusCode, Version};
use crate::wsgi::{Body, Environ, Input, Reply, Status};

/// As long a test waits for a server that has stopped answering.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is read and written at once.
const PART_BYTES: usize = 16 << 10;

/// A server that answers at an address; a connection for each request.
#[derive(Debug)]
pub(super) struct Live {
    host: String,
    port: u16,
    pub(super) patience: Duration,
}

/// Why a live server did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// Nobody listens there.
    #[error("cannot connect to {address}; is the server running?")]
    Connect {
        /// Where it was tried.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The client speaks no TLS.
    #[error("{address} is asked for by https, which the test client does not speak; ask for http")]
    Https {
        /// Who was to be asked.
        address: String,
    },
    /// The connection ended, or was silent for too long, before an answer.
    #[error("{address} gave no answer")]
    NoAnswer {
        /// Who was asked.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The answer is no HTTP/1.1.
    #[error("the answer of {address} is not HTTP/1.1: {fault}")]
    Malformed {
        /// Who was asked.
        address: String,
        /// The rule it breaks.
        fault: Fault,
    },
}

impl Live {
    pub(super) fn new(host: String, port: u16) -> Self {
        Self {
            host,
            port,
            patience: PATIENCE,
        }
    }

    /// The server's answer; its body comes from the connection while it is read.
    pub(super) fn ask(&self, environ: &Environ) -> Result<Reply, LiveError> {
        let address = format!("{}:{}", self.host, self.port);
        if environ.scheme() == "https" {
            return Err(LiveError::Https { address });
        }
        let stream = match self.connect() {
            Ok(stream) => stream,
            Err(source) => return Err(LiveError::Connect { address, source }),
        };
        let no_answer = |source| LiveError::NoAnswer {
            address: address.clone(),
            source,
        };
        let mut connection = Connection::open(stream, environ).map_err(no_answer)?;
        let head = loop {
            let head = match connection.read_head() {
                Ok(head) => head,
                Err(Fell::Io(source)) => return Err(no_answer(source)),
                Err(Fell::Fault(fault)) => return Err(LiveError::Malformed { address, fault }),
            };
            if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
                break head;
            }
        };
        match head.framing(environ.method()) {
            Ok(framing) => Ok(connection.into_reply(head, framing)),
            Err(fault) => Err(LiveError::Malformed { address, fault }),
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let host = self.host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.port))?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// One request on its way out, and its answer on its way in.
struct Connection {
    stream: TcpStream,
    arrived: BytesMut,
    decoder: BodyDecoder,
    // A body goes out on a thread of its own, as a server may answer before it has ended.
    upload: Option<JoinHandle<io::Result<()>>>,
}

/// Why no head was read.
enum Fell {
    Io(io::Error),
    Fault(Fault),
}

impl Connection {
    fn open(stream: TcpStream, environ: &Environ) -> io::Result<Self> {
        let framing = match (environ.content_length(), environ.input().is_empty()) {
            (Some(0), _) | (_, true) => Framing::None,
            (Some(len), false) => Framing::Length(len),
            (None, false) => Framing::Chunked,
        };
        let head = RequestHead {
            method: environ.method().clone(),
            target: environ.target().clone(),
            version: Version::HTTP_11,
            headers: environ.headers().clone(),
            framing,
            persistence: Persistence::Close,
            expectation: Expectation::None,
        };
        let mut out = Vec::new();
        let close: &[(&str, &[u8])] = match head.asks_upgrade() {
            true => &[],
            false => &[("Connection", b"close")],
        };
        h1::write_request(&mut out, &head, framing, close);
        (&stream).write_all(&out)?;
        let mut connection = Self {
            stream,
            arrived: BytesMut::new(),
            decoder: BodyDecoder::new(Framing::None, &Limits::default()),
            upload: None,
        };
        if framing != Framing::None {
            let (input, to) = (environ.input(), connection.stream.try_clone()?);
            let upload = thread::Builder::new()
                .name("devserve-test-upload".into())
                .spawn(move || upload(input, framing, &to))?;
            connection.upload = Some(upload);
        }
        Ok(connection)
    }

    fn read_head(&mut self) -> Result<ResponseHead, Fell> {
        let limits = Limits::default();
        loop {
            let len = h1::response_len(&self.arrived, 0, &limits).map_err(Fell::Fault)?;
            if let Some(len) = len {
                let head = self.arrived.split_to(len).freeze();
                return h1::read_response(&head).map_err(Fell::Fault);
            }
            match self.fill() {
                Ok(0) => return Err(Fell::Io(self.why_it_ended())),
                Ok(_) => {}
                Err(error) => return Err(Fell::Io(error)),
            }
        }
    }

    /// What went wrong with the body we sent, if it did; else that the connection ended.
    fn why_it_ended(&mut self) -> io::Error {
        self.close();
        match self.upload.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => error,
            _ => io::ErrorKind::UnexpectedEof.into(), // it was sent, or never began
        }
    }

    fn into_reply(mut self, head: ResponseHead, framing: Framing) -> Reply {
        self.decoder = BodyDecoder::new(framing, &Limits::default());
        let reason = String::from_utf8_lossy(&head.reason);
        let line = format!("{} {reason}", head.status.as_u16());
        let status = Status::try_from(line.as_str()).unwrap_or_else(|_| head.status.into());
        let mut reply = Reply::new(match framing {
            Framing::None => Body::empty(),
            Framing::Length(_) | Framing::Chunked | Framing::UntilClose => Body::reader(self),
        });
        *reply.headers_mut() = head.headers;
        status.apply(&mut reply);
        // They are between the server and us.
        remove_connection_options(reply.headers_mut());
        reply
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut part = [0; PART_BYTES];
        let len = loop {
            match self.stream.read(&mut part) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.arrived.extend_from_slice(&part[..len]);
        Ok(len)
    }

    fn close(&self) {
        // It may have been closed from the other side.
        self.stream.shutdown(Shutdown::Both).ok();
    }
}

/// The answer's body, its framing undone. One that is cut short is an error.
impl Read for Connection {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        loop {
            let decoded = self
                .decoder
                .decode(&self.arrived)
                .map_err(io::Error::other)?;
            match decoded {
                Decoded::Data { skip, len } => {
                    self.arrived.advance(skip);
                    let len = len.min(place.len());
                    place[..len].copy_from_slice(&self.arrived[..len]);
                    self.arrived.advance(len);
                    self.decoder.took(len);
                    return Ok(len);
                }
                Decoded::End { .. } => return Ok(0),
                Decoded::More { skip } => self.arrived.advance(skip),
            }
            if self.fill()? == 0 {
                return match self.decoder.ends_at_close() {
                    true => Ok(0),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
        if let Some(upload) = self.upload.take() {
            // Whoever read the answer knows how that went.
            upload.join().ok();
        }
    }
}

fn upload(mut input: Input, framing: Framing, mut to: &TcpStream) -> io::Result<()> {
    if let Framing::Length(len) = framing {
        io::copy(&mut input.take(len), &mut to)?;
        return Ok(());
    }
    let mut part = vec![0; PART_BYTES];
    loop {
        let len = input.read(&mut part)?;
        if len == 0 {
            return to.write_all(b"0\r\n\r\n");
        }
        let chunk = [h1::chunk_head(len).as_bytes(), &part[..len], b"\r\n"].concat();
        to.write_all(&chunk)?;
    }
}
