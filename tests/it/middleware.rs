//! Apps around apps.

#[cfg(feature = "compression")]
mod compression;
mod dispatcher;
mod lint;
