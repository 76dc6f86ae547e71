use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;
use crate::net::tls::authority::PRIVATE_FILE;

/// A certificate for localhost, and its key.
fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// What comes of these files, in the words for people; `<>` is their folder.
#[track_caller]
fn check(cert: Option<&str>, key: Option<&str>, want: &str) {
    let folder = TempDir::new().unwrap();
    let place = |name: &str, text: Option<&str>| {
        let path = folder.path().join(name);
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        path
    };
    let (cert, key) = (place("cert.pem", cert), place("key.pem", key));
    let got = match Identity::from_pem(cert, key) {
        Ok(_) => "fine".to_owned(),
        Err(error) => format!("{error}; {}", error.help()),
    };
    let got = got.replace(&*folder.path().to_string_lossy(), "<>");
    assert!(got.starts_with(want), "{got}");
}

#[test]
fn a_certificate_and_its_key_are_taken_from_two_files_or_one() {
    let (cert, key) = pair();
    check(Some(&cert), Some(&key), "fine");
    let both = format!("{key}{cert}");
    check(Some(&both), Some(&both), "fine");
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name_and_the_mend() {
    let (cert, key) = pair();
    let (_, other_key) = pair();
    check(
        None,
        Some(&key),
        "cannot read <>/cert.pem; give two PEM files",
    );
    check(
        Some(&cert),
        None,
        "cannot read <>/key.pem; give two PEM files",
    );
    check(
        Some(&key),
        Some(&key),
        "<>/cert.pem has no certificate in it; give a file with -----BEGIN CERTIFICATE-----",
    );
    check(
        Some(&cert),
        Some(&cert),
        "<>/key.pem has no private key in it; give a file with -----BEGIN PRIVATE KEY-----",
    );
    check(
        Some(&cert),
        Some(&other_key),
        "the key in <>/key.pem does not fit the certificate in <>/cert.pem; give the key",
    );
    check(
        Some(&cert[..cert.len() / 2]),
        Some(&key),
        "<>/cert.pem is damaged; export it again",
    );
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check(
        Some(nonsense),
        Some(&key),
        "cannot use the certificate in <>/cert.pem with its key; make a new pair",
    );
}

#[test]
fn the_development_ca_is_made_once_and_for_this_user_alone() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("devserve");
    let read = || {
        let identity = Identity::adhoc_in(&kept, "127.0.0.1").unwrap();
        let public = fs::read_to_string(identity.authority().unwrap()).unwrap();
        (public, fs::read(kept.join(PRIVATE_FILE)).unwrap())
    };
    let first = read();
    assert!(!first.0.contains("PRIVATE"));
    assert_eq!(read(), first);
    let mode = fs::metadata(kept.join(PRIVATE_FILE))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        kept.read_dir().unwrap().count(),
        2,
        "nothing is left behind"
    );
    // A public file that is gone, or another's, is put right.
    fs::write(kept.join("development-ca.pem"), "another").unwrap();
    assert_eq!(read(), first);
}

#[test]
fn starts_at_once_agree_on_one_ca() {
    let folder = TempDir::new().unwrap();
    let publics: Vec<String> = std::thread::scope(|scope| {
        let start = || {
            let identity = Identity::adhoc_in(folder.path(), "localhost").unwrap();
            fs::read_to_string(identity.authority().unwrap()).unwrap()
        };
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert!(publics.iter().all(|public| *public == publics[0]));
}

#[test]
fn a_damaged_ca_is_named_with_its_mend() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(PRIVATE_FILE), "nothing").unwrap();
    let error = Identity::adhoc_in(folder.path(), "localhost").unwrap_err();
    let path = folder.path().join(PRIVATE_FILE);
    assert_eq!(
        format!("{error}; {}", error.help()),
        format!(
            "{0} has no certificate in it; remove {0}; a new one is made",
            path.display()
        )
    );
}

#[test]
fn the_ca_vouches_for_private_hosts_only() {
    let folder = TempDir::new().unwrap();
    let is_signed = |host| Identity::adhoc_in(folder.path(), host).is_ok();
    for host in [
        "localhost",
        "shop.localhost",
        "Laptop.local",
        "0.0.0.0",
        "::",
        "::1",
        "10.1.2.3",
        "172.31.0.1",
        "fe80::1",
    ] {
        assert!(is_signed(host), "{host}");
    }
    for host in [
        "example.org",
        "notlocal",
        "8.8.8.8",
        "172.32.0.1",
        "2001:db8::1",
    ] {
        assert!(!is_signed(host), "{host}");
    }
    let error = Identity::adhoc_in(folder.path(), "example.org").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the development CA cannot vouch for example.org"
    );
}

#[test]
fn the_data_folder_is_where_the_specification_has_it() {
    let folder = |data: &str, home: &str| {
        let found = data_folder(|name| match name {
            "XDG_DATA_HOME" => Some(data.into()),
            _ => Some(home.into()),
        });
        found.map_or_else(|error| error.to_string(), |path| path.display().to_string())
    };
    assert_eq!(folder("/data", "/home/a"), "/data/devserve");
    assert_eq!(folder("", "/home/a"), "/home/a/.local/share/devserve");
    assert_eq!(folder("data", "/home/a"), "/home/a/.local/share/devserve");
    assert_eq!(
        folder("", ""),
        "there is no folder to keep the development CA in"
    );
}
