//! HTTPS, where the environment gives a certificate; the only place of [`run`](crate::run) that
//! knows whether TLS was compiled in.

#[cfg_attr(feature = "tls", path = "enabled.rs")]
#[cfg_attr(not(feature = "tls"), path = "disabled.rs")]
mod imp;

use std::error::Error as StdError;

use crate::net::Listener;

const CERT: &str = "TLS_CERT";
const KEY: &str = "TLS_KEY";

/// The listener, with TLS where `TLS_CERT` and `TLS_KEY` name files, as `variable` knows them.
pub(super) fn from_environment(
    listener: Listener,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Listener, HttpsError> {
    let given = |name| variable(name).filter(|value| !value.is_empty());
    match (given(CERT), given(KEY)) {
        (None, None) => Ok(listener),
        (Some(cert), Some(key)) => imp::with_tls(listener, &cert, &key),
        (Some(_), None) => Err(HttpsError::Half {
            given: CERT,
            missing: KEY,
        }),
        (None, Some(_)) => Err(HttpsError::Half {
            given: KEY,
            missing: CERT,
        }),
    }
}

/// `TLS_CERT` and `TLS_KEY` give no HTTPS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpsError {
    /// One of them alone.
    #[error("{given} is set and {missing} is not; set both, or neither for plain HTTP")]
    Half {
        /// What is set.
        given: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// The program cannot do it.
    #[error(
        "TLS_CERT is set, and this program was built without HTTPS; add \"tls\" to the features \
         of devserve in its Cargo.toml"
    )]
    NotCompiledIn,
    /// The files are not what they should be.
    #[error("there is no HTTPS from TLS_CERT and TLS_KEY; {help}")]
    Files {
        /// What is wrong with them.
        source: Box<dyn StdError + Send + Sync>,
        /// What to do about it.
        help: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Address;

    #[track_caller]
    fn check(cert: &str, key: &str, want: Result<bool, &str>) {
        let listener = Listener::bind(&Address::tcp("127.0.0.1", 0)).unwrap();
        let variable = |name: &str| Some(if name == CERT { cert } else { key }.to_owned());
        let got = from_environment(listener, variable).map(|listener| listener.has_tls());
        match (got, want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want),
            (Err(error), Err(want)) => {
                assert!(error.to_string().contains(want), "{error}");
            }
            (got, want) => panic!("{got:?} is not {want:?}"),
        }
    }

    #[test]
    fn both_files_or_neither() {
        check("", "", Ok(false));
        check("cert.pem", "", Err("TLS_KEY is not"));
        check("", "key.pem", Err("TLS_CERT is not"));
        let mend = if cfg!(feature = "tls") {
            "PEM"
        } else {
            "Cargo.toml"
        };
        check("no-such.pem", "no-such.pem", Err(mend));
    }
}
