//! What live reload keeps, swaps and shows, in pages of an app that is quickly built.

use crate::guestbook::{FITS, url};
use crate::stand::{Stand, picture};
use crate::webdriver::Browser;

const MARK: &str = "window.isTheSame = true";
const IS_THE_SAME: &str = "return window.isTheSame === true";
const DIALOG: &str =
    "document.querySelector('devserve-problem')?.shadowRoot.querySelector('dialog')";

#[test]
fn what_can_be_swapped_is_swapped_in_the_page_that_is_there() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let stand = Stand::new();
    let devserve = stand.serve(&[]);
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Stand");
    // A page that does not listen yet when the first save comes finds itself old, and loads again.
    let mut color = "red".to_owned();
    for shade in 1.. {
        browser.run(MARK);
        browser.run("scrollTo(0, 1234)");
        let next = format!("rgb(0, {shade}, 0)");
        stand.edit("static/site.css", &color, &next);
        color = next;
        browser.wait_for(&format!(
            "getComputedStyle(document.querySelector('#end')).color === '{color}'"
        ));
        if browser.run(IS_THE_SAME) == true {
            break;
        }
        assert!(shade < 5, "never swapped");
    }
    browser.wait_for("document.querySelectorAll('link[rel=stylesheet]').length === 1");
    // One that another imports.
    stand.edit("static/more.css", "color: red", "color: blue");
    browser.wait_for("getComputedStyle(document.querySelector('h1')).color === 'rgb(0, 0, 255)'");
    stand.project.write("static/a.svg", &picture(40));
    browser.wait_for("document.querySelector('img').width === 40");
    // One that a sheet paints.
    let painted = "getComputedStyle(document.querySelector('#box p')).backgroundImage";
    stand.project.write("static/b.svg", &picture(30));
    browser.wait_for(&format!("{painted}.includes('b.svg?devserve=')"));
    assert_eq!(browser.run(IS_THE_SAME), true);
    assert_eq!(browser.run("return scrollY"), 1234);

    // The page that was swapped is as new as one that is loaded: it is not loaded again.
    browser.reload();
    browser.run(MARK);
    browser.run("return new Promise((done) => setTimeout(done, 300))");
    assert_eq!(browser.run(IS_THE_SAME), true);
    // A sheet that no address leads to may be inside the page.
    stand.project.write("templates/inline.css", "p {}");
    browser.wait_for("!window.isTheSame");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_reload_keeps_what_was_typed_and_where_one_was() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let stand = Stand::new();
    let secret = "<input name=\"secret\" type=\"password\">\n<textarea";
    stand.edit("templates/page.html", "<textarea", secret);
    let devserve = stand.serve(&[]);
    browser.open(&url(&devserve, "/?of=2"));
    browser.wait_for_text("h1", "Stand");
    for (name, text) in [
        ("city", " and Paris"),
        ("secret", "hunter2"),
        ("text", "two\nlines"),
        ("name", "Ada"),
    ] {
        browser.fill(&format!("[name={name}]"), text);
    }
    browser.run(
        "document.forms[0].token.value = 'forged';
         document.forms[0].yes.checked = true;
         document.forms[0].size.value = 'm';
         document.forms[0].color.value = 'blue';
         document.forms[0].name.setSelectionRange(1, 2);
         document.querySelector('#box').scrollTop = 111;
         scrollTo(0, 1234)",
    );
    // What the server says anew, holds.
    stand.edit("templates/page.html", "value=\"Rome\"", "value=\"Oslo\"");
    browser.wait_for("document.forms[0].city.value === 'Oslo'");
    browser.wait_for("document.forms[0].name.value === 'Ada'");
    let state = browser.run(
        "const { token, name, secret, text, yes, size, color } = document.forms[0];
         return [token.value, secret.value, text.value, yes.checked, size.value, color.value,
           document.activeElement === name, name.selectionStart, name.selectionEnd,
           document.querySelector('#box').scrollTop, scrollY, sessionStorage['devserve-state'] ?? '']",
    );
    let want = serde_json::json!([
        "1",
        "",
        "two\nlines",
        true,
        "m",
        "blue",
        true,
        1,
        2,
        111,
        1234,
        ""
    ]);
    assert_eq!(state, want);
    // A page that is loaded by hand is as the server has it.
    browser.open(&url(&devserve, "/?of=2"));
    assert_eq!(browser.run("return document.forms[0].name.value"), "");
}

#[test]
fn what_is_wrong_lies_over_the_page_until_it_is_mended() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let stand = Stand::new();
    let devserve = stand.serve(&[]);
    browser.look(1200, "light");
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Stand");
    browser.fill("[name=name]", "Ada");
    browser.run(MARK);
    browser.run("scrollTo(0, 1234)");

    stand.edit("src/main.rs", "\"calm\"", "1 + \"calm\"");
    browser.wait_for(&format!("{DIALOG}?.open"));
    let heading = format!("{DIALOG}.querySelector('iframe').contentDocument.querySelector('h1')");
    browser.wait_for(&format!("{heading}.innerText.includes('cannot add')"));
    assert_eq!(browser.run(IS_THE_SAME), true);
    assert_eq!(browser.run("return scrollY"), 1234);
    for (width, scheme) in [
        (1200, "light"),
        (1200, "dark"),
        (320, "light"),
        (320, "dark"),
    ] {
        browser.look(width, scheme);
        assert_eq!(browser.run(FITS), true, "at {width} pixels");
        browser.keep_view(&format!("overlay-{width}-{scheme}"));
    }
    browser.look(1200, "light");

    // It can be put aside, from the keyboard too, and leaves a line that brings it back.
    browser.press("\u{e00c}");
    browser.wait_for(&format!("!{DIALOG}.open"));
    browser.wait_for("document.activeElement === document.forms[0].name");
    browser.keep_view("overlay-closed");
    // The next mistake is shown again.
    stand.edit("src/main.rs", "1 + \"calm\"", "calm");
    browser.wait_for(&format!(
        "{DIALOG}.open && {heading}.innerText.includes('cannot find value')"
    ));
    // A page that is opened now is the explanation itself, and stays.
    let other = browser.open_tab(&url(&devserve, "/"));
    browser.wait_for_text("h1", "cannot find value");
    browser.run(MARK);
    browser.run("return new Promise((done) => setTimeout(done, 300))");
    assert_eq!(browser.run(IS_THE_SAME), true);
    // An app that dies before it is ready is a problem like another.
    stand.edit("src/main.rs", "= calm;", "= \"dying\";");
    let first = browser.close_tab(&other);
    browser.switch_to(&first);
    browser.wait_for(&format!("{heading}.innerText.includes('exit code 7')"));
    browser.keep_view("overlay-died");

    stand.edit(
        "src/main.rs",
        "let state = \"dying\"",
        "let state = \"calm\"",
    );
    browser.wait_for("!window.isTheSame && document.readyState === 'complete'");
    browser.wait_for("!document.querySelector('devserve-problem')");
    browser.wait_for("document.forms[0].name.value === 'Ada' && scrollY === 1234");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_page_without_frames_gets_the_line_alone() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let stand = Stand::new();
    let devserve = stand.serve(&[]);
    browser.open(&url(&devserve, "/frameless"));
    browser.wait_for_text("h1", "Stand");
    stand.edit("src/main.rs", "\"calm\"", "1 + \"calm\"");
    let note = "document.querySelector('devserve-problem')?.shadowRoot.querySelector('.note')";
    browser.wait_for(&format!(
        "{note}?.innerText.includes('Build failed: src/main.rs:')"
    ));
    browser.keep_view("overlay-line");
    assert_eq!(browser.run(&format!("return {DIALOG}.open")), false);
    let button = format!("return {note}.querySelector('button').hidden");
    assert_eq!(browser.run(&button), true);
    stand.edit("src/main.rs", "1 + \"calm\"", "\"calm\"");
    browser.wait_for("!document.querySelector('devserve-problem')");
    // A page that knows its scripts by a nonce lends it to ours.
    browser.open(&url(&devserve, "/nonce"));
    browser.wait_for("document.querySelector('script[src*=__devserve__]')?.nonce === 'n0nce'");
    stand.edit("templates/page.html", "<h1>Stand", "<h1>Booth");
    browser.wait_for_text("h1", "Booth");
}

#[test]
fn eight_tabs_follow_by_one_stream_and_outlive_the_tab_that_listens() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let stand = Stand::new();
    let devserve = stand.serve(&[]);
    browser.open(&url(&devserve, "/"));
    let mut tabs = vec![browser.tab()];
    for _ in 1..8 {
        tabs.push(browser.open_tab(&url(&devserve, "/")));
    }
    let all_show = |tabs: &[String], text: &str| {
        for tab in tabs {
            browser.switch_to(tab);
            browser.wait_for_text("h1", text);
        }
    };
    all_show(&tabs, "Stand");
    stand.edit("templates/page.html", "<h1>Stand", "<h1>Booth");
    devserve.wait_for("changed templates/page.html · reloaded 1 browser");
    all_show(&tabs, "Booth");
    // Whichever listens now: it is among these, or not.
    for closed in 0..4 {
        browser.close_tab(&tabs.remove(0));
        let (old, new) = (
            format!("<h1>Booth{closed}"),
            format!("<h1>Booth{}", closed + 1),
        );
        let old = if closed == 0 { "<h1>Booth" } else { &old };
        stand.edit("templates/page.html", old, &new);
        all_show(&tabs, &format!("Booth{}", closed + 1));
    }
    // A stylesheet reaches tabs that are not seen.
    stand.edit("static/more.css", "red", "blue");
    for tab in &tabs {
        browser.switch_to(tab);
        browser
            .wait_for("getComputedStyle(document.querySelector('h1')).color === 'rgb(0, 0, 255)'");
    }
}

#[test]
fn a_page_stays_as_it_is_without_live_reload() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let stand = Stand::new();
    let devserve = stand.serve(&["--no-livereload"]);
    browser.open(&url(&devserve, "/packed"));
    assert!(browser.text("body").contains("gzip"));
    assert_eq!(
        browser.run("return document.querySelectorAll('script').length"),
        0
    );
    drop(devserve);
    let devserve = stand.serve(&["--no-livereload", "--livereload"]);
    browser.open(&url(&devserve, "/packed"));
    assert!(browser.text("body").contains("identity"));
    assert_eq!(
        browser.run("return document.querySelectorAll('script').length"),
        1
    );
}
