/// Why credentials or a challenge cannot be written. It never holds the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The scheme is no token.
    #[error("{scheme:?} is no authentication scheme: use letters, digits and `-`")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// The token would not read back as it is.
    #[error(
        "the token cannot be sent: use visible ASCII without spaces, quotes, commas and inner `=`"
    )]
    Token,
    /// A parameter's name is no token, or its value holds a control character or is missing.
    #[error(
        "the parameter {name:?} cannot be sent: a name is a token, a value has no control characters"
    )]
    Param {
        /// Its name.
        name: String,
    },
    /// A user name with a colon, which would move into the password (RFC 7617 §2).
    #[error("a user name for Basic credentials cannot hold a colon")]
    Colon,
    /// A control character in a user name or a password (RFC 7617 §2).
    #[error("Basic credentials cannot hold a control character")]
    Control,
}
