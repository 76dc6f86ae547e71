use crate::request::Request;
use crate::session::Session;

impl<'a> Request<'a> {
    /// The visitor's session, to read and to change: the answer carries what changed.
    ///
    /// # Panics
    /// If there is none: put [`Sessions::new(keys).wrap(app)`](crate::session::Sessions::wrap)
    /// around the app, or a [`Session::new`] into the environ's extensions.
    #[track_caller]
    pub fn session(&self) -> &'a Session {
        match self.environ.extensions().get() {
            Some(session) => session,
            None => panic!(
                "this app has no sessions; write `Sessions::new(keys).wrap(app)` where it is served"
            ),
        }
    }
}
