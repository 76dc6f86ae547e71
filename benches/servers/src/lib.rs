//! What the measured servers have in common, so that they answer alike:
//!
//! | route | answer |
//! |---|---|
//! | `/` | 13 bytes |
//! | `/100k` | 100 KiB of known length |
//! | `/1m` | 1 MiB of known length |
//! | `POST /upload` | how many bytes it has read |
//! | `/stream` | 100 chunks of 1 KiB, of unknown length |
//! | `/block` | 13 bytes, after 5 ms |

use std::fmt::Display;
use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;

pub const HELLO: &str = "Hello, World!";
pub const TEXT: &str = "text/plain; charset=utf-8";
pub const CHUNKS: usize = 100;
pub const BLOCK: Duration = Duration::from_millis(5);

static LARGE: [u8; 1 << 20] = [b'x'; 1 << 20];

/// The body of `/100k`.
pub fn large() -> &'static [u8] {
    &LARGE[..100 << 10]
}

/// The body of `/1m`.
pub fn huge() -> &'static [u8] {
    &LARGE
}

/// One of the [`CHUNKS`] of `/stream`.
pub fn chunk() -> Bytes {
    Bytes::from_static(&LARGE[..1 << 10])
}

/// Tells the script where to send requests.
pub fn announce(address: impl Display) {
    println!("http://{address}");
}

/// Reads a body to its end, as a handler that stores it would: 64 KiB at a time.
pub fn length_of(mut body: impl Read) -> io::Result<u64> {
    let mut place = vec![0; 64 << 10];
    let mut length = 0;
    loop {
        match body.read(&mut place)? {
            0 => return Ok(length),
            read => length += read as u64,
        }
    }
}

/// The body of `/stream` for servers that send what a reader gives.
pub fn chunks_reader() -> impl Read + Send + 'static {
    Chunks(CHUNKS)
}

/// Gives one chunk a read.
struct Chunks(usize);

impl Read for Chunks {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Ok(0);
        }
        self.0 -= 1;
        (&chunk()[..]).read(place)
    }
}
