//! Names for requests.

use devserve::Request;
use devserve::middleware::{Id, RequestId};
use devserve::testing::Client;
use devserve::wsgi::{self, Body};

fn app(request: &Request) -> String {
    let field = request.header("x-request-id").unwrap_or_default();
    assert_eq!(Id::of(request.environ()).unwrap().as_str(), field);
    field.to_owned()
}

#[track_caller]
fn check(sent: &str, is_taken: bool) {
    let client = Client::new(RequestId::new(app));
    let answer = client.get("/").header("x-request-id", sent).send().unwrap();
    let told = answer.header("x-request-id").unwrap();
    assert_eq!(answer.text(), told);
    assert_eq!(told == sent, is_taken, "{sent}");
}

#[test]
fn a_plain_name_is_taken_and_another_is_made() {
    check("proxy-1.7", true);
    check("a b", false);
    check("", false);
    check("<b>", false);
    check(&"a".repeat(200), false);
}

#[test]
fn an_app_without_a_proxy_makes_all_names() {
    let client = Client::new(RequestId::new(app).always_new());
    let answer = client.get("/").header("x-request-id", "mine").send();
    assert_ne!(answer.unwrap().text(), "mine");
}

#[test]
fn another_field_and_an_app_of_the_classic_form() {
    let app = wsgi::application(|environ, start_response| {
        let id = Id::of(environ).unwrap().to_string();
        start_response.start("200 OK", [("Content-Type", "text/plain")])?;
        start_response.write(id.as_bytes())?;
        Ok(Body::empty())
    });
    let client = Client::new(RequestId::new(app).field("x-correlation-id"));
    let answer = client.get("/").send().unwrap();
    assert_eq!(answer.header("x-correlation-id"), Some(&*answer.text()));
}
