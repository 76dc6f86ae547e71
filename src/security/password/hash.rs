use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::security::constant_time_eq;
use crate::security::password::method::Kind;
use crate::security::password::{PasswordDigest, PasswordError, PasswordMethod};

/// A hash of `password` by argon2id, with a salt of its own, to be stored as it is.
///
/// Slow on purpose: some 20 ms in a release build. In a debug build it takes twenty times as
/// long, and a hash of Werkzeug's seconds; `opt-level = 1` under `[profile.dev.package."*"]` in
/// the app's `Cargo.toml` makes up for most of that.
///
/// ```
/// # use devserve::security::{check_password_hash, generate_password_hash};
/// let stored = generate_password_hash("correct horse")?;
/// assert!(stored.starts_with("$argon2id$"));
/// assert!(check_password_hash(&stored, "correct horse")?);
/// assert!(!check_password_hash(&stored, "Correct horse")?);
/// # Ok::<(), devserve::security::PasswordError>(())
/// ```
///
/// # Errors
/// [`PasswordError::Random`], where the system has no randomness.
pub fn generate_password_hash(password: &str) -> Result<String, PasswordError> {
    generate_password_hash_with(password, PasswordMethod::default(), SALT_BYTES)
}

/// [`generate_password_hash`] by another method and with as many random bytes for a salt.
///
/// Scrypt and PBKDF2 are written as Werkzeug writes and reads them, `method$salt$hex`; argon2id
/// as a PHC string.
///
/// # Errors
/// [`PasswordError::Salt`] for a salt that does not do (argon2id takes 8 to 48 bytes, the others
/// 1 to 1,024), and [`PasswordError::Random`].
pub fn generate_password_hash_with(
    password: &str,
    method: PasswordMethod,
    salt_bytes: usize,
) -> Result<String, PasswordError> {
    let salts = match method.kind() {
        // RFC 9106 §3.1 wants 8, and a PHC string has room for 64 characters.
        Kind::Argon2id { .. } => 8..=48,
        Kind::Scrypt { .. } | Kind::Pbkdf2 { .. } => 1..=1024,
    };
    let bad_salt = || PasswordError::Salt {
        bytes: salt_bytes,
        method,
    };
    if !salts.contains(&salt_bytes) {
        return Err(bad_salt());
    }
    let mut salt = vec![0; salt_bytes];
    getrandom::fill(&mut salt).map_err(|source| PasswordError::Random {
        source: source.into(),
    })?;
    if let Some(argon2id) = argon2id(method) {
        let salt = SaltString::encode_b64(&salt).map_err(|_| bad_salt())?;
        let hash = argon2id.hash_password(password.as_bytes(), &salt);
        return Ok(hash.map_err(|_| bad_salt())?.to_string());
    }
    let salt = BASE64_URL_SAFE_NO_PAD.encode(salt);
    let hex = classic(method, &salt, password)?;
    Ok(format!("{method}${salt}${hex}"))
}

/// Whether `password` is the one `hash` was made of.
///
/// Reads what [`generate_password_hash`] and Werkzeug write. Text that is no hash at all is the
/// hash of no password. The time taken tells nothing of how much was right.
///
/// # Errors
/// [`PasswordError`] for a hash by a method that is not known, or that would cost too much to
/// check: nobody can log in with it, and somebody should know.
pub fn check_password_hash(hash: &str, password: &str) -> Result<bool, PasswordError> {
    if hash.starts_with(ARGON2) {
        return check_argon2(hash, password);
    }
    let mut parts = hash.splitn(3, '$');
    let (Some(method), Some(salt), Some(hex)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(false);
    };
    let method: PasswordMethod = method.parse()?;
    let computed = classic(method, salt, password)?;
    Ok(constant_time_eq(computed.as_bytes(), hex.as_bytes()))
}

/// Whether `hash` was made by anything weaker than [`generate_password_hash`] does now. Ask
/// after a password was found right, since then it can be hashed anew.
///
/// ```
/// # use devserve::security::{PasswordError, check_password_hash, generate_password_hash, needs_rehash};
/// # fn login(stored: &mut String, password: &str) -> Result<bool, PasswordError> {
/// let is_right = check_password_hash(stored, password)?;
/// if is_right && needs_rehash(stored) {
///     *stored = generate_password_hash(password)?;
/// }
/// # Ok(is_right)
/// # }
/// ```
pub fn needs_rehash(hash: &str) -> bool {
    let wanted = Params::default();
    let Ok(hash) = PasswordHash::new(hash) else {
        return true;
    };
    let Ok(params) = Params::try_from(&hash) else {
        return true;
    };
    let is_current = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && params.m_cost() >= wanted.m_cost()
        && params.t_cost() >= wanted.t_cost();
    !is_current
}

const ARGON2: &str = "$argon2";
const SALT_BYTES: usize = 16;

fn argon2id(method: PasswordMethod) -> Option<Argon2<'static>> {
    let Kind::Argon2id {
        memory_kib,
        passes,
        lanes,
    } = method.kind()
    else {
        return None;
    };
    let params = Params::new(memory_kib, passes, lanes, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn check_argon2(hash: &str, password: &str) -> Result<bool, PasswordError> {
    let malformed = |source: argon2::password_hash::Error| PasswordError::Malformed {
        source: source.to_string().into(),
    };
    let hash = PasswordHash::new(hash).map_err(malformed)?;
    let params = Params::try_from(&hash).map_err(malformed)?;
    // Also for argon2i and argon2d, which cost the same.
    PasswordMethod::argon2id(params.m_cost(), params.t_cost(), params.p_cost())?;
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(source) => Err(malformed(source)),
    }
}

/// The hash in hex, as Werkzeug has it: salt and password are their UTF-8 bytes.
fn classic(method: PasswordMethod, salt: &str, password: &str) -> Result<String, PasswordError> {
    let (salt, password) = (salt.as_bytes(), password.as_bytes());
    let mut out = [0; 64];
    let len = match method.kind() {
        Kind::Argon2id { .. } => {
            return Err(PasswordError::Unsupported {
                method: format!("{method}$salt$hex"),
            });
        }
        Kind::Scrypt { log_n, r, p } => {
            let bad = || PasswordError::Parameters {
                method: method.to_string(),
            };
            let params = scrypt::Params::new(log_n, r, p, out.len()).map_err(|_| bad())?;
            scrypt::scrypt(password, salt, &params, &mut out).map_err(|_| bad())?;
            out.len()
        }
        Kind::Pbkdf2 { digest, iterations } => pbkdf2(digest, iterations, salt, password, &mut out),
    };
    Ok(hex(&out[..len]))
}

/// Fills the beginning of `out` and says how much: as much as the digest gives.
fn pbkdf2(
    digest: PasswordDigest,
    iterations: u32,
    salt: &[u8],
    password: &[u8],
    out: &mut [u8; 64],
) -> usize {
    let out = &mut out[..digest.len()];
    match digest {
        PasswordDigest::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, iterations, out),
        PasswordDigest::Sha224 => pbkdf2_hmac::<Sha224>(password, salt, iterations, out),
        PasswordDigest::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, iterations, out),
        PasswordDigest::Sha384 => pbkdf2_hmac::<Sha384>(password, salt, iterations, out),
        PasswordDigest::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, iterations, out),
    }
    digest.len()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hash: &str, password: &str, want: bool) {
        assert_eq!(check_password_hash(hash, password).unwrap(), want, "{hash}");
    }

    #[track_caller]
    fn refused(hash: &str, want: &str) {
        let error = check_password_hash(hash, "x").unwrap_err().to_string();
        assert!(error.contains(want), "{hash}: {error}");
    }

    const CHEAP: &str = "pbkdf2:sha1:2$salt$";

    // RFC 6070's second vector; RFC 7914 §12's is in bytes that no text salt can be.
    const RFC: &str = "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957";

    #[test]
    fn pbkdf2_is_the_rfcs() {
        check(&format!("{CHEAP}{RFC}"), "password", true);
        check(&format!("{CHEAP}{RFC}"), "Password", false);
    }

    #[test]
    fn every_method_makes_what_it_checks() {
        for method in [
            "argon2id:64:1:2",
            "scrypt:16:2:2",
            "pbkdf2:sha1:2",
            "pbkdf2:sha224:2",
            "pbkdf2:sha256:2",
            "pbkdf2:sha384:2",
            "pbkdf2:sha512:2",
        ] {
            let method: PasswordMethod = method.parse().unwrap();
            for password in ["", "a\0b", "Пароль", &"long ".repeat(1000)] {
                let hash = generate_password_hash_with(password, method, 16).unwrap();
                let again = generate_password_hash_with(password, method, 16).unwrap();
                assert_ne!(hash, again);
                check(&hash, password, true);
                check(&hash, &format!("{password}."), false);
            }
        }
    }

    #[test]
    fn an_argon2_hash_is_a_phc_string_within_the_limits() {
        refused("$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$", "cannot be read");
        check("$argon2id", "x", false);
        refused("$argon2id$", "cannot be read");
        refused(
            "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAA",
            "costs too much",
        );
        refused(
            "$argon2d$v=19$m=64,t=4294967295,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAA",
            "costs too much",
        );
    }

    #[test]
    fn text_that_is_no_hash_is_the_hash_of_no_password() {
        for hash in ["", "x", "scrypt", "scrypt$salt", "pbkdf2:sha1:1$salt"] {
            check(hash, hash, false);
        }
        check(CHEAP, "password", false);
        check(&format!("{CHEAP}{}", RFC.to_uppercase()), "password", false);
        check(&format!("{CHEAP}{RFC}00"), "password", false);
        check(&format!("{CHEAP}{}", &RFC[..20]), "password", false);
        check(&format!("{CHEAP}{RFC}\n"), "password", false);
    }

    #[test]
    fn what_cannot_be_checked_is_an_error() {
        refused("$2b$12$R9h/cIPz0gi.URNNX3kh2O", "is none of");
        refused("plain$$secret", "is none of");
        refused("argon2id:64:1:1$salt$00", "is none of");
        refused("scrypt:1099511627776:8:1$salt$00", "costs too much");
    }

    #[test]
    fn a_salt_must_be_long_enough_and_fit() {
        let salt = |method, bytes| generate_password_hash_with("x", method, bytes).is_ok();
        let argon2id = PasswordMethod::argon2id(64, 1, 1).unwrap();
        let pbkdf2 = PasswordMethod::pbkdf2(PasswordDigest::Sha1, 1).unwrap();
        assert!(!salt(argon2id, 7) && salt(argon2id, 8) && salt(argon2id, 48));
        assert!(!salt(pbkdf2, 0) && salt(pbkdf2, 1) && salt(pbkdf2, 1024));
        assert!(!salt(argon2id, 49) && !salt(pbkdf2, 1025));
    }

    #[test]
    fn only_a_hash_as_dear_as_the_default_is_kept() {
        let made =
            |method: &str| generate_password_hash_with("x", method.parse().unwrap(), 16).unwrap();
        assert!(!needs_rehash(&made("argon2id:19456:2:1")));
        assert!(!needs_rehash(&made("argon2id:20480:2:2")));
        for weaker in [
            "argon2id:19455:2:1",
            "argon2id:19456:1:1",
            "scrypt:1024:8:1",
        ] {
            assert!(needs_rehash(&made(weaker)), "{weaker}");
        }
        assert!(needs_rehash(""));
    }
}
