//! Every line of unsafe code, each file with its contract. Imports nothing of ours.

#[cfg(feature = "server")]
pub(crate) mod fd;
#[cfg(feature = "server")]
pub(crate) mod fork;
#[cfg(feature = "dev")]
pub(crate) mod process;
pub(crate) mod unwind;
