//! Pages that follow what is saved, without being asked.

use crate::gate::{Gate, Halves};
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
    browser.wait_for_text("#now", "Compiling guestbook");
    browser.wait_for("document.querySelector('progress').max > 1");
    browser.wait_for_text("#now", " of ");
    keep(&browser, "waiting", Some(600.0));
    browser.look(320, "dark");
    assert_eq!(browser.run(FITS), true);
    gate.open();
    browser.wait_for_text("h1", "Guestbook");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn an_error_is_read_while_the_build_goes_on() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let halves = Halves::new();
    let devserve = halves.serve();
    browser.look(1200, "light");
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Building shop");
    browser.run("window.isTheSame = true");
    let slow = halves.fail();
    browser.wait_for_text("#found-list", "mismatched types");
    browser.wait_for_text("#tally", "1 error");
    assert!(browser.text(".source").contains("\"seven\""));
    assert_eq!(browser.run("return window.isTheSame"), true);
    for (width, scheme) in [(1200, "light"), (320, "dark")] {
        browser.look(width, scheme);
        assert_eq!(browser.run(FITS), true, "at {width} pixels");
        keep(&browser, &format!("waiting-errors-{width}-{scheme}"), None);
    }
    drop(slow);
    browser.wait_for_text("h1", "mismatched types");
    assert_eq!(browser.complaints(), [""; 0]);
}
