use std::fmt;
use std::str::FromStr;

use crate::security::password::PasswordError;

/// The hash function that PBKDF2 repeats. SHA-1 is there to check old hashes, and still sound
/// in this use; MD5 is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PasswordDigest {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl PasswordDigest {
    /// The bytes it gives, which is how long Werkzeug lets a hash be.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl FromStr for PasswordDigest {
    type Err = PasswordError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "sha1" => Ok(Self::Sha1),
            "sha224" => Ok(Self::Sha224),
            "sha256" => Ok(Self::Sha256),
            "sha384" => Ok(Self::Sha384),
            "sha512" => Ok(Self::Sha512),
            _ => Err(PasswordError::Unsupported {
                method: format!("pbkdf2:{name}"),
            }),
        }
    }
}

impl fmt::Display for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        })
    }
}
