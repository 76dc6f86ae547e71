//! The pages as people meet them: the real binary on one side, a headless Chromium on the other.
//!
//! They need Debian's packages `chromium` and `chromium-driver`. Where those are missing, each
//! test says that it is skipped; with `DEVSERVE_REQUIRE_BROWSER` set, it fails. Where
//! `DEVSERVE_SCREENSHOTS` names a folder, a picture of every page is kept there.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is missing"
)]

#[path = "../live/harness.rs"]
#[allow(dead_code, reason = "the live tests use more of it")]
mod harness;

mod folder;
#[path = "../live/gate.rs"]
mod gate;
mod guestbook;
mod livereload;
mod pages;
mod reload;
mod stand;
mod webdriver;
mod websocket;
