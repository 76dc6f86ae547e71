//! A process that runs out of descriptors: in a child, because the limit is the process's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use devserve::wsgi;
use rustix::process::{Resource, getrlimit, setrlimit};

use super::{PATIENCE, check, echo, get, read_until, serve};

const CHILD: &str = "DEVSERVE_TEST_FEW_DESCRIPTORS";

#[test]
fn a_server_out_of_descriptors_goes_on() {
    if std::env::var_os(CHILD).is_some() {
        return serve_with_few_descriptors();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engine::shortage::a_server_out_of_descriptors_goes_on",
        ])
        .arg("--nocapture")
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = said
        .by_ref()
        .map(|line| line.unwrap())
        .find_map(|line| Some(line.split_once("serving on ")?.1.to_owned()))
        .unwrap();
    let connect = || {
        let stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    let idle: Vec<_> = (0..60).map(|_| connect()).collect();
    let mut last = connect();
    last.write_all(get("/last").as_bytes()).unwrap();
    check(&read_until(&mut last, "GET /last \n"), "200 OK", &[]);
    drop(idle);
    let mut later = connect();
    later.write_all(get("/later").as_bytes()).unwrap();
    check(&read_until(&mut later, "GET /later \n"), "200 OK", &[]);
    drop(child.stdin.take());
    said.for_each(drop); // the test says how it went, and must find somebody to say it to
    assert!(child.wait().unwrap().success());
}

fn serve_with_few_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(24);
    setrlimit(Resource::Nofile, limit).unwrap();
    let serving = serve(wsgi::app_fn(echo));
    #[expect(clippy::print_stdout, reason = "the parent waits for it")]
    {
        println!("serving on {}", serving.address());
    }
    // Until the parent has had enough, or is no more.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
