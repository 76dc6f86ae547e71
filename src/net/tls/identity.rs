use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::net::tls::IdentityError;
use crate::net::tls::adhoc::Adhoc;
use crate::net::tls::authority::Authority;

/// What a TLS server shows of itself: its certificates, and the proof that they are its own.
///
/// TLS 1.2 and 1.3, with HTTP/1.1 as the only protocol to agree on (ALPN). Clients show nothing.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
    authority: Option<Arc<Path>>,
}

impl Identity {
    /// From two PEM files: the server's certificate and those between it and a root, in this
    /// order; and the private key. Both may be the same file.
    ///
    /// # Errors
    /// [`IdentityError`], with what to do about it in [`IdentityError::help`].
    pub fn from_pem(cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, IdentityError> {
        let (cert, key) = (cert.as_ref(), key.as_ref());
        let chain = certificates(cert)?;
        let private = private_key(key)?;
        let config = config(chain, private).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => IdentityError::Misfit {
                cert: cert.to_owned(),
                key: key.to_owned(),
            },
            other => IdentityError::Unusable {
                cert: cert.to_owned(),
                source: Box::new(other),
            },
        })?;
        Ok(Self {
            config: Arc::new(config),
            authority: None,
        })
    }

    /// A certificate for development, made for this start: for `localhost`, 127.0.0.1, ::1 and
    /// `host`; and one more for each name below `localhost` that a client asks for.
    ///
    /// A CA of the user's own signs it. It is made once and kept in the user's data folder
    /// (`$XDG_DATA_HOME/devserve`, else `~/.local/share/devserve`), so that browsers can be told
    /// once to trust it: its certificate is at [`authority`](Self::authority). The CA vouches
    /// for this machine and private networks only: whoever steals its key cannot pass for the
    /// rest of the world.
    ///
    /// # Errors
    /// [`IdentityError`], also where `host` is a name or address of the public internet.
    pub fn adhoc(host: &str) -> Result<Self, IdentityError> {
        Self::adhoc_in(&data_folder(|name| std::env::var_os(name))?, host)
    }

    /// The same, with a CA that is kept in `folder`.
    ///
    /// # Errors
    /// As [`adhoc`](Self::adhoc).
    pub fn adhoc_in(folder: &Path, host: &str) -> Result<Self, IdentityError> {
        let authority = Authority::in_folder(folder)?;
        let public_file = authority.public_file().into();
        let adhoc = Adhoc::new(authority, host)?;
        let provider = Arc::new(ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| IdentityError::unsigned(host, error))?;
        let config = versions
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(adhoc));
        Ok(Self {
            config: Arc::new(http_1_1(config)),
            authority: Some(public_file),
        })
    }

    /// The certificate of the development CA that vouches for it, as a PEM file: what a client
    /// must trust, as in `curl --cacert PATH`. `None` where somebody else vouches.
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("authority", &self.authority)
            .finish_non_exhaustive() // no key gets into a log
    }
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    // Named, because the process may have another as its default.
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(http_1_1(config))
}

/// The one protocol that is spoken inside (ALPN, RFC 7301).
fn http_1_1(mut config: ServerConfig) -> ServerConfig {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let wrong = |error| wrong(path, error, |path| IdentityError::NoCertificate { path });
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(wrong)?
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    match chain.is_empty() {
        true => Err(wrong(pem::Error::NoItemsFound)),
        false => Ok(chain),
    }
}

pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, IdentityError> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|error| wrong(path, error, |path| IdentityError::NoKey { path }))
}

fn wrong(path: &Path, error: pem::Error, nothing: fn(PathBuf) -> IdentityError) -> IdentityError {
    let path = path.to_owned();
    match error {
        pem::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => {
            IdentityError::Damaged {
                path,
                source: source.into(),
            }
        }
        pem::Error::Io(source) => IdentityError::Unreadable { path, source },
        pem::Error::NoItemsFound => nothing(path),
        other => IdentityError::Damaged {
            path,
            source: Box::new(other),
        },
    }
}

/// Where this user's programs keep what they need again (XDG Base Directory Specification).
fn data_folder(
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<PathBuf, IdentityError> {
    // A path that is not absolute is to be ignored, says the specification.
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    data.map(|data| data.join("devserve"))
        .ok_or(IdentityError::NoFolder)
}

#[cfg(test)]
mod tests;
