use std::fmt;

use cookie::{Cookie, CookieJar};

/// The secret that signs cookies (HMAC-SHA256) and encrypts them (AES-256-GCM).
///
/// A signed value can be read by anyone and changed by nobody; an encrypted one cannot be read
/// either. Both are bound to their cookie's name: they prove nothing under another.
///
/// ```
/// # use devserve::session::Key;
/// let key = Key::generate();
/// let signed = key.sign("user", "ada");
/// assert_eq!(key.verify("user", &signed).as_deref(), Some("ada"));
/// assert_eq!(key.verify("admin", &signed), None);
/// ```
#[derive(Clone)]
pub struct Key(cookie::Key);

impl Key {
    /// The least bytes of a secret.
    pub const MIN_BYTES: usize = 64;

    /// A key made of a secret that outlives the process, say from a file or the environment.
    ///
    /// # Errors
    /// [`KeyError`] where the secret is too short to be one.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        cookie::Key::try_from(secret)
            .map(Self)
            .map_err(|_| KeyError {
                bytes: secret.len(),
            })
    }

    /// A new random key. Cookies signed with it are void when the program ends.
    pub fn generate() -> Self {
        Self(cookie::Key::generate())
    }

    /// `value` with a signature that holds for the cookie `name`.
    pub fn sign(&self, name: &str, value: &str) -> String {
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.0)
            .add(Cookie::new(name.to_owned(), bind(name, value)));
        let signed = jar.get(name).map_or("", Cookie::value);
        let mac = signed.get(..MAC_LEN).unwrap_or("");
        format!("{mac}{value}")
    }

    /// The value behind a signature that this key made for the cookie `name`.
    pub fn verify(&self, name: &str, signed: &str) -> Option<String> {
        let (mac, value) = signed.split_at_checked(MAC_LEN)?;
        let bound = Cookie::new(name.to_owned(), format!("{mac}{}", bind(name, value)));
        CookieJar::new().signed(&self.0).verify(bound)?;
        Some(value.to_owned())
    }

    /// `value`, unreadable, for the cookie `name`.
    ///
    /// # Panics
    /// If the system has no randomness.
    pub fn encrypt(&self, name: &str, value: &str) -> String {
        let mut jar = CookieJar::new();
        jar.private_mut(&self.0)
            .add(Cookie::new(name.to_owned(), value.to_owned()));
        jar.get(name).map_or("", Cookie::value).to_owned()
    }

    /// The value that this key encrypted for the cookie `name`.
    pub fn decrypt(&self, name: &str, encrypted: &str) -> Option<String> {
        let cookie = Cookie::new(name.to_owned(), encrypted.to_owned());
        let cookie = CookieJar::new().private(&self.0).decrypt(cookie)?;
        Some(cookie.value().to_owned())
    }
}

/// Shows nothing of the secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A secret that is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret has {bytes} bytes; a key needs {} (make one with `openssl rand 64`)",
    Key::MIN_BYTES
)]
pub struct KeyError {
    /// How many it has.
    pub bytes: usize,
}

/// The signature in base64, as crate cookie puts it before the value.
const MAC_LEN: usize = 44;

/// What is signed. The crate signs the value alone, and then a signed `theme` would pass for a
/// signed `user`.
fn bind(name: &str, value: &str) -> String {
    format!("{name}={value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_value_or_key_or_name_is_refused() {
        let key = Key::from_secret(&[7; 64]).unwrap();
        let signed = key.sign("user", "ada; \"é\"");
        assert_eq!(key.verify("user", &signed).as_deref(), Some("ada; \"é\""));
        assert_eq!(key.verify("user", &format!("{signed}x")), None);
        assert_eq!(key.verify("admin", &signed), None);
        assert_eq!(Key::generate().verify("user", &signed), None);
        assert_eq!(key.verify("user", "é"), None);
    }

    #[test]
    fn an_encrypted_value_shows_nothing_and_cannot_be_changed() {
        let key = Key::from_secret(&[7; 64]).unwrap();
        let encrypted = key.encrypt("user", "ada; \"é\"");
        assert!(!encrypted.contains("ada"));
        assert_ne!(encrypted, key.encrypt("user", "ada; \"é\""));
        assert_eq!(
            key.decrypt("user", &encrypted).as_deref(),
            Some("ada; \"é\"")
        );
        assert_eq!(key.decrypt("admin", &encrypted), None);
        assert_eq!(Key::generate().decrypt("user", &encrypted), None);
        for broken in [
            "",
            "é",
            "====",
            &encrypted[4..],
            &format!("AAAA{encrypted}"),
        ] {
            assert_eq!(key.decrypt("user", broken), None);
        }
        // What was signed is not what was encrypted.
        assert_eq!(key.verify("user", &encrypted), None);
        assert_eq!(key.decrypt("user", &key.sign("user", "ada")), None);
    }

    #[test]
    fn a_short_secret_is_refused_with_its_length() {
        let error = Key::from_secret(b"secret").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the secret has 6 bytes; a key needs 64")
        );
    }
}
