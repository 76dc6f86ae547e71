//! axum 0.8: hyper with a router and extractors. `/block` is tokio's sleep, which holds no
//! thread.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use devserve_bench_servers as bench;
use http_body::Frame;
use http_body_util::BodyExt;

/// A body of so many chunks.
struct Chunks(usize);

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.checked_sub(1).map(|left| {
            self.0 = left;
            Ok(Frame::data(bench::chunk()))
        }))
    }
}

async fn upload(mut body: Body) -> Result<String, StatusCode> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(length.to_string())
}

async fn stream() -> ([(HeaderName, &'static str); 1], Body) {
    (
        [(CONTENT_TYPE, bench::TEXT)],
        Body::new(Chunks(bench::CHUNKS)),
    )
}

async fn block() -> &'static str {
    tokio::time::sleep(bench::BLOCK).await;
    bench::HELLO
}

async fn serve() -> std::io::Result<()> {
    let app = Router::new()
        .route("/", get(|| async { bench::HELLO }))
        .route("/100k", get(|| async { bench::large() }))
        .route("/1m", get(|| async { bench::huge() }))
        .route("/upload", post(upload))
        .route("/stream", get(stream))
        .route("/block", get(block));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    bench::announce(listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok(); // the client may have gone again
    });
    axum::serve(listener, app).await
}

fn main() -> std::io::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve())
}
