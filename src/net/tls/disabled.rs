use std::io::{self, IoSlice};
use std::path::Path;

use crate::net::line::Line;
use crate::net::tls::Handshake;

/// What a TLS server shows of itself. Without feature `tls` there is none.
#[derive(Clone, Debug)]
pub enum Identity {}

impl Identity {
    /// The certificate of the development CA that vouches for it.
    pub fn authority(&self) -> Option<&Path> {
        match *self {}
    }
}

/// Whom a TLS client believes. Without feature `tls` there is nobody.
#[derive(Clone, Debug)]
pub enum Trust {}

impl Trust {
    pub(crate) fn of_system() -> Option<Self> {
        None
    }
}

/// The TLS of one connection. Without feature `tls` there is none.
#[derive(Debug)]
pub(in crate::net) enum Session {}

impl Session {
    pub(in crate::net) fn new(identity: &Identity) -> io::Result<Self> {
        match *identity {}
    }

    pub(in crate::net) fn with_server(trust: &Trust, _: &str) -> io::Result<Self> {
        match *trust {}
    }

    pub(in crate::net) fn handshake(&self, _: &Line) -> io::Result<Handshake> {
        match *self {}
    }

    pub(in crate::net) fn is_plain(&self) -> bool {
        match *self {}
    }

    pub(in crate::net) fn has_ready(&self) -> bool {
        match *self {}
    }

    pub(in crate::net) fn read_ready(&self, _: &Line, _: &mut [u8]) -> io::Result<Option<usize>> {
        match *self {}
    }

    pub(in crate::net) fn write_all(&self, _: &Line, _: &mut [IoSlice<'_>]) -> io::Result<()> {
        match *self {}
    }

    pub(in crate::net) fn close(&self, _: &Line) {
        match *self {}
    }

    pub(in crate::net) fn cut(&self) {
        match *self {}
    }

    pub(in crate::net) fn farewell(&self, _: &Line) {
        match *self {}
    }
}
