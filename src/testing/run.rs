use crate::wsgi::{self, App, Chunks, Environ, Result};

/// Calls an app with an environ: its status and header fields, and its body, to be made chunk
/// by chunk.
///
/// ```
/// use devserve::testing::{EnvironBuilder, run_app};
/// use devserve::{Request, Response};
///
/// let app = |_: &Request<'_>| Response::stream(["a", "b"].map(Ok));
/// let mut environ = EnvironBuilder::new("/").build();
/// let (head, mut chunks) = run_app(&app, &mut environ)?.into_parts();
/// assert_eq!(head.status, 200);
/// assert_eq!(chunks.next().transpose()?.unwrap(), "a");
/// # Ok::<(), devserve::Error>(())
/// ```
///
/// # Errors
/// What the app returned, or a broken rule of `start_response`.
pub fn run_app(app: &dyn App, environ: &mut Environ) -> Result<http::Response<Chunks>> {
    Ok(wsgi::run(app, environ)?.map(wsgi::Body::into_chunks))
}
