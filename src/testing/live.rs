use std::fmt;
use std::io;
use std::time::Duration;

use crate::http::Version;
use crate::http::h1::{Expectation, Fault, Framing, Persistence, RequestHead};
use crate::net::{Address, Dial, DialError, Trust};
use crate::proxy::{self, AskError, Asked};
use crate::testing::EnvironBuilder;
use crate::testing::client::{Client, Door};
use crate::wsgi::{Body, Environ, Reply, Status};

/// As long a test waits for a server that has stopped answering.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that answers at an address; a connection for each request.
#[derive(Debug)]
pub(super) struct Live {
    dial: Dial,
    patience: Duration,
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
    /// Both sides come to no agreement on TLS, or nobody who is trusted vouches for the server.
    #[error(
        "no TLS with {address}; a server with a CA of its own is trusted by \
         Client::trust(Trust::from_pem(…))"
    )]
    Tls {
        /// Who was asked.
        address: String,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The request is for a scheme that the client does not speak with this server.
    #[error(
        "{address} is asked for by {scheme}, and the client was made for {spoken}; give \
         Client::live a URL that begins with {scheme}://"
    )]
    Scheme {
        /// Who was to be asked.
        address: String,
        /// By the request.
        scheme: String,
        /// By the client.
        spoken: &'static str,
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

impl Client {
    /// A client of a server that runs: at `127.0.0.1:8000`, `http://localhost:8000/mount`,
    /// `https://localhost:8443` or `unix:/run/app.sock`. What is asked of an app can be asked of
    /// it, over HTTP/1.1 and a connection for each request.
    ///
    /// ```no_run
    /// use devserve::testing::Client;
    ///
    /// fn suite(client: &Client) -> devserve::Result<()> {
    ///     assert_eq!(client.get("/health").send()?.status(), 200);
    ///     Ok(())
    /// }
    ///
    /// suite(&Client::new(|_: &devserve::Request<'_>| "fine"))?;
    /// suite(&Client::live("127.0.0.1:8000"))?;
    /// # Ok::<(), devserve::Error>(())
    /// ```
    ///
    /// # Panics
    /// If the address is none; and for `https` in a build without feature `tls`.
    #[track_caller]
    pub fn live(address: impl fmt::Display) -> Self {
        let address = address.to_string();
        let (url, dial) = if let Some(path) = address.strip_prefix("unix:") {
            let address = Address::unix(path);
            let trust = None;
            ("http://localhost".to_owned(), Dial { address, trust })
        } else {
            let url = match address.contains("://") {
                true => address,
                false => format!("http://{address}"),
            };
            let environ = EnvironBuilder::new("/").base_url(&url).build();
            let server = environ.server();
            let name = server.name.trim_matches(['[', ']']);
            let address = Address::tcp(name, server.port);
            let trust = Trust::of_system().filter(|_| environ.scheme() == "https");
            (url, Dial { address, trust })
        };
        assert!(
            dial.trust.is_some() || !url.starts_with("https:"),
            "{url:?} needs feature `tls` of devserve"
        );
        let defaults = EnvironBuilder::new("/").base_url(&url);
        let patience = PATIENCE;
        Self::behind(Door::Live(Live { dial, patience }), defaults)
    }

    /// Waits as long for a live server to begin or go on rather than 30 seconds.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        if let Door::Live(live) = &mut self.door {
            live.patience = patience;
        }
        self
    }

    /// Takes the certificate of a live server that speaks TLS on the word of these, in place of
    /// the system's authorities.
    ///
    /// ```no_run
    /// use devserve::net::{Address, Identity, Trust};
    /// use devserve::server::Server;
    /// use devserve::testing::Client;
    ///
    /// let identity = Identity::adhoc("localhost")?;
    /// let trust = Trust::from_pem(identity.authority().expect("adhoc has one"))?;
    /// let serving = Server::new(|_: &devserve::Request<'_>| "fine")
    ///     .tls(identity)
    ///     .bind(&Address::tcp("localhost", 0))?;
    /// let client = Client::live(format!("https://{}", serving.address())).trust(trust);
    /// assert_eq!(client.get("/").send()?.text(), "fine");
    /// # Ok::<(), devserve::Error>(())
    /// ```
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        if let Door::Live(Live { dial, .. }) = &mut self.door
            && let Some(trusted) = &mut dial.trust
        {
            *trusted = trust;
        }
        self
    }
}

impl Live {
    /// The server's answer; its body comes from the connection while it is read.
    pub(super) fn ask(&self, environ: &Environ) -> Result<Reply, LiveError> {
        let address = self.dial.address.to_string();
        let spoken = match self.dial.trust {
            Some(_) => "https",
            None => "http",
        };
        if environ.scheme() != spoken {
            let scheme = environ.scheme().to_owned();
            return Err(LiveError::Scheme {
                address,
                scheme,
                spoken,
            });
        }
        let stream = match self.dial.connect(self.patience) {
            Ok(stream) => stream,
            Err(DialError::Unreachable { source, .. }) => {
                return Err(LiveError::Connect { address, source });
            }
            Err(DialError::Handshake { source, .. }) => {
                return Err(LiveError::Tls { address, source });
            }
        };
        let head = head(environ);
        match proxy::ask(&head, environ.input(), stream, self.patience) {
            Ok(asked) => Ok(reply(asked, &head)),
            Err(AskError::Body(source) | AskError::NoAnswer(source)) => {
                Err(LiveError::NoAnswer { address, source })
            }
            Err(AskError::Malformed(fault)) => Err(LiveError::Malformed { address, fault }),
        }
    }
}

fn head(environ: &Environ) -> RequestHead {
    let framing = match (environ.content_length(), environ.input().is_empty()) {
        (Some(0), _) | (_, true) => Framing::None,
        (Some(len), false) => Framing::Length(len),
        (None, false) => Framing::Chunked,
    };
    RequestHead {
        method: environ.method().clone(),
        target: environ.target().clone(),
        version: Version::HTTP_11,
        headers: environ.headers().clone(),
        framing,
        persistence: Persistence::Close,
        expectation: Expectation::None,
    }
}

fn reply(asked: Asked, request: &RequestHead) -> Reply {
    let Asked { head, body } = asked;
    let reason = String::from_utf8_lossy(&head.reason);
    let line = format!("{} {reason}", head.status.as_u16());
    let status = Status::try_from(line.as_str()).unwrap_or_else(|_| head.status.into());
    let mut reply = Reply::new(match head.framing(&request.method) {
        // Such a fault was found before.
        Ok(Framing::None) | Err(_) => Body::empty(),
        Ok(Framing::Length(_) | Framing::Chunked | Framing::UntilClose) => Body::reader(body),
    });
    *reply.headers_mut() = head.headers;
    status.apply(&mut reply);
    reply
}
