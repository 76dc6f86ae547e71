use super::*;

use crate::routing::{Build, Uuid};

#[track_caller]
fn check_url(build: Build<'_>, want: &str) {
    match build.url() {
        Ok(url) => assert_eq!(url, want),
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn check_error(build: Build<'_>, want: &str) {
    assert_eq!(build.url().unwrap_err().to_string(), want);
}

#[test]
fn values_are_written_as_their_converters_do() {
    let map = map([
        Rule::new("/user/<name>", "user"),
        Rule::new("/n/<int(fixed_digits=4):n>", "n"),
        Rule::new("/f/<float(signed=True):f>", "f"),
        Rule::new("/u/<uuid:u>", "u"),
        Rule::new("/any/<any(red, 'light blue'):color>", "any"),
        Rule::new("/files/<path:file>", "files"),
        Rule::new("/ä b/<x>-<y>.html", "mixed"),
    ]);
    let urls = map.bind("example.test").with_script_root("/a b");
    let uuid = "0190163d-8694-739b-aea5-966c26f8ad91";
    let number: Uuid = uuid.parse().unwrap();
    for (build, want) in [
        (
            urls.build("user").value("name", "Ann Lee?#%"),
            "user/Ann%20Lee%3F%23%25",
        ),
        (
            urls.build("user").value("name", "!$&'()*+,:=@-._~"),
            "user/!$&'()*+,:=@-._~",
        ),
        (urls.build("user").value("name", "ü"), "user/%C3%BC"),
        (urls.build("user").value("name", 7), "user/7"),
        (urls.build("user").value("name", true), "user/true"),
        (urls.build("n").value("n", 42), "n/0042"),
        (urls.build("n").value("n", "42"), "n/0042"),
        (urls.build("f").value("f", 3), "f/3.0"),
        (urls.build("f").value("f", -0.25), "f/-0.25"),
        (
            urls.build("f").value("f", 1e21),
            "f/1000000000000000000000.0",
        ),
        (urls.build("u").value("u", number), &*format!("u/{uuid}")),
        (urls.build("u").value("u", uuid), &*format!("u/{uuid}")),
        (
            urls.build("any").value("color", "light blue"),
            "any/light%20blue",
        ),
        (
            urls.build("files").value("file", "a/b c.txt"),
            "files/a/b%20c.txt",
        ),
        (
            urls.build("mixed").value("x", "1").value("y", 2),
            "%C3%A4%20b/1-2.html",
        ),
    ] {
        check_url(build, &format!("/a%20b/{want}"));
    }
}

#[test]
fn values_that_no_rule_would_match_again_are_refused() {
    // Werkzeug builds such URLs, but for `any`.
    let map = map(rules(&[
        "/s/<x>",
        "/p/<path:x>",
        "/i/<int(max=9):x>",
        "/f/<float:x>",
        "/a/<any(a, b):x>",
        "/u/<uuid:x>",
        "/l/<string(length=2):x>",
    ]));
    let urls = map.bind("example.test");
    for (endpoint, value) in [
        ("/s/<x>", ""),
        ("/s/<x>", "a/b"),
        ("/p/<path:x>", "/a"),
        ("/i/<int(max=9):x>", "10"),
        ("/i/<int(max=9):x>", "-1"),
        ("/i/<int(max=9):x>", "x"),
        ("/f/<float:x>", "-1.0"),
        ("/f/<float:x>", "NaN"),
        ("/a/<any(a, b):x>", "c"),
        ("/u/<uuid:x>", "x"),
        ("/l/<string(length=2):x>", "abc"),
    ] {
        check_error(
            urls.build(endpoint).value("x", value),
            &format!("<x> in {endpoint:?} of endpoint {endpoint:?} cannot be {value:?}"),
        );
    }
}

#[test]
fn what_a_rule_has_no_variable_for_becomes_the_query() {
    let map = map([Rule::new("/s/<x>", "s").default("page", 1)]);
    let urls = map.bind("example.test");
    let build = || urls.build("s").value("x", "a");
    check_url(build().value("q", "a b&c=d"), "/s/a?q=a+b%26c%3Dd");
    check_url(
        build().value("t", 1).value("a", "ü").value("t", 2.5),
        "/s/a?t=1&a=%C3%BC&t=2.5",
    );
    check_url(build().values([("t", "x"), ("t", "y")]), "/s/a?t=x&t=y");
    check_url(
        build().maybe("q", Some(1)).maybe("r", None::<&str>),
        "/s/a?q=1",
    );
    check_url(build().value("page", 1), "/s/a");
    check_url(build().value("q", 1).without_unknown(), "/s/a");
    check_url(
        build().value("q", "").anchor("top ü"),
        "/s/a?q=#top%20%C3%BC",
    );
    check_url(build().value("x", "b"), "/s/a");
    let map = Map::builder()
        .sort_parameters(true)
        .rules(Rule::new("/", "s"))
        .build()
        .unwrap();
    let urls = map.bind("a.test");
    check_url(
        urls.build("s").value("b", 2).value("a", 3).value("b", 1),
        "/?a=3&b=2&b=1",
    );
}

#[test]
fn urls_have_a_host_where_one_is_asked_for_or_another() {
    let map = map([
        Rule::new("/", "index"),
        Rule::new("/", "api").subdomain("api"),
        Rule::new("/x", "user").subdomain("<user>"),
        Rule::new("/live", "live").websocket(),
    ]);
    let urls = map.bind("example.test").with_script_root("/app");
    check_url(urls.build("index"), "/app/");
    check_url(urls.build("index").external(), "http://example.test/app/");
    check_url(
        urls.build("index").external().scheme("https"),
        "https://example.test/app/",
    );
    check_url(
        urls.build("index").external().scheme(""),
        "//example.test/app/",
    );
    check_url(urls.build("index").scheme("https"), "/app/");
    check_url(urls.build("api"), "http://api.example.test/app/");
    check_url(
        urls.build("user").value("user", "ann"),
        "http://ann.example.test/app/x",
    );
    check_url(urls.build("live"), "ws://example.test/app/live");
    check_url(
        urls.build("live").scheme("https"),
        "wss://example.test/app/live",
    );
    let secure = map.bind("example.test").with_scheme("https");
    check_url(secure.build("live"), "wss://example.test/live");
    check_url(secure.build("index").external(), "https://example.test/");
    let socket = map
        .bind("example.test")
        .with_scheme("ws")
        .with_subdomain("api");
    check_url(socket.build("api").external(), "http://api.example.test/");
    check_url(socket.build("index"), "http://example.test/");
}

#[test]
fn the_rule_that_says_most_is_built() {
    let map = map([
        Rule::new("/", "list").default("page", 1),
        Rule::new("/<int:page>", "list"),
        Rule::new("/<lang>/<int:page>", "list"),
        Rule::new("/get", "method").methods([Method::GET]),
        Rule::new("/post", "method").methods([Method::POST]),
        Rule::new("/int/<int:x>", "kind"),
        Rule::new("/str/<x>", "kind"),
    ]);
    let urls = map.bind("a.test");
    check_url(urls.build("list").value("page", 1), "/");
    check_url(urls.build("list"), "/");
    check_url(urls.build("list").value("page", 2), "/2");
    check_url(
        urls.build("list").value("page", 1).value("lang", "de"),
        "/de/1",
    );
    check_url(urls.build("method"), "/get");
    check_url(urls.build("method").method(Method::POST), "/post");
    let post = map.bind("a.test").with_method(Method::POST);
    check_url(post.build("method"), "/post");
    let delete = map.bind("a.test").with_method(Method::DELETE);
    check_url(delete.build("method"), "/get");
    // A rule whose converter refuses a value leaves it to the next.
    check_url(urls.build("kind").value("x", 5), "/int/5");
    check_url(urls.build("kind").value("x", "a"), "/str/a");
}

#[test]
fn what_cannot_be_built_says_why() {
    let map = map([
        Rule::new("/user/<name>/<int:id>", "user.show").methods([Method::GET]),
        Rule::new("/page", "page").default("n", 1),
    ]);
    let urls = map.bind("a.test");
    check_error(
        urls.build("user.shwo"),
        r#"there is no endpoint "user.shwo"; did you mean "user.show"?"#,
    );
    check_error(urls.build("xyz"), r#"there is no endpoint "xyz""#);
    check_error(
        urls.build("user.show"),
        r#""/user/<name>/<int:id>" of endpoint "user.show" needs name and id; give it by .value(…)"#,
    );
    check_error(
        urls.build("user.show").method(Method::POST),
        r#""/user/<name>/<int:id>" of endpoint "user.show" does not take POST"#,
    );
    check_error(
        urls.build("page").value("n", 2),
        r#""/page" of endpoint "page" has another "n" than "2""#,
    );
}

#[test]
fn a_value_of_one_character_is_encoded_too() {
    let map = map([Rule::new("/<x>", "x")]);
    for (value, want) in [(" ", "/%20"), ("?", "/%3F"), ("a", "/a")] {
        let url = map.bind("a.test").build("x").value("x", value).url();
        assert_eq!(url.unwrap(), want);
    }
}
