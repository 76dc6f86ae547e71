//! Sockets: addresses, listeners, streams, and waiting for them. It moves bytes, plain or with
//! TLS, and knows no HTTP.

mod address;
mod dial;
/// What a supervisor tells the program it starts, and the only place that names it.
pub mod handover;
mod line;
mod listener;
mod pace;
mod poller;
mod stream;
mod tls;

pub use address::{Address, AddressError};
pub(crate) use dial::{Dial, DialError};
pub use listener::{BindError, Listener};
pub(crate) use pace::Pace;
pub(crate) use poller::{Poller, Readiness};
pub use stream::{Peer, Stream};
pub(crate) use tls::Handshake;
pub use tls::{Identity, Trust};
#[cfg(feature = "tls")]
pub use tls::{IdentityError, TrustError};
