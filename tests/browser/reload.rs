//! Pages that follow what is saved, without being asked.

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use crate::guestbook::{FITS, Guestbook, url};
use crate::webdriver::{Browser, keep};

#[test]
fn an_open_page_follows_its_template_its_source_and_its_stylesheet() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let guestbook = Guestbook::new();
    let devserve = guestbook.serve();
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Guestbook");

    guestbook.edit(
        "templates/index.html",
        "<h1>Guestbook</h1>",
        "<h1>Our visitors</h1>",
    );
    browser.wait_for_text("h1", "Our visitors");

    guestbook.edit(
        "main.rs",
        "LONGEST_MESSAGE: usize = 500",
        "LONGEST_MESSAGE: usize = 280",
    );
    browser.wait_for("document.querySelector('#message').maxLength === 280");

    // A new sheet takes the old one's place in the page that is there.
    browser.run("window.isTheSame = true");
    guestbook.edit("static/style.css", "font-weight: 400", "font-weight: 800");
    browser.wait_for("getComputedStyle(document.querySelector('h1')).fontWeight === '800'");
    assert_eq!(browser.run("return window.isTheSame"), true);
    browser.wait_for("document.querySelectorAll('link[rel=stylesheet]').length === 1");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_compile_error_reaches_an_open_page_and_its_mend_brings_the_page_back() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let guestbook = Guestbook::new();
    let devserve = guestbook.serve();
    browser.look(1200, "light");
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Guestbook");

    guestbook.edit(
        "main.rs",
        "let wanted = 1_000_000;",
        "let wanted = \"the last\";",
    );
    browser.wait_for(
        "document.querySelector('devserve-problem')?.shadowRoot.querySelector('dialog').open",
    );
    assert_eq!(browser.text("h1"), "Guestbook");
    browser.keep_view("build-failed-overlay");

    browser.reload();
    browser.wait_for_text("h1", "cannot be indexed by");
    let place = browser.text("figcaption");
    assert!(place.starts_with("examples/guestbook/main.rs:"), "{place}");
    assert!(browser.text(".source").contains("entries[wanted]"));
    for (width, scheme) in [(1200, "light"), (1200, "dark"), (320, "light")] {
        browser.look(width, scheme);
        assert_eq!(browser.run(FITS), true, "at {width} pixels");
        keep(&browser, &format!("build-failed-{width}-{scheme}"), None);
    }

    // The next mistake takes the place of the first.
    guestbook.edit("main.rs", "let wanted = \"the last\";", "let wanted = 'x';");
    browser.wait_for_text("h1", "cannot be indexed by `char`");

    guestbook.edit("main.rs", "let wanted = 'x';", "let wanted = 1_000_000;");
    browser.wait_for_text("h1", "Guestbook");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_page_asked_for_during_a_long_build_turns_into_the_answer() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let guestbook = Guestbook::new();
    let gate = Gate::new();
    guestbook.write("/build.rs", &gate.build_script());
    let devserve = guestbook.serve();
    browser.look(1200, "light");
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Building guestbook");
    browser.wait_for_text("code", "Compiling guestbook");
    keep(&browser, "waiting", Some(600.0));
    browser.look(320, "dark");
    assert_eq!(browser.run(FITS), true);
    gate.open();
    browser.wait_for_text("h1", "Guestbook");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// What a build waits at until it is opened.
struct Gate {
    address: String,
    opener: mpsc::Sender<()>,
}

impl Gate {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (opener, opened) = mpsc::channel();
        thread::spawn(move || {
            let waiting = listener.accept();
            // Also where the test has failed and the gate is gone.
            let _ = opened.recv();
            drop(waiting);
        });
        Self { address, opener }
    }

    /// A build script that ends when the gate is open.
    fn build_script(&self) -> String {
        format!(
            "fn main() {{\n    let gate = std::net::TcpStream::connect({:?}).unwrap();\n    \
             std::io::copy(&mut &gate, &mut std::io::sink()).unwrap();\n}}\n",
            self.address
        )
    }

    fn open(self) {
        drop(self.opener);
    }
}
