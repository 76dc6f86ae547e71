use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::app::{FILE_BYTES, FILE_SEED};
use crate::connection::{Answer, Connection};
use crate::dice::{Dice, bytes};
use crate::server::ServerProcess;
use crate::tally::Tally;

/// What all clients share.
pub(crate) struct World {
    pub(crate) server: ServerProcess,
    pub(crate) file: Vec<u8>,
    /// Connections that wait between two requests.
    pub(crate) idle: Mutex<Vec<Connection<TcpStream>>>,
    /// Held by who opens many connections, so that the servers' limits are reached only where
    /// they are meant to be.
    pub(crate) crowd: Mutex<()>,
    pub(crate) tally: Mutex<Tally>,
    tls: Arc<ClientConfig>,
}

impl World {
    pub(crate) fn new(server: ServerProcess) -> Self {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(&server.authority()).unwrap();
        roots.add(authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            server,
            file: bytes(FILE_SEED, FILE_BYTES),
            idle: Mutex::default(),
            crowd: Mutex::default(),
            tally: Mutex::default(),
            tls: Arc::new(tls),
        }
    }

    /// How many answers were wrong so far.
    pub(crate) fn wrong(&self) -> usize {
        self.tally.lock().unwrap().wrong.len()
    }
}

/// One of the clients: plays one scene after the other.
pub(crate) struct Client<'a> {
    pub(crate) world: &'a World,
    pub(crate) dice: Dice,
    pub(crate) scene: &'static str,
}

/// A request that asks for something, and what must come.
pub(crate) struct Wish {
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
}

impl Client<'_> {
    #[track_caller]
    pub(crate) fn connect(&self) -> Connection<TcpStream> {
        Connection::open(self.world.server.plain).unwrap()
    }

    #[track_caller]
    pub(crate) fn connect_small(&self) -> Connection<TcpStream> {
        Connection::open(self.world.server.small).unwrap()
    }

    /// The handshake comes with the first byte.
    #[track_caller]
    pub(crate) fn connect_secure(&self) -> Connection<StreamOwned<ClientConnection, TcpStream>> {
        let plain = Connection::open(self.world.server.secure).unwrap();
        let name = "localhost".try_into().unwrap();
        let session = ClientConnection::new(Arc::clone(&self.world.tls), name).unwrap();
        Connection::over(StreamOwned::new(session, plain.stream))
    }

    /// Counts an answer, or in its place what came otherwise.
    pub(crate) fn count(&self, outcome: &str) {
        let mut tally = self.world.tally.lock().unwrap();
        tally.add(self.scene, outcome);
    }

    /// Checks an answer to a wish, and counts it.
    #[track_caller]
    pub(crate) fn check(&self, answer: &Answer, wish: &Wish) {
        answer.check(&wish.target, &wish.body);
        self.count("200");
    }

    /// Something small, made in one of the ways there are.
    pub(crate) fn wish(&mut self) -> Wish {
        let len = match self.dice.once_in(10) {
            true => self.dice.below(100_000),
            false => self.dice.below(2000),
        };
        let way = match self.dice.below(4) {
            0 => "stream",
            _ => "bytes",
        };
        self.wish_of(way, len)
    }

    pub(crate) fn wish_of(&mut self, way: &str, len: usize) -> Wish {
        let seed = self.dice.roll();
        Wish {
            target: format!("/{way}/{seed}/{len}"),
            body: bytes(seed, len),
        }
    }

    /// What takes the server's handler a while.
    pub(crate) fn wish_to_wait(&mut self, most_millis: usize) -> Wish {
        let (seed, millis) = (self.dice.roll(), 1 + self.dice.below(most_millis));
        Wish {
            target: format!("/block/{millis}/{seed}"),
            body: bytes(seed, 100),
        }
    }

    /// A random body for the server.
    pub(crate) fn upload(&mut self, most: usize) -> Vec<u8> {
        let len = self.dice.below(most);
        bytes(self.dice.roll(), len)
    }

    /// The body as chunks of random sizes, some with extensions, and trailers at times.
    pub(crate) fn chunked(&mut self, body: &[u8]) -> Vec<u8> {
        let (mut sent, mut rest) = (Vec::new(), body);
        while !rest.is_empty() {
            let len = rest.len().min(1 + self.dice.below(10_000));
            let (chunk, after) = rest.split_at(len);
            let extension = match self.dice.once_in(8) {
                true => ";note=\"a b\"",
                false => "",
            };
            sent.extend_from_slice(format!("{len:x}{extension}\r\n").as_bytes());
            sent.extend_from_slice(chunk);
            sent.extend_from_slice(b"\r\n");
            rest = after;
        }
        let end: &[u8] = match self.dice.once_in(4) {
            true => b"0\r\nX-Trailer: there\r\n\r\n",
            false => b"0\r\n\r\n",
        };
        sent.extend_from_slice(end);
        sent
    }

    /// A whole request of any kind that has an answer, as bytes.
    pub(crate) fn any_request(&mut self) -> Vec<u8> {
        if self.dice.once_in(2) {
            return get(&self.wish().target).into_bytes();
        }
        let body = self.upload(20_000);
        if self.dice.once_in(2) {
            return post("/digest", &body);
        }
        let mut request = post_chunked("/echo").into_bytes();
        request.extend(self.chunked(&body));
        request
    }
}

pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: soak\r\n\r\n")
}

pub(crate) fn post(target: &str, body: &[u8]) -> Vec<u8> {
    let mut request = post_head(target, body.len()).into_bytes();
    request.extend_from_slice(body);
    request
}

pub(crate) fn post_head(target: &str, len: usize) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: soak\r\nContent-Length: {len}\r\n\r\n")
}

pub(crate) fn post_chunked(target: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n")
}
