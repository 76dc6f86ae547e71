use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;

use crate::net::Pace;
use crate::wire::{RawReader, RawWriter, Wire};

/// Passes raw bytes both ways between a client and an upstream that have left HTTP, until the
/// upstream has said its last; then the client's connection is the caller's to end.
///
/// A thread of its own carries what the client says. It ends when the reader does: with the
/// client's connection, at the latest.
///
/// # Errors
/// Where the upstream's end was a cut, or the client takes no more.
pub(crate) fn relay(
    mut from_client: impl Read + Send + 'static,
    to_client: &mut impl Write,
    upstream: Wire,
) -> io::Result<()> {
    let stream = Arc::clone(upstream.stream());
    // What HTTP asked of its pace is no law here.
    stream.set_write_pace(Pace::unhurried());
    let to_upstream = Arc::clone(&stream);
    let up = move || {
        let mut writer = RawWriter(Arc::clone(&to_upstream));
        // However it ends, the upstream hears that no more will come.
        io::copy(&mut from_client, &mut writer).ok();
        to_upstream.shutdown(Shutdown::Write);
    };
    let started = thread::Builder::new()
        .name("devserve-tunnel".into())
        .spawn(up);
    let ended = started.and_then(|_| io::copy(&mut RawReader(upstream), to_client));
    stream.shutdown(Shutdown::Both);
    ended.map(drop)
}

/// [`relay`] for a client on a wire, whose connection it ends.
#[cfg(feature = "dev")]
pub(crate) fn tunnel(client: Wire, upstream: Wire) {
    let stream = Arc::clone(client.stream());
    let mut writer = RawWriter(Arc::clone(&stream));
    // The upstream's end is passed on as what it was: with TLS, a goodbye or a cut.
    if relay(RawReader(client), &mut writer, upstream).is_ok() {
        stream.farewell();
    }
    stream.shutdown(Shutdown::Both);
}
