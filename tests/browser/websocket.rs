//! The example's WebSocket, spoken by a real browser.

use devserve::net::Address;
use devserve::server::Server;

use crate::guestbook::url;
use crate::harness::{Devserve, Project, target_dir};
use crate::webdriver::Browser;

#[path = "../../examples/websocket.rs"]
#[expect(dead_code, reason = "`main` serves; here only the app is called")]
mod example;

#[test]
fn a_page_is_echoed_by_the_engine_and_through_the_front() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let server = Server::new(example::app());
    let serving = server.bind(&Address::tcp("127.0.0.1", 0)).unwrap();
    check_page(&browser, &format!("http://{}/", serving.address()));
    // The end of a server is no agreed end.
    drop(serving);
    browser.wait_for_text("#state", "closed with 1006");

    let args = ["--example", "websocket", env!("CARGO_MANIFEST_DIR")];
    let env = [("CARGO_TARGET_DIR", target_dir())]; // where the example is built already
    let project = Project::new(&[]);
    let devserve = Devserve::start_with(&project, &args, &env);
    check_page(&browser, &url(&devserve, "/"));
}

#[track_caller]
fn check_page(browser: &Browser, url: &str) {
    browser.open(url);
    browser.wait_for_text("#state", "open");
    browser.fill("#text", "Grüße");
    browser.click("[value=text]");
    browser.wait_for_text("#echoes li", "text: Grüße");
    browser.click("[value=bytes]");
    browser.wait_for_text("#echoes li:nth-child(2)", "bytes: 47 72 c3 bc c3 9f 65");
    browser.run("socket.close(1000)");
    browser.wait_for_text("#state", "closed with 1000");
    // One more, left open.
    browser.reload();
    browser.wait_for_text("#state", "open");
    assert_eq!(browser.complaints(), [""; 0]);
}
