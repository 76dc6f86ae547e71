use std::io;
use std::sync::Arc;

use bytes::BytesMut;

use crate::http::h1::{self, Fault, Limits, RequestHead, ResponseHead};
use crate::net::Stream;

/// A stream, and the bytes that have arrived and are not used up.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Arc<Stream>,
    buffer: BytesMut,
    // How much of the buffer was searched for the end of a head.
    searched: usize,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream: Arc::new(stream),
            buffer: BytesMut::new(),
            searched: 0,
        }
    }

    pub(crate) fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// What has arrived and is not used up.
    pub(crate) fn arrived(&self) -> &[u8] {
        &self.buffer
    }

    /// Uses up the first `len` bytes that have arrived.
    pub(crate) fn advance(&mut self, len: usize) {
        bytes::Buf::advance(&mut self.buffer, len);
    }

    /// Takes in what has arrived, without waiting: `None` where nothing has, 0 at the end.
    pub(crate) fn fill_ready(&mut self) -> io::Result<Option<usize>> {
        self.stream.read_ready(&mut self.buffer)
    }

    /// Whether more than empty lines has arrived, which may stand before a request and say
    /// nothing yet (RFC 9112 §2.2).
    pub(crate) fn has_begun(&self) -> bool {
        !self.buffer.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
    }

    /// Gives the read buffer back while nothing is in it.
    pub(crate) fn release(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Takes a request's head off what has arrived, if it is whole.
    pub(crate) fn take_request(&mut self, limits: &Limits) -> Result<Option<RequestHead>, Fault> {
        match h1::request_len(&self.buffer, self.searched, limits)? {
            Some(len) => h1::read_request(&self.split(len), limits).map(Some),
            None => {
                self.searched = self.buffer.len();
                Ok(None)
            }
        }
    }

    /// Takes an answer's head off what has arrived, if it is whole.
    pub(crate) fn take_response(&mut self, limits: &Limits) -> Result<Option<ResponseHead>, Fault> {
        match h1::response_len(&self.buffer, self.searched, limits)? {
            Some(len) => h1::read_response(&self.split(len)).map(Some),
            None => {
                self.searched = self.buffer.len();
                Ok(None)
            }
        }
    }

    fn split(&mut self, len: usize) -> bytes::Bytes {
        self.searched = 0;
        self.buffer.split_to(len).freeze()
    }
}
