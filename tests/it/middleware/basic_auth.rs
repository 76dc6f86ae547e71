//! A name and a password before an app.

use devserve::Request;
use devserve::http::Authorization;
use devserve::middleware::BasicAuth;
use devserve::testing::Client;

#[track_caller]
fn check(field: Option<&str>, want: Option<&str>) {
    let app = |request: &Request| request.remote_user().unwrap_or_default();
    let users = [("ada", "pass:word"), ("zoë", "geheim")];
    let client = Client::new(BasicAuth::with_users(app, "The \"shop\"", users));
    let mut request = client.get("/").header("accept", "text/plain");
    if let Some(field) = field {
        request = request.header("authorization", field);
    }
    let answer = request.send().unwrap();
    match want {
        Some(user) => assert_eq!(answer.text(), user, "{field:?}"),
        None => {
            assert_eq!(answer.status(), 401, "{field:?}");
            let challenge = answer.header("www-authenticate");
            let want = r#"Basic realm="The \"shop\"", charset="UTF-8""#;
            assert!(
                challenge.unwrap().eq_ignore_ascii_case(want),
                "{challenge:?}"
            );
        }
    }
}

#[track_caller]
fn check_basic(name: &str, password: &str, want: Option<&str>) {
    let field = Authorization::basic(name, password).to_header().unwrap();
    check(field.to_str().ok(), want);
}

#[test]
fn only_a_name_with_its_own_password_is_let_in() {
    check_basic("ada", "pass:word", Some("ada"));
    check_basic("zoë", "geheim", Some("zoë"));
    check_basic("ada", "geheim", None);
    check_basic("ada", "pass:wor", None);
    check_basic("ada", "", None);
    check_basic("", "", None);
    check_basic("Ada", "pass:word", None);
    check(None, None);
    check(Some("Basic"), None);
    check(Some("Basic !!!"), None);
    check(Some("Bearer YWRhOnBhc3M6d29yZA=="), None);
}

#[test]
fn a_function_may_decide() {
    let app = |request: &Request| request.remote_user().unwrap_or_default();
    let is_short = |name: &str, password: &str| name.len() + password.len() < 4;
    let client = Client::new(BasicAuth::new(app, "Short", is_short));
    let field = Authorization::basic("a", "b").to_header().unwrap();
    let request = client
        .get("/")
        .header("authorization", field.to_str().unwrap());
    assert_eq!(request.send().unwrap().text(), "a");
}
