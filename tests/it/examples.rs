//! Every example answers as its first comment says.

#![expect(dead_code, reason = "`main` serves; here only the apps are called")]

use devserve::testing::Client;

#[path = "../../examples/forms.rs"]
mod forms;
#[path = "../../examples/guestbook/main.rs"]
mod guestbook;
#[path = "../../examples/hello.rs"]
mod hello;
#[path = "../../examples/login.rs"]
mod login;
#[path = "../../examples/processes.rs"]
mod processes;
#[path = "../../examples/raw_wsgi.rs"]
mod raw_wsgi;
#[path = "../../examples/stream.rs"]
mod stream;
#[path = "../../examples/websocket.rs"]
mod websocket;

/// A picture of one pixel.
const PICTURE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

#[test]
fn hello_greets_by_name() {
    let client = Client::new(hello::app);
    assert_eq!(
        client.get("/?name=Ada").send().unwrap().text(),
        "Hello, Ada!\n"
    );
    assert_eq!(client.get("/").send().unwrap().text(), "Hello, World!\n");
}

#[test]
fn login_knows_who_came_back() {
    let client = Client::new(login::app().unwrap());
    let page = || client.get("/").send().unwrap().text().into_owned();
    let login = |user: &str, password: &str| {
        let form = client.post("/login").field("user", user);
        form.field("password", password).send().unwrap();
        page()
    };
    assert_eq!(page(), "You are nobody yet.\n");
    let refused = "[error] No such user, or another password.\nYou are nobody yet.\n";
    assert_eq!(login("ada", "second"), refused);
    assert_eq!(login("eve", "first"), refused);
    assert_eq!(
        login("ada", "first"),
        "[info] Welcome back.\nYou are ada.\n"
    );
    assert_eq!(page(), "You are ada.\n");
    client.post("/logout").send().unwrap();
    assert_eq!(page(), "You are nobody yet.\n");
}

#[test]
fn processes_tells_who_answers() {
    let answer = Client::new(processes::app).get("/").send().unwrap();
    let id = std::process::id();
    assert_eq!(
        answer.text(),
        format!("process {id}, one of several: false\n")
    );
}

#[test]
fn raw_wsgi_shows_the_environ_behind_what_it_wrote() {
    let client = Client::new(raw_wsgi::app());
    let answer = client.get("/tea?cups=2").send().unwrap();
    assert!(
        answer.text().starts_with("the environ of this request:\n"),
        "{}",
        answer.text()
    );
    assert!(
        answer.text().contains("PATH_INFO = /tea\n")
            && answer.text().contains("QUERY_STRING = cups=2\n")
    );
    assert!(
        answer
            .header("server-timing")
            .unwrap()
            .starts_with("app;dur=")
    );
    assert_eq!(client.get("/again").send().unwrap().status(), 503);
}

#[test]
fn forms_reads_orders_uploads_and_cookies() {
    let client = Client::new(forms::app);
    let order = client
        .post("/order")
        .form([("name", "Ada"), ("tea", "green")])
        .send()
        .unwrap();
    assert_eq!(order.text(), "1 × green tea for Ada\n");
    let missing = client
        .post("/order")
        .form([("tea", "green")])
        .send()
        .unwrap();
    assert_eq!(missing.status(), 400);
    assert!(missing.text().contains("name"), "{}", missing.text());
    let upload = client
        .post("/upload")
        .field("note", "hi")
        .file("file", "a.txt", "text/plain", "tea")
        .send()
        .unwrap();
    assert_eq!(
        upload.text(),
        "field note = hi\nfile file = \"a.txt\", 3 bytes, in memory\n"
    );
    for number in 1..=3 {
        assert_eq!(
            client.get("/visits").send().unwrap().text(),
            format!("visit number {number}\n")
        );
    }
}

#[test]
fn stream_gives_back_an_upload_and_reports_what_breaks() {
    let client = Client::new(stream::app);
    let shout = client
        .put("/shout")
        .body("text/plain", "tea, please")
        .send()
        .unwrap();
    assert_eq!(shout.text(), "TEA, PLEASE");
    assert_eq!(
        client.get("/broken").send().unwrap_err().to_string(),
        "and then this"
    );
}

#[test]
fn websocket_shows_its_page_and_refuses_what_is_no_handshake() {
    let client = Client::new(websocket::app());
    let page = client.get("/").send().unwrap();
    assert!(page.text().contains("new WebSocket("), "{}", page.text());
    assert_eq!(client.get("/echo").send().unwrap().status(), 400);
}

#[test]
fn guestbook_keeps_entries_and_pictures_and_says_thanks_once() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Client::new(guestbook::app(folder.path().to_owned()).unwrap());
    let client = open();
    let signed = client
        .post("/")
        .field("name", "Ada")
        .field("message", "<b>Hi</b>")
        .file("picture", "../me.png", "image/png", PICTURE)
        .send()
        .unwrap();
    assert_eq!(
        (signed.status().as_u16(), signed.header("location")),
        (303, Some("/"))
    );
    let page = client.get("/").send().unwrap().text().into_owned();
    assert!(
        page.contains("Thank you, Ada! You are guest number 1.")
            && page.contains("&lt;b&gt;Hi&lt;&#x2f;b&gt;"),
        "{page}"
    );
    assert!(
        !client.get("/").send().unwrap().text().contains("Thank you"),
        "a flash shows once"
    );
    assert_eq!(
        client.get("/pictures/1.png").send().unwrap().bytes(),
        PICTURE
    );
    assert_eq!(
        client.get("/pictures/../secret").send().unwrap().status(),
        404
    );
    assert_eq!(
        client.get("/pictures/..%2fsecret").send().unwrap().status(),
        404
    );
    assert!(
        open().get("/").send().unwrap().text().contains("Ada"),
        "entries outlive the process"
    );
}

#[test]
fn guestbook_refuses_what_is_no_entry_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(guestbook::app(folder.path().to_owned()).unwrap());
    let empty = client
        .post("/")
        .field("name", "")
        .field("message", "x")
        .send()
        .unwrap();
    assert_eq!(empty.status(), 422);
    let script = client
        .post("/")
        .field("name", "Eve")
        .field("message", "x")
        .file("picture", "a.png", "image/png", "<script>alert(1)</script>")
        .send()
        .unwrap();
    assert_eq!(script.status(), 422);
    assert!(script.text().contains("no PNG"), "{}", script.text());
    client.set_cookie("session", "forged");
    assert!(!client.get("/").send().unwrap().text().contains("forged"));
}
