use crate::net::{Identity, Listener};
use crate::run::https::HttpsError;

pub(super) fn with_tls(listener: Listener, cert: &str, key: &str) -> Result<Listener, HttpsError> {
    match Identity::from_pem(cert, key) {
        Ok(identity) => Ok(listener.with_tls(identity)),
        Err(error) => Err(HttpsError::Files {
            help: error.help(),
            source: error.into(),
        }),
    }
}
