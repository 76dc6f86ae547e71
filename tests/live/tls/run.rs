//! `devserve run` with TLS in front of an app that knows nothing of it.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::Signal;

use super::{client, dial, read_to_end};
use crate::engine::websocket;
use crate::harness::{Devserve, PATIENCE, Project, target_dir};

#[track_caller]
fn get(devserve: &Devserve, authority: &Path, name: &str) -> String {
    let stream = dial(&format!("127.0.0.1:{}", devserve.port));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut client = client(stream, authority, name, rustls::ALL_VERSIONS);
    client
        .write_all(b"GET /front HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    read_to_end(&mut client)
}

#[test]
fn adhoc_is_trusted_once_and_the_app_hears_of_https() {
    let project = Project::shop("one");
    let data = project.tmp().join("data");
    let authority = data.join("devserve/development-ca.pem");
    let args = ["--tls", "adhoc"];
    let devserve = Devserve::start_with(&project, &args, &[("XDG_DATA_HOME", &data)]);
    let front = format!("https://127.0.0.1:{}", devserve.port);
    let said = devserve.wait_for("signed by");
    assert!(said.contains(&front), "{said}");
    assert!(
        said.contains(&format!("curl --cacert {}", authority.display())),
        "{said}"
    );
    let trusted = project.tmp().join("trusted.pem");
    std::fs::copy(&authority, &trusted).unwrap();
    let answer = get(&devserve, &trusted, "127.0.0.1");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(&front),
        "{answer}"
    );
    // Whoever comes in plain HTTP is sent on, and the app is not asked.
    let plain = devserve.get("/");
    assert_eq!(plain.status, 308);
    assert!(
        plain.head.contains(&format!("Location: {front}/")),
        "{plain:?}"
    );
    assert!(devserve.stop().success());

    let args = ["--tls", "adhoc", "src/main.rs"]; // a path, and no key
    let again = Devserve::start_with(&project, &args, &[("XDG_DATA_HOME", &data)]);
    let answer = get(&again, &trusted, "shop.localhost");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn certificates_that_cannot_be_used_are_named() {
    let project = Project::shop("one");
    project.write("cert.pem", "");
    let output = project.run(&["run", "--port", "0", "--tls", "cert.pem", "key.pem"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with(
            "error: cert.pem has no certificate in it\nhelp: give a file with -----BEGIN CERT"
        ),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(1));
    let output = project.run(&["run", "--port", "0", "--tls"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_unix_socket_is_for_this_user_and_leaves_no_file() {
    let project = Project::shop("one");
    let socket = project.tmp().join("shop.sock");
    // As a killed server leaves it.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let address = format!("unix:{}", socket.display());
    let mut devserve = Devserve::start_at(&project, &["--bind", &address]);
    devserve.wait_for(&address);
    let mode = socket.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"GET /front HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("http://localhost:0"), "{answer}");
    devserve.signal(Signal::INT);
    assert!(devserve.wait().success());
    assert!(!socket.exists());
}

#[test]
fn a_place_where_nobody_can_listen_is_a_wrong_command_line() {
    let project = Project::shop("one");
    for other in [["--port", "0"], ["--host", "::1"]] {
        let args = [&["run", "--bind", "127.0.0.1:0"], other.as_slice()].concat();
        assert_eq!(project.run(&args).status.code(), Some(2), "{args:?}");
    }
    let output = project.run(&["run", "--bind", "fd:3"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("error: descriptor 3 is no socket\n"),
        "{stderr}"
    );
    let output = project.run(&["run", "--bind", "localhost"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("give host and port"), "{stderr}");
}

#[test]
fn a_websocket_passes_a_front_with_tls() {
    let project = Project::new(&[]);
    let data = project.tmp().join("data");
    let root = env!("CARGO_MANIFEST_DIR");
    let args = ["--example", "websocket", root, "--tls", "adhoc"];
    let env = [
        ("CARGO_TARGET_DIR", target_dir()), // where the example is built already
        ("XDG_DATA_HOME", &data),
    ];
    let devserve = Devserve::start_with(&project, &args, &env);
    let stream = dial(&format!("127.0.0.1:{}", devserve.port));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let authority = data.join("devserve/development-ca.pem");
    let client = client(stream, &authority, "localhost", rustls::ALL_VERSIONS);
    websocket::check_echo(websocket::open(client));
}
