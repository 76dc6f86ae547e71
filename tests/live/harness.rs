//! The real binary on a project of its own, with a deadline for everything.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine, even the first build of all dependencies.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// A package in a folder that goes with it, and a folder for temporary files beside it.
pub(crate) struct Project {
    dir: TempDir,
}

impl Project {
    /// A package of these files; the first path component is the package's folder.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(project.tmp()).unwrap();
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// The package `shop`: one file without dependencies, which answers with `text`.
    pub(crate) fn shop(text: &str) -> Self {
        Self::new(&[
            ("Cargo.toml", MANIFEST),
            ("src/main.rs", &shop_source(text)),
            ("README.md", "# Shop\n"),
            ("templates/list.html", "<p>list</p>\n"),
            ("static/site.css", "p {}\n"),
        ])
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("package")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Where the processes under test put their temporary files.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.dir.path().join("tmp")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The same in one step, as many editors save.
    pub(crate) fn replace(&self, path: &str, text: &str) {
        let place = self.path(path);
        let beside = place.with_file_name(".beside");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &place).unwrap();
    }

    /// Has the shop answer with `text` from the next build on.
    pub(crate) fn write_shop(&self, text: &str) {
        self.write("src/main.rs", &shop_source(text));
    }

    /// `devserve` with these arguments, to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, &[])
    }

    /// The same, with more in its environment.
    pub(crate) fn run_with(&self, args: &[&str], env: &[(&str, &Path)]) -> Output {
        let mut command = self.command(args);
        command.envs(env.iter().copied()).output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_devserve"), args)
    }

    /// `program` with these arguments, in the package's folder.
    pub(crate) fn command_of(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        scrub(&mut command);
        command
            .args(args)
            .current_dir(match self.root().is_dir() {
                true => self.root(),
                false => self.dir.path().to_owned(),
            })
            .env("TMPDIR", self.tmp())
            .stdin(Stdio::null());
        command
    }
}

/// Where the tests themselves were built: what is compiled there need not be compiled again.
pub(crate) fn target_dir() -> &'static Path {
    let program = Path::new(env!("CARGO_BIN_EXE_devserve"));
    program.ancestors().nth(2).unwrap()
}

/// Takes away all but what finds programs and cargo's downloads, which no test may add to.
pub(crate) fn scrub(command: &mut Command) {
    const KEPT: [&str; 5] = [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
    ];
    let kept = KEPT.map(|name| (name, std::env::var_os(name)));
    command.env_clear().env("CARGO_NET_OFFLINE", "true");
    for (name, value) in kept {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
}

const MANIFEST: &str = "\
[package]
name = \"shop\"
version = \"0.1.0\"
edition = \"2024\"

[workspace]
";

/// A server for one request a connection. `/die` ends the process, `/slow` takes a
/// second, `/long` eight and `/sleep` a minute, and says so on stderr when it begins; `/front`
/// tells the URL of the front, `/events` is a stream without an end, and `/echo` leaves HTTP.
pub(crate) fn shop_source(text: &str) -> String {
    include_str!("shop.rs.txt").replace("TEXT", text)
}

/// `devserve run`, running on a free port.
pub(crate) struct Devserve {
    process: Child,
    pub(crate) port: u16,
    heard: Arc<(Mutex<String>, Condvar)>,
}

impl Devserve {
    /// Starts it, and waits for the address it prints.
    pub(crate) fn start(project: &Project, args: &[&str]) -> Self {
        Self::start_with(project, args, &[])
    }

    /// The same, with more in its environment.
    pub(crate) fn start_with(project: &Project, args: &[&str], env: &[(&str, &Path)]) -> Self {
        let command = project.command(&[&["run", "--port", "0"], args].concat());
        Self::spawn(command, env).with_port()
    }

    /// The same, started by `program`, which gets the command line as its last arguments.
    pub(crate) fn start_through(project: &Project, program: &[&str], args: &[&str]) -> Self {
        let [program, first @ ..] = program else {
            panic!("a program");
        };
        let devserve = [env!("CARGO_BIN_EXE_devserve"), "run", "--port", "0"];
        let args = [first, &devserve, args].concat();
        Self::spawn(project.command_of(program, &args), &[]).with_port()
    }

    /// `devserve static`, on a free port.
    pub(crate) fn serve_folder(project: &Project, args: &[&str]) -> Self {
        let command = project.command(&[&["static", "--port", "0"], args].concat());
        Self::spawn(command, &[]).with_port()
    }

    /// `devserve routes`.
    pub(crate) fn asking(project: &Project, args: &[&str]) -> Self {
        Self::spawn(project.command(&[&["routes"], args].concat()), &[])
    }

    /// Waits for the address it prints.
    fn with_port(mut self) -> Self {
        let text = self.wait_for("://127.0.0.1:");
        let (_, address) = text.split_once("://127.0.0.1:").unwrap();
        let digits: String = address.chars().take_while(char::is_ascii_digit).collect();
        self.port = digits.parse().unwrap();
        self
    }

    /// Starts it at an address that `args` name.
    pub(crate) fn start_at(project: &Project, args: &[&str]) -> Self {
        Self::spawn(project.command(&[&["run"], args].concat()), &[])
    }

    fn spawn(mut command: Command, env: &[(&str, &Path)]) -> Self {
        let mut process = command
            .envs(env.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let heard = Arc::new((Mutex::new(String::new()), Condvar::new()));
        thread::spawn({
            let heard = Arc::clone(&heard);
            move || {
                for line in stderr.split(b'\n') {
                    let Ok(line) = line else { return };
                    let (text, changed) = &*heard;
                    *text.lock().unwrap() += &format!("{}\n", String::from_utf8_lossy(&line));
                    changed.notify_all();
                }
            }
        });
        Self {
            process,
            port: 0,
            heard,
        }
    }

    /// All it has said so far.
    pub(crate) fn said(&self) -> String {
        self.heard.0.lock().unwrap().clone()
    }

    /// Waits until it has said `words`.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (text, changed) = &*self.heard;
        let mut text = text.lock().unwrap();
        while !text.contains(words) {
            let patience = deadline.saturating_duration_since(Instant::now());
            assert!(!patience.is_zero(), "no {words:?} in {text}");
            text = changed.wait_timeout(text, patience).unwrap().0;
        }
        text.clone()
    }

    /// The answer to a request that takes whatever comes.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_as(path, "*/*")
    }

    #[track_caller]
    pub(crate) fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.read(self.send(path, accept), path)
    }

    /// [`get`](Self::get), with another host asked for than where it goes.
    #[track_caller]
    pub(crate) fn get_of(&self, host: &str, path: &str) -> Answer {
        self.read(self.send_of(host, "GET", path, ""), path)
    }

    #[track_caller]
    fn read(&self, mut stream: TcpStream, path: &str) -> Answer {
        let mut bytes = Vec::new();
        if let Err(error) = stream.read_to_end(&mut bytes) {
            panic!("{path}: {error}; devserve said {}", self.said());
        }
        Answer::read(&bytes)
    }

    /// A request on its way.
    #[track_caller]
    pub(crate) fn send(&self, path: &str, accept: &str) -> TcpStream {
        self.send_with("GET", path, &format!("Accept: {accept}\r\n"))
    }

    /// A request without a body on its way, with fields of its own.
    #[track_caller]
    pub(crate) fn send_with(&self, method: &str, path: &str, fields: &str) -> TcpStream {
        self.send_of(&format!("127.0.0.1:{}", self.port), method, path, fields)
    }

    #[track_caller]
    fn send_of(&self, host: &str, method: &str, path: &str, fields: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Presses Ctrl-C, and waits for the end.
    #[track_caller]
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal(Signal::INT);
        self.wait()
    }

    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it runs on: {}", self.said());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Devserve {
    fn drop(&mut self) {
        // Also where a test has failed: the app dies with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).expect("a status");
        Self {
            status: status.parse().unwrap(),
            head: head.to_owned(),
            text: body.to_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn check(&self, status: u16, text: &str) {
        assert_eq!(
            (self.status, self.text.as_str()),
            (status, text),
            "{self:?}"
        );
    }
}

/// The ids of processes whose program is in `folder`.
pub(crate) fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe.starts_with(&folder))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The names of processes that run in `folder`: cargo, the compiler and the app do.
#[cfg(target_os = "linux")]
pub(crate) fn processes_at(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder))
        })
        .filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect()
}
