//! The machinery of `devserve static`: a folder of files, served as a site that open pages follow.
//!
//! Start at [`Site`]. The files are [`SharedData`](crate::middleware::SharedData)'s, served by the
//! engine. Around it stands `live`, an app that gives pages the live-reload script of
//! [`dev`](crate::dev); `watch` looks at the folders that something was asked of, and at no
//! others. Nothing here prints: it tells [`Notice`](crate::dev::Notice)s to a
//! [`Sink`](crate::dev::Sink).

mod files;
mod live;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod site;
mod watch;

pub use site::{Config, Site, SiteError, Stopper};
