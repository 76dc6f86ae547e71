use minijinja::context;

use crate::http::StatusCode;
use crate::pages::Page;

/// The 500 that tells a stranger nothing: for release builds, and for clients the debugger
/// does not answer. What happened is said on the server's side.
pub fn server_error() -> Page {
    let title = "Internal Server Error";
    let words =
        "The server met a fault it did not expect. It has been noted where the server runs.";
    Page::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "plain",
        title,
        format!("{title}\n{words}\n"),
    )
    .context(context! { words })
}
