use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::net::tls::{IdentityError, identity};

/// Whom a TLS client believes: the certificate authorities whose word it takes.
///
/// Their certificate, the server's name and the dates are checked always; nothing turns that
/// off. TLS 1.2 and 1.3, with HTTP/1.1 as the only protocol to agree on (ALPN). Clones share
/// what they remember of servers, which makes later connections quicker.
#[derive(Clone)]
pub struct Trust {
    // Made when it is first needed, where it is the system's.
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

/// Why nobody can be believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file cannot be read, or has no certificate of an authority in it.
    #[error("cannot trust the certificates in {}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system names no authorities at all.
    #[error(
        "the system has no certificates to trust; install its package ca-certificates, or name a \
         file of them in SSL_CERT_FILE"
    )]
    NoRoots,
}

impl Trust {
    /// Those whom this system trusts: what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, else what
    /// the distribution keeps. They are read when the first connection needs them.
    pub fn system() -> Self {
        Self {
            config: Arc::default(),
        }
    }

    /// Nobody but those in a PEM file: the CA of one's own, say
    /// ([`Identity::authority`](crate::net::Identity::authority)).
    ///
    /// # Errors
    /// [`TrustError::Unusable`].
    pub fn from_pem(path: impl AsRef<Path>) -> Result<Self, TrustError> {
        let path = path.as_ref();
        let unusable = |source| TrustError::Unusable {
            path: path.to_owned(),
            source,
        };
        let certificates =
            identity::certificates(path).map_err(|error: IdentityError| unusable(error.into()))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots
                .add(certificate)
                .map_err(|error| unusable(error.into()))?;
        }
        Ok(Self {
            config: Arc::new(OnceLock::from(config(roots))),
        })
    }

    /// [`system`](Self::system), in builds that speak TLS at all.
    pub(crate) fn of_system() -> Option<Self> {
        Some(Self::system())
    }

    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let roots = system_roots()?;
        Ok(Arc::clone(self.config.get_or_init(|| config(roots))))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

/// What can be read of the system's; a certificate that no longer can is passed over.
fn system_roots() -> Result<RootCertStore, TrustError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        log::debug!("a certificate of the system is passed over: {error}");
    }
    let found: Vec<CertificateDer<'_>> = found.certs;
    let mut roots = RootCertStore::empty();
    match roots.add_parsable_certificates(found) {
        (0, _) => Err(TrustError::NoRoots),
        _ => Ok(roots),
    }
}

fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    // Named, because the process may have another as its default.
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks both versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let error = Trust::from_pem(&path).unwrap_err();
        let want = format!("cannot trust the certificates in {}", path.display());
        assert_eq!(error.to_string(), want);
        std::fs::write(&path, "nothing").unwrap();
        let error = Trust::from_pem(&path).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        let want = format!("{} has no certificate in it", path.display());
        assert_eq!(source.to_string(), want);
    }
}
