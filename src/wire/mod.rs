//! HTTP/1.1 on a stream: heads and bodies are read here with the rules of `http::h1`, for the
//! engine's side and for a proxy's.
//!
//! A [`Wire`] is a stream and what has arrived on it. While a message's body may still be
//! read, its [`Incoming`] holds the wire; [`Incoming::reclaim`] gives it back. An [`Input`] is
//! how an app reads it, an [`Outgoing`] is an answer on its way to its [`Outlet`].

mod incoming;
mod input;
mod outgoing;
mod raw;
mod stream;
mod unasked;

pub(crate) use incoming::Incoming;
pub(crate) use input::Input;
pub(crate) use outgoing::{End, Head, Outgoing, Outlet};
pub(crate) use raw::{RawReader, RawWriter};
pub(crate) use stream::Wire;
pub(crate) use unasked::Unasked;
