//! Cookies there and back.

use std::time::Duration;

use devserve::http::{SameSite, SetCookie};
use devserve::session::{Key, Keys};
use devserve::testing::Client;
use devserve::{Request, Response, Result};

#[test]
fn any_text_comes_back_as_it_went() {
    let client = Client::new(|request: &Request| match request.args().get("set") {
        Some(value) => Response::empty().set_cookie(SetCookie::new("note", value)),
        None => Response::text(request.cookie("note").unwrap_or("none".into()).into_owned()),
    });
    for value in ["plain", "tea; cake, \"both\"", "日本 ☃", " spaced ", "a\\b"] {
        client.get("/").query("set", value).send().unwrap();
        assert_eq!(client.get("/").send().unwrap().text(), value);
    }
}

#[test]
fn a_client_keeps_and_forgets_like_a_browser() {
    let client = Client::new(|request: &Request| -> Result<Response> {
        Ok(match request.path().as_ref() {
            "/in" => Response::text("in")
                .set_cookie(
                    SetCookie::new("user", "ada")
                        .http_only()
                        .same_site(SameSite::Lax),
                )
                .set_cookie(
                    SetCookie::new("cart", "7")
                        .path("/shop")
                        .max_age(Duration::from_secs(60)),
                )
                .set_cookie(SetCookie::new("safe", "1").secure()),
            "/out" => Response::text("out").delete_cookie("user"),
            _ => Response::text(request.header("cookie").unwrap_or("-")),
        })
    });
    let sent = |target: &str| client.get(target).send().unwrap().text().into_owned();
    assert_eq!(sent("/"), "-");
    sent("/in");
    assert_eq!(sent("/"), "user=ada");
    assert_eq!(sent("/shop/till"), "cart=7; user=ada");
    assert_eq!(sent("/shopping"), "user=ada");
    assert_eq!(sent("https://localhost/"), "user=ada; safe=1");
    sent("/out");
    assert_eq!((sent("/"), client.cookie("user")), ("-".to_owned(), None));
    client.set_cookie("user", "bob");
    assert_eq!(sent("/"), "user=bob");
}

#[test]
fn a_signed_cookie_cannot_be_changed() {
    let keys = Keys::new(Key::generate());
    let client = Client::new(move |request: &Request| match request.path().as_ref() {
        "/in" => Response::empty().set_signed_cookie(SetCookie::new("user", "ada; root"), &keys),
        _ => Response::text(
            request
                .signed_cookie("user", &keys)
                .unwrap_or("nobody".into()),
        ),
    });
    let user = || client.get("/").send().unwrap().text().into_owned();
    assert_eq!(user(), "nobody");
    client.get("/in").send().unwrap();
    assert_eq!(user(), "ada; root");
    let forged = client.cookie("user").unwrap().replace("ada", "eve");
    client.set_cookie("user", &forged);
    assert_eq!(user(), "nobody");
}

#[test]
fn an_encrypted_cookie_cannot_be_read_and_keys_can_be_changed() {
    let (old, new) = (Key::generate(), Key::generate());
    let before = Keys::new(old.clone());
    let after = Keys::new(new).and_older(old);
    let client = Client::new(move |request: &Request| match request.path().as_ref() {
        "/in" => Response::empty().set_encrypted_cookie(SetCookie::new("card", "4711"), &before),
        _ => Response::text(request.encrypted_cookie("card", &after).unwrap_or_default()),
    });
    client.get("/in").send().unwrap();
    assert!(!client.cookie("card").unwrap().contains("4711"));
    assert_eq!(client.get("/").send().unwrap().text(), "4711");
}

#[test]
fn a_broken_cookie_field_is_no_error() {
    let client = Client::new(|request: &Request| format!("{:?}", request.cookies()));
    let read = |field: &str| {
        client
            .get("/")
            .header("cookie", field)
            .send()
            .unwrap()
            .text()
            .into_owned()
    };
    assert_eq!(read("=x; ; a=\"b; c"), r#"[("a", "\"b"), ("c", "")]"#);
}

#[test]
fn a_cookie_that_could_not_be_kept_is_the_apps_error() {
    let set = |cookie: SetCookie| {
        let client = Client::new(move |_: &Request| Response::text("").set_cookie(cookie.clone()));
        client.get("/").send().unwrap_err().to_string()
    };
    assert!(set(SetCookie::new("a b", "")).contains("cannot be a cookie's name"));
    assert!(
        set(SetCookie::new("__Host-a", "")).contains("needs `Secure`, the path `/` and no domain")
    );
    assert!(
        set(SetCookie::new("a", "").domain("a b.test")).contains("cannot be a cookie's domain")
    );
}
