//! hyper 1 on tokio's threads, a task for each connection. `/block` is tokio's sleep, which
//! holds no thread.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use devserve_bench_servers as bench;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

/// A body that is whole, or comes in so many chunks.
enum Answer {
    Whole(Bytes),
    Chunks(usize),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(Ok(Frame::data(std::mem::take(bytes)))),
            Self::Chunks(0) => None,
            Self::Chunks(left) => {
                *left -= 1;
                Some(Ok(Frame::data(bench::chunk())))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Chunks(_) => SizeHint::default(),
        }
    }
}

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Answer>> {
    let hello = Answer::Whole(Bytes::from_static(bench::HELLO.as_bytes()));
    let mut status = StatusCode::OK;
    let body = match request.uri().path() {
        "/" => hello,
        "/100k" => Answer::Whole(Bytes::from_static(bench::large())),
        "/1m" => Answer::Whole(Bytes::from_static(bench::huge())),
        "/upload" => Answer::Whole(length_of(request.into_body()).await?.to_string().into()),
        "/stream" => Answer::Chunks(bench::CHUNKS),
        "/block" => {
            tokio::time::sleep(bench::BLOCK).await;
            hello
        }
        _ => {
            status = StatusCode::NOT_FOUND;
            Answer::Whole(Bytes::new())
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let text = HeaderValue::from_static(bench::TEXT);
    response.headers_mut().insert(CONTENT_TYPE, text);
    Ok(response)
}

async fn length_of(mut body: Incoming) -> hyper::Result<u64> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(length)
}

async fn serve() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    bench::announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async {
            let connection = http1::Builder::new();
            // A client that leaves is none of the benchmark's faults: wrk counts its own.
            connection
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await
                .ok();
        });
    }
}

fn main() -> std::io::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve())
}
