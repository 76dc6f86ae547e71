use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tower_service::Service;

use crate::gateways::tower::BoxError;
use crate::gateways::tower::body_reader::BodyReader;
use crate::wsgi::{App, Body, Environ, Error, Input, Reply, Result};

/// What one frame of a request's body holds at most.
const FRAME_BYTES: usize = 16 << 10;

/// A `tower::Service`, such as an axum router, as an app.
///
/// Each request drives the service's future, and its body's, on the request's own thread;
/// timers, sockets and spawned tasks run on `runtime`.
pub struct ServiceApp<S> {
    service: S,
    runtime: Handle,
}

impl<S> ServiceApp<S> {
    /// An app of this service. The runtime must have threads of its own (tokio's
    /// `multi_thread`), for nobody else drives it.
    pub fn new(service: S, runtime: Handle) -> Self {
        Self { service, runtime }
    }
}

impl<S> fmt::Debug for ServiceApp<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceApp")
    }
}

impl<S, B> App for ServiceApp<S>
where
    S: Service<Request<InputBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let request = request_of(environ)?;
        let mut service = self.service.clone();
        let answered = self.runtime.block_on(async {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        });
        let (head, body) = answered
            .map_err(|error| Error::from(error.into()))?
            .into_parts();
        let len = body.size_hint().exact();
        let body = BodyReader::new(body, self.runtime.clone());
        let body = match len {
            Some(len) => Body::sized_reader(body, len),
            None => Body::reader(body),
        };
        Ok(Reply::from_parts(head, body))
    }
}

fn request_of(environ: &Environ) -> Result<Request<InputBody>> {
    let body = InputBody {
        input: environ.input(),
        len: environ.content_length(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = environ.method().clone();
    *request.uri_mut() = Uri::try_from(environ.raw_target())?;
    *request.version_mut() = environ.version();
    *request.headers_mut() = environ.headers().clone();
    *request.extensions_mut() = environ.extensions().clone();
    Ok(request)
}

/// The body of a request for a service. It is read on the thread that drives the service and
/// blocks it, which holds up no other request.
#[derive(Debug)]
pub struct InputBody {
    input: Input,
    len: Option<u64>,
}

impl http_body::Body for InputBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut frame = vec![0; FRAME_BYTES];
        Poll::Ready(match self.input.read(&mut frame) {
            Ok(0) => None,
            Ok(len) => {
                frame.truncate(len);
                Some(Ok(Frame::data(frame.into())))
            }
            Err(error) => Some(Err(error)),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map(SizeHint::with_exact).unwrap_or_default()
    }
}
