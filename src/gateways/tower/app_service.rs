use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tower_service::Service;

use crate::gateways::tower::BoxError;
use crate::gateways::tower::body_reader::BodyReader;
use crate::http::Target;
use crate::wsgi::{
    App, Body, Environ, Error, Input, Result, ServerFacts, StartError, StartResponse, Status,
};

/// An app as a `tower::Service`, to be mounted in axum or served by hyper.
///
/// It never fails: an app's error before the first byte is a bare 500, a later one ends the
/// body with an error, so that the connection is cut. Needs a tokio runtime around it.
#[derive(Clone)]
pub struct AppService {
    app: Arc<dyn App>,
    facts: Arc<ServerFacts>,
}

impl AppService {
    /// A service of this app.
    pub fn new(app: impl App) -> Self {
        Self {
            app: Arc::new(app),
            facts: Arc::default(),
        }
    }

    /// What the environ says of the server; tower does not know.
    #[must_use]
    pub fn server(self, facts: ServerFacts) -> Self {
        Self {
            facts: Arc::new(facts),
            ..self
        }
    }
}

impl fmt::Debug for AppService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppService")
    }
}

impl<B> Service<Request<B>> for AppService
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future =
        Pin<Box<dyn Future<Output = std::result::Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (app, facts) = (Arc::clone(&self.app), Arc::clone(&self.facts));
        let (start, started) = oneshot::channel();
        let (head, body) = request.into_parts();
        let reader = BodyReader::new(body, Handle::current());
        tokio::task::spawn_blocking(move || serve(&*app, facts, head, reader, start));
        Box::pin(async move { Ok(started.await.unwrap_or_else(|_| server_error())) })
    }
}

/// Runs the app to the end of its body, on a thread that may block.
fn serve<B>(
    app: &dyn App,
    facts: Arc<ServerFacts>,
    head: http::request::Parts,
    reader: BodyReader<B>,
    start: oneshot::Sender<Response<ReplyBody>>,
) where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let target = head.uri.to_string();
    let Some(target) = Target::parse(target.into()) else {
        return; // a form that no app is asked with, such as CONNECT's; answered by a 500
    };
    let mut respond = Respond {
        method: head.method.clone(),
        state: State::Silent(start),
    };
    let mut environ = Environ::from_head(head.method, target, head.version, head.headers)
        .with_server(facts)
        .with_input(Input::new(reader));
    *environ.extensions_mut() = head.extensions;
    // Unwind safety: after a panic the answer is only ended, and the environ dropped.
    let ran = panic::catch_unwind(AssertUnwindSafe(|| {
        let body = app.wsgi(&mut environ, &mut respond)?;
        respond.send(body)
    }));
    match ran {
        Ok(Ok(())) => {}
        Ok(Err(error)) => respond.cut(error),
        Err(_) => respond.cut("the app panicked".into()),
    }
}

fn server_error() -> Response<ReplyBody> {
    let (chunks, receiver) = mpsc::channel(1);
    let text = Bytes::from_static(b"500 Internal Server Error\n");
    let len = Some(text.len() as u64);
    // There is room for one, and nobody else sends.
    chunks.try_send(Ok(text)).ok();
    let mut response = Response::new(ReplyBody {
        chunks: Some(receiver),
        len,
    });
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// The `start_response` of one request: hands the head over with the first chunk.
struct Respond {
    method: Method,
    state: State,
}

enum State {
    Silent(oneshot::Sender<Response<ReplyBody>>),
    Started(oneshot::Sender<Response<ReplyBody>>, Status, HeaderMap),
    Committed(mpsc::Sender<std::result::Result<Bytes, BoxError>>),
    /// Between two of these, and after a head that nobody took.
    Over,
}

impl Respond {
    fn send(&mut self, body: Body) -> Result<()> {
        let len = body.len();
        if self.method == Method::HEAD {
            return self.commit(len);
        }
        body.send(&mut |chunk| self.chunk(chunk, len))?;
        self.commit(Some(0))
    }

    fn chunk(&mut self, chunk: &[u8], len: Option<u64>) -> Result<()> {
        self.commit(len)?;
        match &self.state {
            // Waits until the chunk before was taken.
            State::Committed(chunks) => {
                let sent = chunks.blocking_send(Ok(Bytes::copy_from_slice(chunk)));
                Ok(sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?)
            }
            _ => Err(StartError::NotYet.into()), // no head was told
        }
    }

    /// Hands the head over, if that is not done.
    fn commit(&mut self, len: Option<u64>) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Started(start, status, mut headers) => {
                let is_head = self.method == Method::HEAD;
                if let Some(len) = len.filter(|_| is_head) {
                    headers.entry(header::CONTENT_LENGTH).or_insert(len.into());
                }
                let (chunks, receiver) = mpsc::channel(1);
                let body = ReplyBody {
                    chunks: Some(receiver).filter(|_| !is_head),
                    len: if is_head { Some(0) } else { len },
                };
                let mut response = Response::new(body);
                *response.status_mut() = status.code();
                *response.headers_mut() = headers;
                start
                    .send(response)
                    .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
                self.state = State::Committed(chunks);
                Ok(())
            }
            State::Committed(chunks) => {
                self.state = State::Committed(chunks);
                Ok(())
            }
            State::Silent(_) | State::Over => Err(StartError::NotYet.into()),
        }
    }

    /// Ends a body that is on its way; a head that is not handed over becomes a 500.
    fn cut(self, error: Error) {
        if let State::Committed(chunks) = self.state {
            // A client that has gone needs no telling.
            chunks.blocking_send(Err(error.to_string().into())).ok();
        }
    }
}

impl StartResponse for Respond {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Silent(start) => {
                self.state = State::Started(start, status, headers);
                Ok(())
            }
            other => {
                self.state = other;
                Err(StartError::Twice.into())
            }
        }
    }

    fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Silent(start) | State::Started(start, ..) => {
                self.state = State::Started(start, status, headers);
                Ok(())
            }
            other => {
                self.state = other;
                Err(cause)
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self.state {
            State::Silent(_) => Err(StartError::NotYet.into()),
            _ if bytes.is_empty() => Ok(()), // the head waits for a byte
            _ => self.chunk(bytes, None),
        }
    }
}

/// The body of an [`AppService`]'s answer. Each chunk is taken before the next is made.
pub struct ReplyBody {
    chunks: Option<mpsc::Receiver<std::result::Result<Bytes, BoxError>>>,
    len: Option<u64>,
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, BoxError>>> {
        match &mut self.chunks {
            Some(chunks) => chunks
                .poll_recv(context)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map(SizeHint::with_exact).unwrap_or_default()
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyBody")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
