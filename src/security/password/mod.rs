//! Passwords, kept as hashes that are slow to guess from.
//!
//! Start at [`generate_password_hash`] and [`check_password_hash`].

mod digest;
mod error;
mod hash;
mod method;

pub use digest::PasswordDigest;
pub use error::PasswordError;
pub use hash::{
    check_password_hash, generate_password_hash, generate_password_hash_with, needs_rehash,
};
pub use method::PasswordMethod;
