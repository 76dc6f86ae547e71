use crate::security::password::PasswordMethod;

/// Why a password could not be hashed, or a hash not checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// A method that is not known here.
    #[error(
        "password method {method:?} is none of argon2id, scrypt and pbkdf2 with SHA-1 or SHA-2"
    )]
    Unsupported {
        /// The method.
        method: String,
    },
    /// A known method with parameters it cannot take.
    #[error(
        "password method {method:?} is not like argon2id:19456:2:1, scrypt:32768:8:1 or pbkdf2:sha256:1000000"
    )]
    Parameters {
        /// The method and its parameters.
        method: String,
    },
    /// A method that would take too much memory or time.
    #[error(
        "password method {method} costs too much; one hash may take {} MiB and a few seconds",
        PasswordMethod::MAX_MEMORY_KIB / 1024
    )]
    Cost {
        /// The method and its parameters.
        method: String,
    },
    /// A salt too short to be one, or too long for the method.
    #[error("a salt of {bytes} bytes does not do for {method}; 16 do for every method")]
    Salt {
        /// How long it should be.
        bytes: usize,
        /// The method and its parameters.
        method: PasswordMethod,
    },
    /// A text that begins like an argon2 hash and is none.
    #[error("the stored hash begins with $argon2 and cannot be read")]
    Malformed {
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system gave no random bytes for a salt.
    #[error("no random bytes for a salt")]
    Random {
        /// What the system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
