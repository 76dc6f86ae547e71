use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

/// Why a server has nothing to show itself with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A file of certificates or of a key cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// A file is not PEM: its lines break off, or are no base64.
    #[error("{} is damaged", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// There is no certificate in the file.
    #[error("{} has no certificate in it", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no private key in the file.
    #[error("{} has no private key in it", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is that of another certificate.
    #[error("the key in {} does not fit the certificate in {}", .key.display(), .cert.display())]
    Misfit {
        /// The file of certificates.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// Certificate and key are there, and of a kind that TLS cannot use.
    #[error("cannot use the certificate in {} with its key", .cert.display())]
    Unusable {
        /// The file of certificates.
        cert: PathBuf,
        /// What is wrong with them.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Neither `XDG_DATA_HOME` nor `HOME` names a folder to keep the development CA in.
    #[error("there is no folder to keep the development CA in")]
    NoFolder,
    /// The development CA cannot be kept.
    #[error("cannot keep the development CA in {}", .path.display())]
    Unkept {
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The development CA cannot sign for this host.
    #[error("the development CA cannot vouch for {host}")]
    Unsigned {
        /// The host as given.
        host: String,
        /// What is in the way.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl IdentityError {
    pub(super) fn unsigned(host: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unsigned {
            host: host.to_owned(),
            source: source.into(),
        }
    }

    /// What the person at the keyboard can do, in one line.
    pub fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "give two PEM files, as in --tls cert.pem key.pem, or --tls adhoc".into()
            }
            Self::Damaged { path, .. } if is_authority(path) => {
                format!("remove {}; a new one is made", path.display())
            }
            Self::NoCertificate { path } | Self::NoKey { path } if is_authority(path) => {
                format!("remove {}; a new one is made", path.display())
            }
            Self::Damaged { .. } => "export it again, in PEM".into(),
            Self::NoCertificate { .. } => {
                "give a file with -----BEGIN CERTIFICATE----- first, and the key's file second"
                    .into()
            }
            Self::NoKey { .. } => {
                "give a file with -----BEGIN PRIVATE KEY-----; it must not need a password".into()
            }
            Self::Misfit { .. } => {
                "give the key the certificate was made for; the server's certificate comes first \
                 in its file"
                    .into()
            }
            Self::Unusable { .. } => {
                "make a new pair: ECDSA (P-256, P-384), Ed25519, or RSA from 2048 bits".into()
            }
            Self::NoFolder => "set HOME, or give certificates with --tls cert.pem key.pem".into(),
            Self::Unkept { .. } => "choose a folder you may write to with XDG_DATA_HOME".into(),
            Self::Unsigned { .. } => "give a certificate for it with --tls cert.pem key.pem".into(),
        }
    }
}

/// Whether it is a file of ours, which nobody need mend.
fn is_authority(path: &std::path::Path) -> bool {
    path.ends_with(crate::net::tls::authority::PRIVATE_FILE)
}
