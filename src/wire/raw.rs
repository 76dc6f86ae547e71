use std::io::{self, Read, Write};
use std::sync::Arc;

use crate::net::Stream;
use crate::wire::Wire;

/// A wire that has left HTTP, as a reader: first what has arrived, then what comes.
#[derive(Debug)]
pub(crate) struct RawReader(pub(crate) Wire);

/// A stream that has left HTTP, as a writer.
#[derive(Debug)]
pub(crate) struct RawWriter(pub(crate) Arc<Stream>);

impl Read for RawReader {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        if place.is_empty() {
            return Ok(0);
        }
        while self.0.arrived().is_empty() {
            if let Some(read) = self.0.stream().read_ready_into(place)? {
                return Ok(read);
            }
            self.0.stream().wait_readable(None)?;
        }
        let len = self.0.arrived().len().min(place.len());
        place[..len].copy_from_slice(&self.0.arrived()[..len]);
        self.0.advance(len);
        Ok(len)
    }
}

impl Write for RawWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all_parts(&[bytes])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
