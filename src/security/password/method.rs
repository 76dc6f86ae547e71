use std::fmt;
use std::str::FromStr;

use crate::security::password::{PasswordDigest, PasswordError};

/// How a password is hashed, and how dear that is.
///
/// Read from and written in Werkzeug's form: `scrypt:32768:8:1`, `pbkdf2:sha256:1000000`, and
/// in the same manner `argon2id:19456:2:1` (KiB, passes, lanes). What is left out at the end
/// has its default: `scrypt`, `pbkdf2:sha512`.
///
/// A hash names its own cost, so a forged one could keep a thread busy for hours. Whatever
/// asks for more than [`MAX_MEMORY_KIB`](Self::MAX_MEMORY_KIB) or more than a few seconds is no
/// method.
///
/// ```
/// # use devserve::security::PasswordMethod;
/// let method: PasswordMethod = "pbkdf2:sha512".parse()?;
/// assert_eq!(method.to_string(), "pbkdf2:sha512:1000000");
/// assert!("scrypt:1099511627776:8:1".parse::<PasswordMethod>().is_err());
/// # Ok::<(), devserve::security::PasswordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordMethod(
    // Invariant: affordable, and numbers that the algorithm takes; every constructor checks.
    Kind,
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Argon2id {
        memory_kib: u32,
        passes: u32,
        lanes: u32,
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
    Pbkdf2 {
        digest: PasswordDigest,
        iterations: u32,
    },
}

impl PasswordMethod {
    /// The most memory that one hash may ask for: 256 MiB.
    pub const MAX_MEMORY_KIB: u32 = 256 * 1024;

    /// Argon2id with 19 MiB, two passes and one lane: the default (RFC 9106, with the numbers
    /// of OWASP's password storage cheat sheet).
    pub const ARGON2ID: Self = Self(Kind::Argon2id {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    });

    /// Scrypt as Werkzeug has it: N = 32768, r = 8, p = 1 (RFC 7914).
    pub const SCRYPT: Self = Self(Kind::Scrypt {
        log_n: 15,
        r: 8,
        p: 1,
    });

    /// PBKDF2 as Werkzeug has it: HMAC-SHA256, 1,000,000 iterations (RFC 8018).
    pub const PBKDF2: Self = Self(Kind::Pbkdf2 {
        digest: PasswordDigest::Sha256,
        iterations: ITERATIONS,
    });

    /// Argon2id. Memory is in KiB.
    ///
    /// # Errors
    /// [`PasswordError::Parameters`] for numbers it cannot take, [`PasswordError::Cost`] for
    /// too high ones.
    pub fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, PasswordError> {
        let method = Self(Kind::Argon2id {
            memory_kib,
            passes,
            lanes,
        });
        // RFC 9106 §3.1: eight blocks of 1 KiB to a lane.
        if passes == 0 || lanes == 0 || u64::from(memory_kib) < 8 * u64::from(lanes) {
            return Err(method.bad_parameters());
        }
        let work = u64::from(memory_kib) * u64::from(passes);
        let is_affordable = memory_kib <= Self::MAX_MEMORY_KIB && work <= MAX_ARGON2_WORK;
        method.if_affordable(is_affordable)
    }

    /// Scrypt. `n` is a power of two.
    ///
    /// # Errors
    /// As [`argon2id`](Self::argon2id).
    pub fn scrypt(n: u64, r: u32, p: u32) -> Result<Self, PasswordError> {
        let log_n = u8::try_from(n.trailing_zeros()).unwrap_or(u8::MAX);
        let method = Self(Kind::Scrypt { log_n, r, p });
        // RFC 7914 §2: N is larger than 1, a power of 2 and less than 2^(16 r).
        let fits = n > 1 && n.is_power_of_two() && u64::from(log_n) < 16 * u64::from(r);
        if !fits || p == 0 {
            return Err(PasswordError::Parameters {
                method: format!("scrypt:{n}:{r}:{p}"),
            });
        }
        let (n, r, p) = (u128::from(n), u128::from(r), u128::from(p));
        let memory_kib = n * r * 128 / 1024;
        let is_affordable = memory_kib <= u128::from(Self::MAX_MEMORY_KIB)
            && n * r * p <= MAX_SCRYPT_WORK
            && r * p <= MAX_SCRYPT_BLOCKS;
        method.if_affordable(is_affordable)
    }

    /// PBKDF2 with HMAC.
    ///
    /// # Errors
    /// As [`argon2id`](Self::argon2id).
    pub fn pbkdf2(digest: PasswordDigest, iterations: u32) -> Result<Self, PasswordError> {
        let method = Self(Kind::Pbkdf2 { digest, iterations });
        if iterations == 0 {
            return Err(method.bad_parameters());
        }
        method.if_affordable(iterations <= MAX_ITERATIONS)
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }

    fn bad_parameters(self) -> PasswordError {
        PasswordError::Parameters {
            method: self.to_string(),
        }
    }

    fn if_affordable(self, is_affordable: bool) -> Result<Self, PasswordError> {
        if is_affordable {
            return Ok(self);
        }
        Err(PasswordError::Cost {
            method: self.to_string(),
        })
    }
}

/// Werkzeug's default.
const ITERATIONS: u32 = 1_000_000;

// Each about a second or two on a slow core.
const MAX_ITERATIONS: u32 = 5_000_000;
const MAX_SCRYPT_WORK: u128 = 1 << 22;
const MAX_SCRYPT_BLOCKS: u128 = 1 << 12;
const MAX_ARGON2_WORK: u64 = 1 << 20;

impl Default for PasswordMethod {
    fn default() -> Self {
        Self::ARGON2ID
    }
}

impl FromStr for PasswordMethod {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || PasswordError::Parameters {
            method: text.to_owned(),
        };
        // Python also takes signs, spaces and underscores; no hash was ever written with them.
        let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => digits.parse::<u64>().map_err(|_| bad()),
            false => Err(bad()),
        };
        let small = |digits| u32::try_from(number(digits)?).map_err(|_| bad());
        let parts: Vec<_> = text.split(':').collect();
        match parts[..] {
            ["argon2id"] => Ok(Self::ARGON2ID),
            ["argon2id", memory_kib, passes, lanes] => {
                Self::argon2id(small(memory_kib)?, small(passes)?, small(lanes)?)
            }
            ["scrypt"] => Ok(Self::SCRYPT),
            ["scrypt", n, r, p] => Self::scrypt(number(n)?, small(r)?, small(p)?),
            ["pbkdf2"] => Ok(Self::PBKDF2),
            ["pbkdf2", digest] => Self::pbkdf2(digest.parse()?, ITERATIONS),
            ["pbkdf2", digest, iterations] => Self::pbkdf2(digest.parse()?, small(iterations)?),
            ["argon2id" | "scrypt" | "pbkdf2", ..] => Err(bad()),
            // Every other name.
            _ => Err(PasswordError::Unsupported {
                method: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for PasswordMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Argon2id {
                memory_kib,
                passes,
                lanes,
            } => write!(f, "argon2id:{memory_kib}:{passes}:{lanes}"),
            Kind::Scrypt { log_n, r, p } => write!(f, "scrypt:{}:{r}:{p}", 1_u64 << log_n),
            Kind::Pbkdf2 { digest, iterations } => write!(f, "pbkdf2:{digest}:{iterations}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let method: PasswordMethod = text.parse().expect(text);
        assert_eq!(method.to_string(), want);
        assert_eq!(want.parse::<PasswordMethod>().expect(want), method);
    }

    #[track_caller]
    fn refused(text: &str, want: &str) {
        let error = text.parse::<PasswordMethod>().expect_err(text).to_string();
        assert!(error.contains(want), "{text}: {error}");
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        check("argon2id", "argon2id:19456:2:1");
        check("scrypt", "scrypt:32768:8:1");
        check("pbkdf2", "pbkdf2:sha256:1000000");
        check("pbkdf2:sha512", "pbkdf2:sha512:1000000");
        check("pbkdf2:sha1:1", "pbkdf2:sha1:1");
        check("scrypt:2:1:1", "scrypt:2:1:1");
        assert_eq!(PasswordMethod::default(), PasswordMethod::ARGON2ID);
    }

    #[test]
    fn other_methods_are_named() {
        for text in [
            "",
            "md5",
            "plain",
            "SCRYPT",
            " scrypt",
            "bcrypt:12",
            "pbkdf2:md5:1000",
        ] {
            refused(text, "is none of");
        }
    }

    #[test]
    fn numbers_must_fit_the_method() {
        for text in [
            "scrypt:",
            "scrypt:1024",
            "scrypt:1024:8",
            "scrypt:1024:8:1:1",
            "scrypt:1000:8:1",
            "scrypt:0:8:1",
            "scrypt:1:8:1",
            "scrypt:1024:0:1",
            "scrypt:1024:8:0",
            "scrypt:-2:8:1",
            "scrypt:+2:8:1",
            "scrypt:2 :8:1",
            "scrypt:1024:8:4294967297",
            "scrypt:99999999999999999999:8:1",
            "scrypt:65536:1:1",
            "pbkdf2:sha256:0",
            "pbkdf2:sha256:-5",
            "pbkdf2:sha256:",
            "pbkdf2:sha256:1:1",
            "argon2id:7:1:1",
            "argon2id:64:1:9",
            "argon2id:64:0:1",
            "argon2id:64:1:0",
        ] {
            refused(text, "is not like");
        }
    }

    #[test]
    fn a_dear_method_is_refused_before_it_costs_anything() {
        for text in [
            "scrypt:1099511627776:8:1",
            "scrypt:9223372036854775808:4294967295:4294967295",
            "scrypt:2:1000000:1",
            "scrypt:2:1:1000000",
            "scrypt:32768:8:1000",
            "pbkdf2:sha256:4000000000",
            "argon2id:4294967295:1:1",
            "argon2id:8:4294967295:1",
        ] {
            refused(text, "costs too much");
        }
        for text in [
            "scrypt:131072:8:1",
            "scrypt:8192:8:10",
            "argon2id:65536:3:4",
        ] {
            check(text, text);
        }
    }
}
