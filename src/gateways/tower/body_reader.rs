use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;

use bytes::{Buf, Bytes};
use tokio::runtime::Handle;

use crate::gateways::tower::BoxError;

/// An asynchronous body as a reader, for a thread that may block.
pub(super) struct BodyReader<B> {
    body: Pin<Box<B>>,
    at_hand: Bytes,
    runtime: Handle,
}

impl<B> BodyReader<B> {
    pub(super) fn new(body: B, runtime: Handle) -> Self {
        Self {
            body: Box::pin(body),
            at_hand: Bytes::new(),
            runtime,
        }
    }
}

impl<B> Read for BodyReader<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        while self.at_hand.is_empty() {
            let body = &mut self.body;
            match self
                .runtime
                .block_on(poll_fn(|context| body.as_mut().poll_frame(context)))
            {
                None => return Ok(0),
                Some(Err(error)) => return Err(io::Error::other(error)),
                // Trailers are no data, and have no place in an environ.
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        self.at_hand = data.copy_to_bytes(data.remaining());
                    }
                }
            }
        }
        let len = self.at_hand.len().min(place.len());
        self.at_hand.copy_to_slice(&mut place[..len]);
        Ok(len)
    }
}
