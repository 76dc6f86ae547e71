use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The request's body as a stream: `wsgi.input`.
///
/// A handle: clones read from the same place, so a body can be read while it is streamed back.
/// It ends where the request's body ends, however that is framed. A body that was cut short,
/// or broke its framing, is an error and never a quiet end.
#[derive(Clone, Default)]
pub struct Input(Option<Arc<Mutex<dyn Read + Send>>>);

impl Input {
    /// A stream with nothing in it.
    pub fn empty() -> Self {
        Self(None)
    }

    /// A stream over `reader`, which must end where the body ends.
    pub fn new(reader: impl Read + Send + 'static) -> Self {
        Self(Some(Arc::new(Mutex::new(reader))))
    }

    /// Whether it is known that nothing was ever in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Lines and `read_until`, buffered. Give all reading to it: what it has buffered, other
    /// handles do not see.
    pub fn lines(self) -> impl BufRead {
        BufReader::new(self)
    }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Some(reader) => lock(reader).read(buf),
            None => Ok(0),
        }
    }
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        match bytes.is_empty() {
            true => Self::empty(),
            false => Self::new(io::Cursor::new(bytes)),
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Input"
        } else {
            "Input(empty)"
        })
    }
}

/// Where an app writes what the person at the server should read: `wsgi.errors`.
///
/// Text, a line at a time. The process's standard error, unless the server was given another
/// place.
#[derive(Clone, Default)]
pub struct Errors(Option<Arc<Mutex<dyn Write + Send>>>);

impl Errors {
    /// Errors that go to `writer`.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Some(Arc::new(Mutex::new(writer))))
    }
}

impl Write for Errors {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Some(writer) => lock(writer).write(bytes),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &self.0 {
            Some(writer) => lock(writer).flush(),
            None => io::stderr().flush(),
        }
    }
}

impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Errors")
    }
}

/// A reader that panicked mid-way is still a reader, so poison is passed over.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_read_on_where_the_other_stopped() {
        let mut first = Input::from(b"one two".to_vec());
        let mut buf = [0; 4];
        first.read_exact(&mut buf).unwrap();
        let mut rest = String::new();
        first.clone().read_to_string(&mut rest).unwrap();
        assert_eq!((&buf, rest.as_str()), (b"one ", "two"));
        assert_eq!(
            first.read(&mut buf).unwrap(),
            0,
            "an ended stream stays ended"
        );
    }

    #[test]
    fn gives_lines_as_pep_3333_asks() {
        let lines: Vec<_> = Input::from(b"a\nb\r\nc".to_vec())
            .lines()
            .lines()
            .map(Result::unwrap)
            .collect();
        assert_eq!(lines, ["a", "b", "c"]);
    }
}
