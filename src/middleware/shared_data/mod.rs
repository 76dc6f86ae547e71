//! Files beside an app.
//!
//! [`SharedData`] decides what a path is for, `source` knows where files are and which packed
//! twins they have, `listing` shows what is in a folder.

#[cfg_attr(feature = "listing", path = "listing.rs")]
#[cfg_attr(not(feature = "listing"), path = "listing_disabled.rs")]
mod listing;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod shared_data;
mod source;

pub use shared_data::SharedData;
