use crate::net::Listener;
use crate::run::https::HttpsError;

pub(super) fn with_tls(_: Listener, _: &str, _: &str) -> Result<Listener, HttpsError> {
    Err(HttpsError::NotCompiledIn)
}
