//! A folder served by `devserve static`.

use crate::guestbook::{FITS, url};
use crate::harness::{Devserve, Project};
use crate::webdriver::{Browser, keep};

#[test]
fn a_listing_leads_to_a_page_that_follows_its_file() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let long = format!("public/{}.tar.gz", "a-long-name".repeat(12));
    let project = Project::new(&[
        ("public/notes/page.html", "<!doctype html><h1>One</h1>"),
        ("public/na\u{ef}ve \u{444} <b>.txt", "text"),
        ("public/.hidden", ""),
        (&long, "0123456789"),
    ]);
    let devserve = Devserve::serve_folder(&project, &["public"]);
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "/");
    for (width, scheme) in [(1200, "light"), (1200, "dark"), (320, "light")] {
        browser.look(width, scheme);
        assert_eq!(browser.run(FITS), true, "at {width} pixels");
        keep(&browser, &format!("listing-{width}-{scheme}"), None);
    }
    browser.click("th.size a");
    browser.wait_for("document.querySelector('th.size').ariaSort === 'descending'");

    // A listing is a page that follows its folder, too.
    project.write("public/new.txt", "new");
    browser.wait_for_text("tbody", "new.txt");

    browser.click("tr.folder a");
    browser.wait_for_text("h1", "notes/");
    browser.click("tbody tr:last-child a");
    browser.wait_for_text("h1", "One");
    project.write("public/notes/page.html", "<!doctype html><h1>Two</h1>");
    browser.wait_for_text("h1", "Two");
    // A change elsewhere loads the page again, once: its file is as it was.
    browser.run("window.isTheSame = true");
    project.write("public/notes/other.txt", "");
    browser.wait_for("!window.isTheSame && document.readyState === 'complete'");
    browser.run("window.isTheSame = true");
    browser.run("return new Promise((done) => setTimeout(done, 300))");
    assert_eq!(browser.run("return window.isTheSame"), true);
    assert_eq!(browser.complaints(), [""; 0]);
}
