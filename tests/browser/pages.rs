//! The pages that devserve makes itself.

use crate::guestbook::{FITS, Guestbook, serve_example, url};
use crate::harness::Project;
use crate::webdriver::{Browser, keep};

#[test]
fn a_panic_is_explained() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let guestbook = Guestbook::new();
    let devserve = guestbook.serve();
    browser.look(1200, "light");
    browser.open(&url(&devserve, "/oops"));
    browser.wait_for_text(
        "h1",
        "index out of bounds: the len is 0 but the index is 1000000",
    );

    let innermost = browser.text("details.frame[open] summary");
    assert!(innermost.contains("oops"), "{innermost}");
    assert!(
        innermost.contains("examples/guestbook/main.rs:"),
        "{innermost}"
    );
    let failing = browser.text("details.frame[open] .now");
    assert!(
        failing.contains("let entry = &entries[wanted];"),
        "{failing}"
    );
    assert_eq!(
        browser.run("return document.querySelectorAll('details.frame[open]').length"),
        1
    );

    keep(&browser, "error-page", Some(800.0));
    keep(&browser, "error-page-whole", None);
    for (width, scheme) in [(1200, "dark"), (320, "light"), (320, "dark")] {
        browser.look(width, scheme);
        assert_eq!(browser.run(FITS), true, "at {width} pixels");
        keep(&browser, &format!("error-page-{width}-{scheme}"), None);
    }

    browser.click("[data-copy]");
    browser.wait_for("document.querySelector('#copied').textContent !== ''");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn what_is_not_there_is_said_in_a_page() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let project = Project::new(&[]);
    let devserve = serve_example(&project);
    browser.look(1200, "light");
    browser.open(&url(&devserve, "/nowhere"));
    browser.wait_for_text("h1", "404 Not Found");
    keep(&browser, "not-found", Some(400.0));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn an_app_that_dies_leaves_its_last_words() {
    let Some(browser) = Browser::start() else {
        return;
    };
    const DEATH: &str = "eprintln!(\"no database\"); std::process::exit(7);";
    let guestbook = Guestbook::new();
    let devserve = guestbook.serve();
    browser.look(1200, "light");
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Guestbook");

    let how = "guestbook ended before it was ready: exit code 7";
    guestbook.edit(
        "main.rs",
        "let folder = std",
        &format!("{DEATH} let folder = std"),
    );
    browser.wait_for("document.querySelector('devserve-problem')");
    browser.reload();
    browser.wait_for_text("#stderr + pre", "no database");
    assert_eq!(browser.text("h1"), how);
    keep(&browser, "app-died", None);

    guestbook.edit("main.rs", DEATH, "");
    browser.wait_for_text("h1", "Guestbook");
    assert_eq!(browser.complaints(), [""; 0]);
}
