//! A headless Chromium, led over the WebDriver protocol (W3C) that chromedriver speaks.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::PATIENCE;

/// How WebDriver names an element in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser at a time: two of them, and what they wait for, are more than a small machine
/// does in time.
static TURN: Mutex<()> = Mutex::new(());

/// A browser with one open page and a profile of its own. Dropping it ends all its processes.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    // The path of the session, below which all commands are.
    session: String,
    profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// Starts one. `None` where Chromium or its driver is missing, which is said; with
    /// `DEVSERVE_REQUIRE_BROWSER` in the environment it is a failure.
    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    pub(crate) fn start() -> Option<Self> {
        let (Some(chromium), Some(driver)) = (program("chromium"), program("chromedriver")) else {
            let missing = "needs chromium and chromium-driver";
            assert!(
                env::var_os("DEVSERVE_REQUIRE_BROWSER").is_none(),
                "{missing}"
            );
            println!("skipped: {missing}");
            return None;
        };
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            // So that what the browser forgets goes with its profile.
            .env("TMPDIR", profile.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            port: port_of(&mut driver),
            driver,
            session: String::new(),
            profile,
            _turn: turn,
        };
        let profile = browser.profile.path().display();
        let args = [
            "--headless=new",
            "--no-sandbox", // which root may not use
            "--disable-gpu",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--disable-sync",
            "--force-device-scale-factor=1",
            "--hide-scrollbars",
            "--no-first-run",
            &format!("--user-data-dir={profile}"),
        ];
        let wanted = json!({
            "goog:chromeOptions": { "binary": chromium, "args": args },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = browser.exchange("POST", "/session", &wanted).unwrap();
        let id = session["sessionId"].as_str().expect("a session");
        browser.session = format!("/session/{id}");
        Some(browser)
    }

    /// Opens a page and waits until it is loaded.
    #[track_caller]
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", json!({ "url": url })).unwrap();
    }

    /// Loads the page again.
    #[track_caller]
    pub(crate) fn reload(&self) {
        self.post("/refresh", json!({})).unwrap();
    }

    /// The tab that is led.
    #[track_caller]
    pub(crate) fn tab(&self) -> String {
        let tab = self.get("/window").unwrap();
        tab.as_str().expect("a handle").to_owned()
    }

    /// Opens a page in a new tab, waits until it is loaded, and leads that.
    #[track_caller]
    pub(crate) fn open_tab(&self, url: &str) -> String {
        let opened = self.post("/window/new", json!({ "type": "tab" })).unwrap();
        let tab = opened["handle"].as_str().expect("a handle").to_owned();
        self.switch_to(&tab);
        self.open(url);
        tab
    }

    #[track_caller]
    pub(crate) fn switch_to(&self, tab: &str) {
        self.post("/window", json!({ "handle": tab })).unwrap();
    }

    /// Closes a tab; the first that is left.
    #[track_caller]
    pub(crate) fn close_tab(&self, tab: &str) -> String {
        self.switch_to(tab);
        let path = format!("{}/window", self.session);
        let left = self.exchange("DELETE", &path, &json!({})).unwrap();
        left[0].as_str().expect("a tab that is left").to_owned()
    }

    /// Presses and releases a key, by WebDriver's code for it.
    #[track_caller]
    pub(crate) fn press(&self, key: &str) {
        let [down, up] = ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }));
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": [down, up] });
        self.post("/actions", json!({ "actions": [keyboard] }))
            .unwrap();
    }

    /// Keeps a picture of what the window shows, where [`keep`] would.
    #[track_caller]
    pub(crate) fn keep_view(&self, name: &str) {
        let taken = self.devtools("Page.captureScreenshot", json!({ "format": "png" }));
        let picture = taken["data"].as_str().expect("a picture");
        keep_picture(name, || BASE64_STANDARD.decode(picture).unwrap());
    }

    /// Types into a field, or gives a file's path to one that takes files.
    #[track_caller]
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        self.act(selector, "value", json!({ "text": text }));
    }

    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        self.act(selector, "click", json!({}));
    }

    /// The text that is seen of the first element that `selector` finds.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        let value = self.run(&format!(
            "return document.querySelector({selector:?}).innerText"
        ));
        value.as_str().expect("a text").to_owned()
    }

    /// What the body of a function gives, run in the page.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.try_run(script).unwrap()
    }

    /// Waits until a condition, written as JavaScript, holds in whatever page is open then.
    #[track_caller]
    pub(crate) fn wait_for(&self, condition: &str) {
        let deadline = Instant::now() + PATIENCE;
        let script = format!("return Boolean({condition})");
        loop {
            // A page that is just being left answers nothing.
            let holds = self.try_run(&script);
            if holds == Ok(Value::Bool(true)) {
                return;
            }
            if Instant::now() > deadline {
                let page = self.try_run("return document.body.innerText.slice(0, 400)");
                panic!("never {condition}: {holds:?} in {page:?}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the first element that `selector` finds shows `text`.
    #[track_caller]
    pub(crate) fn wait_for_text(&self, selector: &str, text: &str) {
        self.wait_for(&format!(
            "document.querySelector({selector:?})?.innerText.includes({text:?})"
        ));
    }

    /// What the browser has complained of since it was last asked: scripts that failed, content
    /// that a policy forbade or that was not there. Not among it: the status of the page itself,
    /// and of the icon that browsers ask every site for.
    #[track_caller]
    pub(crate) fn complaints(&self) -> Vec<String> {
        let page = self.run("return location.href");
        let page = page.as_str().expect("an address");
        let is_expected = |message: &str| {
            let (address, _) = message.split_once(" - ").unwrap_or_default();
            message.contains("the server responded with a status of")
                && (address == page || address.ends_with("/favicon.ico"))
        };
        let log = self.post("/se/log", json!({ "type": "browser" })).unwrap();
        let entries = log.as_array().expect("a list").iter();
        entries
            .filter(|entry| entry["level"] != "INFO")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .filter(|message| !is_expected(message))
            .collect()
    }

    /// Shows the page as a window of this width would, by day (`light`) or by night (`dark`).
    #[track_caller]
    pub(crate) fn look(&self, width: u32, scheme: &str) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false }),
        );
        let scheme = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": scheme }));
    }

    /// A picture of the page from its top, as PNG; `None` is the whole height.
    #[track_caller]
    pub(crate) fn picture(&self, height: Option<f64>) -> Vec<u8> {
        let size = self.devtools("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let height = height.map_or(size["height"].clone(), Value::from);
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1 });
        let taken = self.devtools(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true, "clip": clip }),
        );
        BASE64_STANDARD
            .decode(taken["data"].as_str().expect("a picture"))
            .unwrap()
    }

    #[track_caller]
    fn act(&self, selector: &str, action: &str, value: Value) {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.post("/element", wanted).unwrap();
        let id = found[ELEMENT].as_str().expect("an element");
        self.post(&format!("/element/{id}/{action}"), value)
            .unwrap();
    }

    fn try_run(&self, script: &str) -> Result<Value, String> {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
    }

    #[track_caller]
    fn devtools(&self, command: &str, params: Value) -> Value {
        let command = json!({ "cmd": command, "params": params });
        self.post("/goog/cdp/execute", command).unwrap()
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        self.exchange("GET", &format!("{}{path}", self.session), &json!({}))
    }

    fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        self.exchange("POST", &format!("{}{path}", self.session), &body)
    }

    /// One command and its answer's value; `Err` is the driver's message.
    fn exchange(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let (port, body) = (self.port, body.to_string());
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(2 * PATIENCE)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while answer.read_line(&mut line).unwrap() > 2 {
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).unwrap();
        let value = serde_json::from_slice::<Value>(&body).unwrap()["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{method} {path}: {error}: {}", value["message"])),
            None => Ok(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ending the session ends the browser. This runs also where a test has failed.
        if !self.session.is_empty() {
            let _ = self.exchange("DELETE", &self.session, &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where a program is, by the `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The port that a driver chose, which it says when it is ready.
fn port_of(driver: &mut Child) -> u16 {
    // The pipe stays with the driver: it may have more to say.
    let said = BufReader::new(driver.stdout.as_mut().unwrap());
    said.lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        })
        .expect("chromedriver says its port")
}

/// Keeps a picture of the page in the folder that `DEVSERVE_SCREENSHOTS` names, if it does.
#[track_caller]
pub(crate) fn keep(browser: &Browser, name: &str, height: Option<f64>) {
    keep_picture(name, || browser.picture(height));
}

fn keep_picture(name: &str, take: impl FnOnce() -> Vec<u8>) {
    if let Some(folder) = env::var_os("DEVSERVE_SCREENSHOTS") {
        let folder = Path::new(&folder);
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), take()).unwrap();
    }
}
