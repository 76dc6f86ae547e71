use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::KeyPair;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};

use crate::net::tls::IdentityError;
use crate::net::tls::authority::Authority;

/// What every leaf is for.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Names below localhost that get a leaf of their own; a stranger who asks for more gets the
/// common one.
const MOST_LEAVES: usize = 256;

/// The certificates of one start, signed by the development CA as they are asked for.
///
/// One for all names would be simpler, but browsers take no `*.localhost`: they want two labels
/// behind the star.
#[derive(Debug)]
pub(super) struct Adhoc {
    authority: Authority,
    // The same for all; it goes with the process.
    key: KeyPair,
    signing_key: Arc<dyn SigningKey>,
    common: Arc<CertifiedKey>,
    leaves: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Adhoc {
    /// Certificates for this machine's own names, and `host`.
    pub(super) fn new(authority: Authority, host: &str) -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(|error| IdentityError::unsigned(host, error))?;
        let private = PrivatePkcs8KeyDer::from(key.serialized_der());
        let signing_key = any_ecdsa_type(&private.into())
            .map_err(|error| IdentityError::unsigned(host, error))?;
        let mut names = OWN_NAMES.to_vec();
        // Nobody connects to 0.0.0.0 by that name.
        let is_everywhere = host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_unspecified());
        if !is_everywhere && !names.contains(&host) {
            names.push(host);
        }
        let leaf = authority.sign(&names, &key)?;
        Ok(Self {
            authority,
            common: Arc::new(CertifiedKey::new(vec![leaf], Arc::clone(&signing_key))),
            key,
            signing_key,
            leaves: Mutex::default(),
        })
    }

    /// The certificate for a name below localhost.
    fn below_localhost(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = leaves.get(name) {
            return Some(Arc::clone(leaf));
        }
        if leaves.len() >= MOST_LEAVES {
            return None;
        }
        let leaf = match self.authority.sign(&[name], &self.key) {
            Ok(leaf) => CertifiedKey::new(vec![leaf], Arc::clone(&self.signing_key)),
            Err(error) => {
                log::debug!("no certificate for {name}: {error}");
                return None;
            }
        };
        let leaf = Arc::new(leaf);
        leaves.insert(name.to_owned(), Arc::clone(&leaf));
        Some(leaf)
    }
}

impl ResolvesServerCert for Adhoc {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let own = match hello.server_name() {
            Some(name) if name.ends_with(".localhost") => self.below_localhost(name),
            _ => None, // also where the name is an address, which clients do not send
        };
        Some(own.unwrap_or_else(|| Arc::clone(&self.common)))
    }
}
