//! Names and secrets from strangers, before a disk or a database sees them.

mod compare;
mod filename;
mod join;
#[cfg(feature = "passwords")]
mod password;
mod platform;

pub use compare::constant_time_eq;
pub use filename::{secure_filename, secure_filename_on};
pub(crate) use join::{path_of_bytes, plain_path};
pub use join::{safe_join, safe_join_on};
#[cfg(feature = "passwords")]
pub use password::{
    PasswordDigest, PasswordError, PasswordMethod, check_password_hash, generate_password_hash,
    generate_password_hash_with, needs_rehash,
};
pub use platform::Platform;
