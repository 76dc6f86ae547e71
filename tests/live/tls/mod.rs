//! HTTPS: the engine and the command, with rustls at the other end.

mod connections;
mod duplex;
mod misdirected;
mod run;

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use devserve::net::{Address, Identity};
use devserve::server::{Server, Serving, Settings};
use devserve::wsgi::App;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// A client's end of a connection.
type Client = StreamOwned<ClientConnection, TcpStream>;

/// A server with a certificate of a CA of its own.
struct Secure {
    serving: Serving,
    folder: TempDir,
}

impl Secure {
    fn new(app: impl App) -> Self {
        Self::with(app, Settings::default())
    }

    fn with(app: impl App, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let serving = Server::new(app)
            .settings(settings)
            .tls(Identity::adhoc_in(folder.path(), "127.0.0.1").unwrap())
            .bind(&Address::tcp("127.0.0.1", 0))
            .unwrap();
        Self { serving, folder }
    }

    /// A connection on which nothing was said.
    fn dial(&self) -> TcpStream {
        dial(&self.serving.address().to_string())
    }

    /// A client that trusts the CA; the handshake comes with the first byte.
    fn connect(&self) -> Client {
        self.connect_with(rustls::ALL_VERSIONS)
    }

    fn connect_with(&self, versions: &[&'static SupportedProtocolVersion]) -> Client {
        let authority = self.folder.path().join("development-ca.pem");
        client(self.dial(), &authority, "localhost", versions)
    }

    /// Sends all, and reads to the end that the server announces.
    #[track_caller]
    fn talk(&self, sent: &str) -> String {
        let mut client = self.connect();
        client.write_all(sent.as_bytes()).unwrap();
        read_to_end(&mut client)
    }
}

fn dial(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// TLS on `stream`, with a server that `authority` vouches for as `name`.
fn client(
    stream: TcpStream,
    authority: &Path,
    name: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> Client {
    let mut roots = RootCertStore::empty();
    let pem = fs::read(authority).unwrap();
    roots
        .add(CertificateDer::from_pem_slice(&pem).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = name.to_owned().try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, stream)
}

/// Reads to an end that must be announced.
#[track_caller]
fn read_to_end(client: &mut impl std::io::Read) -> String {
    let mut read = Vec::new();
    if let Err(error) = client.read_to_end(&mut read) {
        panic!("{error} after {:?}", String::from_utf8_lossy(&read));
    }
    String::from_utf8(read).unwrap()
}

#[track_caller]
fn read_until(client: &mut impl std::io::Read, end: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(end.as_bytes()) {
        if let Err(error) = client.read_exact(&mut byte) {
            panic!("{error} after {:?}", String::from_utf8_lossy(&read));
        }
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

#[track_caller]
fn check(answer: &str, status_line: &str, end: &str) {
    let is_so = answer.starts_with(&format!("HTTP/1.1 {status_line}\r\n"));
    assert!(is_so && answer.ends_with(end), "{answer:?}");
}
