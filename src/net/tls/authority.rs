use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use tempfile::NamedTempFile;

use crate::net::tls::IdentityError;
use crate::net::tls::identity::certificates;

/// The CA's key and certificate, for nobody's eyes but the user's.
pub(super) const PRIVATE_FILE: &str = "development-ca-key.pem";
/// The certificate again, to be handed to browsers.
const PUBLIC_FILE: &str = "development-ca.pem";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Longer than a laptop lives: trust has to be given again when it ends.
const AUTHORITY_LIFE: Duration = DAY.saturating_mul(30 * 365);
/// What all browsers accept (Apple takes no more than 825 days from anybody, others 398), and
/// longer than a development server runs.
const LEAF_LIFE: Duration = DAY.saturating_mul(365);

/// A CA of one user, for development: made once, then kept.
//
// The private file is the truth. It holds key and certificate together, so that two starts at
// once cannot mix those of two CAs: it appears whole, and only the first one stays. The public
// file is a copy of the certificate, written again wherever it differs.
#[derive(Debug)]
pub(super) struct Authority {
    key: KeyPair,
    public_file: PathBuf,
}

impl Authority {
    /// The CA that is kept in `folder`; a new one where none is.
    pub(super) fn in_folder(folder: &Path) -> Result<Self, IdentityError> {
        let (private_file, public_file) = (folder.join(PRIVATE_FILE), folder.join(PUBLIC_FILE));
        let unkept = |source| IdentityError::Unkept {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(unkept)?;
        if !private_file.exists() {
            make(&private_file)?;
        }
        let unreadable = |source| IdentityError::Unreadable {
            path: private_file.clone(),
            source,
        };
        let text = fs::read_to_string(&private_file).map_err(unreadable)?;
        certificates(&private_file)?;
        let (certificate, key) = text
            .find(KEY_BEGINS)
            .map(|at| text.split_at(at))
            .ok_or_else(|| IdentityError::NoKey {
                path: private_file.clone(),
            })?;
        let key = KeyPair::from_pem(key).map_err(|source| IdentityError::Damaged {
            path: private_file.clone(),
            source: Box::new(source),
        })?;
        if fs::read_to_string(&public_file).is_ok_and(|public| public == certificate) {
            return Ok(Self { key, public_file });
        }
        let public = write(folder, certificate, 0o644).map_err(unkept)?;
        public
            .persist(&public_file)
            .map_err(|error| unkept(error.error))?;
        Ok(Self { key, public_file })
    }

    /// Its certificate, for those who are to trust it.
    pub(super) fn public_file(&self) -> &Path {
        &self.public_file
    }

    /// A certificate for `names`, hosts all, with which `key` can prove to be theirs.
    pub(super) fn sign(
        &self,
        names: &[&str],
        key: &KeyPair,
    ) -> Result<CertificateDer<'static>, IdentityError> {
        if let Some(host) = names.iter().find(|name| !may_vouch_for(name)) {
            let why = "it does so for this machine and private networks only";
            return Err(IdentityError::unsigned(host, why));
        }
        let signed = || -> Result<_, rcgen::Error> {
            let issuer = Issuer::new(params()?, &self.key);
            leaf_params(names)?.signed_by(key, &issuer)
        };
        match signed() {
            Ok(leaf) => Ok(leaf.der().clone()),
            Err(error) => Err(IdentityError::unsigned(&names.join(", "), error)),
        }
    }
}

const KEY_BEGINS: &str = "-----BEGIN PRIVATE KEY-----";

/// Puts a new CA into the private file; where somebody else was faster, theirs stays.
fn make(private_file: &Path) -> Result<(), IdentityError> {
    let unkept = |source: io::Error| IdentityError::Unkept {
        path: private_file.to_owned(),
        source,
    };
    let made = || -> Result<String, rcgen::Error> {
        let key = KeyPair::generate()?;
        Ok(params()?.self_signed(&key)?.pem() + &key.serialize_pem())
    };
    let text = made().map_err(|error| unkept(io::Error::other(error)))?;
    let folder = private_file.parent().unwrap_or(Path::new("."));
    let file = write(folder, &text, 0o600).map_err(unkept)?;
    match file.persist_noclobber(private_file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unkept(error.error)),
    }
}

/// A file under a name of its own, whole, before it takes its place.
fn write(folder: &Path, text: &str, mode: u32) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The CA's own certificate. Those it signs name it by what stands here, so that this changes
/// no more.
fn params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "devserve development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted(),
        excluded_subtrees: Vec::new(),
    });
    lives(&mut params, AUTHORITY_LIFE);
    Ok(params)
}

fn leaf_params(names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "devserve");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    lives(&mut params, LEAF_LIFE);
    Ok(params)
}

/// From yesterday, as clocks differ.
fn lives(params: &mut CertificateParams, life: Duration) {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = date_time_ymd(1970, 1, 1) + since_epoch;
    params.not_before = now - DAY;
    params.not_after = now + life;
}

/// Names that cannot be had on the public internet (RFC 6761, 6762, 8375, 9476 has no more).
const PRIVATE_NAMES: [&str; 5] = ["localhost", "test", "local", "internal", "home.arpa"];
/// Networks whose addresses are not routed there (RFC 1122, 1918, 3927, 4193, 4291).
const PRIVATE_NETWORKS: [(&str, u8); 8] = [
    ("127.0.0.0", 8),
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
    ("::1", 128),
    ("fc00::", 7),
    ("fe80::", 10),
];

/// What the CA vouches for, as its certificate tells everyone (RFC 5280 §4.2.1.10).
fn permitted() -> Vec<GeneralSubtree> {
    let names = PRIVATE_NAMES.map(|name| GeneralSubtree::DnsName(name.to_owned()));
    let networks = private_networks().map(|(network, len)| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(network, len))
    });
    names.into_iter().chain(networks).collect()
}

fn may_vouch_for(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => private_networks().any(|(network, len)| is_within(address, network, len)),
        Err(_) => {
            let host = host.to_ascii_lowercase();
            PRIVATE_NAMES.iter().any(|name| {
                let below = host.strip_suffix(name);
                below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
            })
        }
    }
}

fn private_networks() -> impl Iterator<Item = (IpAddr, u8)> {
    PRIVATE_NETWORKS
        .iter()
        .map(|(network, len)| (network.parse().expect("the table has addresses"), *len))
}

/// Whether the first `len` bits are the same.
fn is_within(address: IpAddr, network: IpAddr, len: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).leading_zeros() >= len.into()
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).leading_zeros() >= len.into()
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}
