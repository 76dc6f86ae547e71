//! What ends a program under `devserve::run`: here the example `stream`, with an upload whose
//! bytes it sends back as they come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::lives::example;
use super::{PATIENCE, check, read_until};

/// The program, ended with the test.
struct Program {
    process: Child,
    address: String,
}

impl Program {
    fn start() -> Self {
        let mut process = Command::new(example("stream"))
            .env("PORT", "0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (_, address) = line.split_once("http://").unwrap();
        let address = address.split(' ').next().unwrap().to_owned();
        Self { process, address }
    }

    /// An upload that has begun, and so has its answer.
    fn upload(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = "PUT /shout HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n";
        write!(stream, "{head}soon").unwrap();
        check(&read_until(&mut stream, "SOON\r\n"), "200 OK", &[]);
        stream
    }

    /// Sends a signal; it is heard once nobody can connect any more.
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(&self.address).is_ok() {
            assert!(Instant::now() < deadline, "it listens on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn wait(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn a_signal_lets_what_runs_come_to_its_end() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut program = Program::start();
        let mut stream = program.upload();
        program.signal(signal);
        stream.write_all(b"done").unwrap();
        assert_eq!(
            read_until(&mut stream, "0\r\n\r\n"),
            "4\r\nDONE\r\n0\r\n\r\n"
        );
        assert_eq!(program.wait().code(), Some(0));
    }
}

#[test]
fn a_second_signal_waits_for_nothing() {
    for (first, second) in [(Signal::INT, Signal::TERM), (Signal::TERM, Signal::INT)] {
        let mut program = Program::start();
        let mut stream = program.upload();
        program.signal(first);
        program.signal(second);
        assert_eq!(program.wait().signal(), Some(second.as_raw()));
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }
}
