use std::fmt;
use std::io::{self, Read, Write};

/// A connection that has left HTTP: two halves, which two threads may use at once.
///
/// ```no_run
/// # use std::io::{Read, Write};
/// # use devserve::wsgi::{self, Body};
/// let echo = wsgi::application(|_environ, start_response| {
///     start_response.start("101 Switching Protocols", [("Upgrade", "echo")])?;
///     Ok(Body::upgrade(|mut connection| {
///         std::io::copy(&mut connection.reader, &mut connection.writer).ok();
///     }))
/// });
/// # let _ = echo;
/// ```
pub struct Upgraded {
    /// What the other side sends, from the first byte behind its request's head.
    pub reader: Box<dyn Read + Send>,
    /// What the other side gets; each write is sent at once.
    pub writer: Box<dyn Write + Send>,
}

impl Read for Upgraded {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        self.reader.read(place)
    }
}

impl Write for Upgraded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upgraded")
    }
}
