use std::fmt;
use std::io::{self, Write};

use bytes::Bytes;

/// A content coding that answers can be packed with (RFC 9110 §8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// `zstd` (RFC 8878): the quickest for what it saves.
    Zstd,
    /// `br` (RFC 7932): the smallest.
    Brotli,
    /// `gzip` (RFC 1952), which everybody knows.
    Gzip,
}

impl Coding {
    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// The window of brotli, as a power of two: what browsers take without being asked.
const BROTLI_WINDOW: u32 = 22;
/// Levels for what is packed while somebody waits.
const BROTLI_QUALITY: u32 = 4;
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

/// A body on its way through a coding: each chunk comes out whole.
pub(super) enum Coder {
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
}

impl Coder {
    pub(super) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?),
            Coding::Brotli => Self::Brotli(Box::new(brotli::CompressorWriter::new(
                Vec::new(),
                4 << 10,
                BROTLI_QUALITY,
                BROTLI_WINDOW,
            ))),
            Coding::Gzip => Self::Gzip(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::new(GZIP_LEVEL),
            )),
        })
    }

    /// A chunk packed, all of it: the other side can unpack it before the next one comes.
    pub(super) fn pack(&mut self, chunk: &[u8]) -> io::Result<Bytes> {
        let packed = match self {
            Self::Zstd(encoder) => {
                encoder.write_all(chunk)?;
                encoder.flush()?;
                encoder.get_mut()
            }
            Self::Brotli(encoder) => {
                encoder.write_all(chunk)?;
                encoder.flush()?;
                encoder.get_mut()
            }
            Self::Gzip(encoder) => {
                encoder.write_all(chunk)?;
                encoder.flush()?;
                encoder.get_mut()
            }
        };
        Ok(std::mem::take(packed).into())
    }

    /// What ends the packed body.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        let packed = match self {
            Self::Zstd(encoder) => encoder.finish()?,
            Self::Brotli(encoder) => encoder.into_inner(),
            Self::Gzip(encoder) => encoder.finish()?,
        };
        Ok(packed.into())
    }
}

impl fmt::Debug for Coder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zstd(_) => "Coder(zstd)",
            Self::Brotli(_) => "Coder(br)",
            Self::Gzip(_) => "Coder(gzip)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn unpack(coding: Coding, packed: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        // A reader that comes to the end of half a stream says so, after what was there.
        drop(match coding {
            Coding::Zstd => zstd::stream::read::Decoder::new(packed)
                .and_then(|mut decoder| decoder.read_to_end(&mut text)),
            Coding::Brotli => brotli::Decompressor::new(packed, 4096).read_to_end(&mut text),
            Coding::Gzip => flate2::read::GzDecoder::new(packed).read_to_end(&mut text),
        });
        text
    }

    #[track_caller]
    fn check(coding: Coding) {
        let mut coder = Coder::new(coding).unwrap();
        let (mut sent, mut packed) = (Vec::new(), Vec::new());
        for number in 0..5 {
            let chunk = format!("chunk {number}, ").repeat(100 * number);
            sent.extend_from_slice(chunk.as_bytes());
            packed.extend_from_slice(&coder.pack(chunk.as_bytes()).unwrap());
            assert_eq!(unpack(coding, &packed), sent, "{coding:?} after {number}");
        }
        packed.extend_from_slice(&coder.finish().unwrap());
        assert_eq!(unpack(coding, &packed), sent, "{coding:?}");
        assert!(packed.len() * 10 < sent.len(), "{coding:?} saves something");
    }

    #[test]
    fn each_chunk_can_be_read_before_the_next_is_there() {
        check(Coding::Zstd);
        check(Coding::Brotli);
        check(Coding::Gzip);
    }
}
