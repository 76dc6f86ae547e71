use crate::session::Key;

/// Keys in the order of their age: the newest makes, all of them open.
///
/// To change a secret without logging anybody out, put the new key in front and keep the old
/// one until what it signed has expired.
///
/// ```
/// # use devserve::session::{Key, Keys};
/// # let (last_year, this_year) = (Key::generate(), Key::generate());
/// let signed = last_year.sign("user", "ada");
/// let keys = Keys::new(this_year).and_older(last_year);
/// assert_eq!(keys.verify("user", &signed).as_deref(), Some("ada"));
/// ```
#[derive(Clone, Debug)]
pub struct Keys {
    newest: Key,
    older: Vec<Key>,
}

impl Keys {
    /// One key.
    pub fn new(key: Key) -> Self {
        Self {
            newest: key,
            older: Vec::new(),
        }
    }

    /// Also opens what this key made.
    pub fn and_older(mut self, key: Key) -> Self {
        self.older.push(key);
        self
    }

    /// [`Key::sign`] with the newest.
    pub fn sign(&self, name: &str, value: &str) -> String {
        self.newest.sign(name, value)
    }

    /// [`Key::verify`] with whichever made it.
    pub fn verify(&self, name: &str, signed: &str) -> Option<String> {
        let (value, _) = self.first_that(|key| key.verify(name, signed))?;
        Some(value)
    }

    /// [`Key::encrypt`] with the newest.
    pub fn encrypt(&self, name: &str, value: &str) -> String {
        self.newest.encrypt(name, value)
    }

    /// [`Key::decrypt`] with whichever made it.
    pub fn decrypt(&self, name: &str, encrypted: &str) -> Option<String> {
        let (value, _) = self.first_that(|key| key.decrypt(name, encrypted))?;
        Some(value)
    }

    /// What the first key makes of something that can do anything with it, and whether that is
    /// the newest one.
    pub(super) fn first_that<T>(&self, open: impl Fn(&Key) -> Option<T>) -> Option<(T, bool)> {
        if let Some(value) = open(&self.newest) {
            return Some((value, true));
        }
        let value = self.older.iter().find_map(open)?;
        Some((value, false))
    }
}

impl From<Key> for Keys {
    fn from(key: Key) -> Self {
        Self::new(key)
    }
}
