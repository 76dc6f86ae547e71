use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::SetCookieError;
use crate::session::stored::Stored;

/// What an app remembers of one visitor from request to request.
///
/// [`Sessions`](crate::session::Sessions) makes it, [`Request::session`](crate::Request::session)
/// hands it out, and its changes are sent with the answer. Clones are the same session. It is
/// opened by the first method that is called; a session nobody asks for costs nothing.
///
/// Everything must fit into one cookie of 4,093 bytes, so keep keys of things rather than the
/// things.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

// The view has a shared borrow of its request, so changes go through a lock. No code of the
// app's runs while it is held: values are made and read outside.
struct Shared {
    open: Box<dyn Fn() -> Contents + Send + Sync>,
    contents: OnceLock<Mutex<Contents>>,
}

/// A session as it is at the moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) stored: Stored,
    pub(super) is_new: bool,
    pub(super) is_modified: bool,
    /// Whether a key that is no longer the newest made what was sent.
    pub(super) is_of_older_key: bool,
}

impl Contents {
    pub(super) fn new() -> Self {
        Self {
            is_new: true,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stored.values.is_empty() && self.stored.flashes.is_empty()
    }
}

impl Session {
    /// A new session that no cookie keeps: put it into an environ's extensions to call a view
    /// without [`Sessions`](crate::session::Sessions) around it.
    pub fn new() -> Self {
        Self::opened_by(Contents::new)
    }

    pub(super) fn opened_by(open: impl Fn() -> Contents + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared {
            open: Box::new(open),
            contents: OnceLock::new(),
        }))
    }

    /// The value kept under `name`. `None` also for a value of another type, as an earlier
    /// version of the app may have left it.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let value = self.contents().stored.values.get(name).cloned();
        serde_json::from_value(value?).ok()
    }

    /// Keeps `value` under `name`.
    ///
    /// # Errors
    /// [`SessionError::Value`] for what cannot be JSON, such as a map whose keys are no text.
    pub fn insert(
        &self,
        name: impl Into<String>,
        value: impl Serialize,
    ) -> Result<(), SessionError> {
        let name = name.into();
        let value = match serde_json::to_value(value) {
            Ok(value) => value,
            Err(source) => return Err(SessionError::Value { name, source }),
        };
        let mut contents = self.contents();
        if contents.stored.values.get(&name) != Some(&value) {
            contents.stored.values.insert(name, value);
            contents.is_modified = true;
        }
        Ok(())
    }

    /// Forgets what is kept under `name`; whether there was anything.
    pub fn remove(&self, name: &str) -> bool {
        self.pull(name).is_some()
    }

    /// Takes the value kept under `name` out. One of another type is forgotten.
    pub fn take<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.pull(name)?).ok()
    }

    fn pull(&self, name: &str) -> Option<Value> {
        let mut contents = self.contents();
        let value = contents.stored.values.remove(name)?;
        contents.is_modified = true;
        Some(value)
    }

    /// Forgets everything: messages too, and that it was to outlive the browser, which is told
    /// to forget the cookie.
    pub fn clear(&self) {
        let mut contents = self.contents();
        if !contents.is_empty() || contents.stored.is_permanent {
            contents.stored = Stored::default();
            contents.is_modified = true;
        }
    }

    /// Whether anything is kept under `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.contents().stored.values.contains_key(name)
    }

    /// The names that something is kept under.
    pub fn names(&self) -> Vec<String> {
        self.contents().stored.values.keys().cloned().collect()
    }

    /// Whether nothing is kept, not even a message.
    pub fn is_empty(&self) -> bool {
        self.contents().is_empty()
    }

    /// Whether the request brought no session: none at all, one that has expired, or one that
    /// none of our keys made.
    pub fn is_new(&self) -> bool {
        self.contents().is_new
    }

    /// Whether it is other than the request brought it, and so will be sent.
    pub fn is_modified(&self) -> bool {
        self.contents().is_modified
    }

    /// Whether it outlives the browser.
    pub fn is_permanent(&self) -> bool {
        self.contents().stored.is_permanent
    }

    /// Has it outlive the browser, or not. Either way it expires at the end of its
    /// [`lifetime`](crate::session::Sessions::lifetime).
    pub fn set_permanent(&self, is_permanent: bool) {
        let mut contents = self.contents();
        if contents.stored.is_permanent != is_permanent {
            contents.stored.is_permanent = is_permanent;
            contents.is_modified = true;
        }
    }

    /// Leaves a message for the next page that [takes](Self::take_flashes) it, say after a
    /// redirect. The category is the app's own word, such as `error`.
    pub fn flash(&self, category: impl Into<String>, message: impl Into<String>) {
        let flash = (category.into(), message.into());
        let mut contents = self.contents();
        contents.stored.flashes.push(flash);
        contents.is_modified = true;
    }

    /// The messages left so far, in order. They are gone then.
    pub fn take_flashes(&self) -> Vec<Flash> {
        let mut contents = self.contents();
        let flashes = std::mem::take(&mut contents.stored.flashes);
        contents.is_modified |= !flashes.is_empty();
        drop(contents);
        flashes
            .into_iter()
            .map(|(category, message)| Flash { category, message })
            .collect()
    }

    /// What is left at the end of the request; `None` where nobody asked.
    pub(super) fn outcome(&self) -> Option<Contents> {
        self.0.contents.get()?;
        Some(self.contents().clone())
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        let Shared { open, contents } = &*self.0;
        let contents = contents.get_or_init(|| Mutex::new(open()));
        contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows names and no values: they may be secret.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome() {
            Some(contents) => f
                .debug_struct("Session")
                .field("names", &contents.stored.values.keys())
                .field("is_new", &contents.is_new)
                .field("is_modified", &contents.is_modified)
                .finish_non_exhaustive(),
            None => f.write_str("Session(unread)"),
        }
    }
}

/// A message for the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flash {
    /// The app's own word for its kind.
    pub category: String,
    /// The text.
    pub message: String,
}

/// Why a session could not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A value that cannot be JSON.
    #[error("the session cannot keep {name:?}: it is no JSON")]
    Value {
        /// The name it was to be kept under.
        name: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// What does not fit into a cookie, or a cookie whose attributes browsers refuse.
    #[error("the session cannot be kept in its cookie; keep less in it, or mend the cookie")]
    Cookie {
        /// Size and limit, or what is wrong with the cookie.
        source: SetCookieError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_modifies() {
        let session = Session::new();
        assert!(session.is_new() && session.is_empty() && !session.is_modified());
        session.clear();
        session.set_permanent(false);
        assert!(!session.remove("a") && session.take_flashes().is_empty());
        assert!(!session.is_modified());
        session.insert("a", 1).unwrap();
        assert!(session.is_modified() && !session.is_empty() && session.contains("a"));
    }

    #[test]
    fn nothing_is_left_after_clear() {
        let session = Session::new();
        session.insert("a", 1).unwrap();
        session.flash("info", "hello");
        session.set_permanent(true);
        session.clear();
        assert!(session.is_empty() && !session.is_permanent());
        assert!(session.take_flashes().is_empty() && session.is_modified());
    }

    #[test]
    fn values_have_types() {
        let session = Session::new();
        session.insert("ids", [1, 2]).unwrap();
        session.insert("none", None::<u8>).unwrap();
        assert_eq!(session.get::<Vec<u8>>("ids"), Some(vec![1, 2]));
        assert_eq!(session.get::<String>("ids"), None);
        assert_eq!(session.get::<Option<u8>>("none"), Some(None));
        assert_eq!(session.names(), ["ids", "none"]);
        assert_eq!(session.take::<Vec<u8>>("ids"), Some(vec![1, 2]));
        assert_eq!(session.take::<Vec<u8>>("ids"), None);
        let map = std::collections::HashMap::from([([1], 2)]);
        let error = session.insert("map", map).unwrap_err();
        assert!(error.to_string().contains("\"map\""), "{error}");
    }

    #[test]
    fn a_message_is_taken_once() {
        let session = Session::new();
        session.flash("info", "one");
        session.clone().flash("error", "two");
        let messages: Vec<_> = session.take_flashes();
        assert_eq!(messages[1].category, "error");
        assert_eq!(messages.len(), 2);
        assert!(session.take_flashes().is_empty() && session.is_empty());
    }

    #[test]
    fn nothing_kept_is_shown() {
        let session = Session::new();
        assert_eq!(format!("{session:?}"), "Session(unread)");
        session.insert("token", "t0psecret").unwrap();
        let shown = format!("{session:?}");
        assert!(
            shown.contains("token") && !shown.contains("t0psecret"),
            "{shown}"
        );
    }
}
