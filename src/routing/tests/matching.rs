use super::*;

use std::time::{Duration, Instant};

#[test]
fn a_rule_takes_its_path_and_the_values_in_it() {
    let map = map([
        Rule::new("/", "index"),
        Rule::new("/foo", "foo"),
        Rule::new("/bar/", "bar"),
        Rule::new("/user/<name>", "user"),
        Rule::new("/user/<int:id>/posts/<path:rest>", "posts"),
        Rule::new("/grüße", "greetings"),
        Rule::new("/a b", "space"),
    ]);
    let urls = map.bind("example.test");
    for (path, want) in [
        ("/", "index"),
        ("/foo", "foo"),
        ("foo", "foo"),
        ("/bar/", "bar"),
        ("/user/Ann Lee", "user name=Ann Lee"),
        ("/user/a\nb", "user name=a\nb"),
        ("/user/3", "user name=3"),
        ("/user/3/posts/2026/a.html", "posts id=3 rest=2026/a.html"),
        ("/user/3/posts/a//b/", "posts id=3 rest=a//b/"),
        ("/user/x/posts/a", "404"),
        ("/user/3/posts/", "404"),
        ("/grüße", "greetings"),
        ("/a b", "space"),
        ("/foo/", "404"),
        ("/Foo", "404"),
        ("/user/", "404"),
        ("/user", "404"),
        ("/missing", "404"),
    ] {
        check(&urls, path, want);
    }
}

#[test]
fn methods_choose_between_rules_of_one_path() {
    let map = map([
        Rule::new("/", "read").methods([Method::GET]),
        Rule::new("/", "write").methods([Method::POST, Method::PUT]),
        Rule::new("/any", "any"),
        Rule::new("/rest", "rest"),
        Rule::new("/rest", "delete").methods([Method::DELETE]),
        Rule::new("/head", "get").methods([Method::GET]),
        Rule::new("/head", "head").methods([Method::HEAD]),
        Rule::new("/own", "own").methods(["PURGE".parse().unwrap()]),
    ]);
    let urls = map.bind("example.test");
    for (request, want) in [
        ("GET /", "read"),
        ("HEAD /", "read"),
        ("POST /", "write"),
        ("DELETE /", "405 GET,HEAD,POST,PUT"),
        // Nothing brings OPTIONS with it: it is for those above to answer.
        ("OPTIONS /", "405 GET,HEAD,POST,PUT"),
        ("OPTIONS /any", "any"),
        ("BREW /any", "any"),
        ("PURGE /own", "own"),
        ("BREW /own", "405 PURGE"),
        // Ours: a rule that names its methods comes before one that takes all.
        ("DELETE /rest", "delete"),
        ("GET /rest", "rest"),
        ("HEAD /head", "head"),
        ("GET /head", "get"),
    ] {
        check(&urls, request, want);
    }
    let names = |path| -> Vec<String> {
        let methods = urls.allowed_methods(path).into_iter();
        methods.map(|method| method.to_string()).collect()
    };
    assert_eq!(names("/"), ["GET", "HEAD", "POST", "PUT"]);
    assert_eq!(names("/own"), ["PURGE"]);
    assert_eq!(names("/any").len(), 9);
    assert!(names("/missing").is_empty());
    assert!(urls.test("/", &Method::GET) && !urls.test("/", &Method::DELETE));
    assert!(!urls.test("/missing", &Method::GET));
}

#[test]
fn a_rule_for_another_method_does_not_hide_one_that_fits() {
    let map = map([
        Rule::new("/edit/new", "create").methods([Method::POST]),
        Rule::new("/edit/<name>", "edit").methods([Method::GET]),
    ]);
    let urls = map.bind("example.test");
    check(&urls, "GET /edit/new", "edit name=new");
    check(&urls, "POST /edit/new", "create");
    check(&urls, "PUT /edit/new", "405 GET,HEAD,POST");
}

/// Checks that each request gets its rule, in whatever order the rules are given.
#[track_caller]
fn check_any_order(paths: &[&str], table: &[(&str, &str)]) {
    let mut paths = paths.to_vec();
    for turn in 0..paths.len() * 2 {
        if turn == paths.len() {
            paths.reverse();
        }
        paths.rotate_left(1);
        let map = map(rules(&paths));
        let urls = map.bind("example.test");
        for (path, want) in table {
            let got = outcome(&urls, path);
            let got = got.split(' ').next().unwrap();
            assert_eq!(got, *want, "{path} with {paths:?}");
        }
    }
}

#[test]
fn the_most_specific_rule_wins_whatever_the_order() {
    check_any_order(
        &[
            "/<path:rest>",
            "/<name>",
            "/<int:id>",
            "/<int(signed=True):id>",
            "/<int(min=9):id>",
            "/<float:number>",
            "/<string(length=2):code>",
            "/<uuid:id>",
            "/user-<name>",
            "/u<name>",
            "/<name>.html",
            "/<a>-<b>",
            "/<name>/edit",
            "/<path:rest>/edit",
            "/<int:id>/<name>",
            "/static/<path:file>",
            "/static/css/<name>",
            "/static",
        ],
        &[
            ("/static", "/static"),
            ("/static/css/a", "/static/css/<name>"),
            ("/static/css/a/b", "/static/<path:file>"),
            ("/static/css", "/static/<path:file>"),
            ("/8", "/<int:id>"),
            ("/-8", "/<int(signed=True):id>"),
            ("/9", "/<int(min=9):id>"),
            ("/1.5", "/<float:number>"),
            ("/de", "/<string(length=2):code>"),
            ("/deu", "/<name>"),
            ("/user-ann", "/user-<name>"),
            ("/user", "/u<name>"),
            ("/page.html", "/<name>.html"),
            ("/a-b", "/<a>-<b>"),
            ("/5/x", "/<int:id>/<name>"),
            // A rest with text behind it comes before a variable alone, as in Werkzeug.
            ("/x/edit", "/<path:rest>/edit"),
            ("/x/y/edit", "/<path:rest>/edit"),
            ("/x/y", "/<path:rest>"),
        ],
    );
}

#[test]
fn a_search_that_leads_nowhere_is_taken_back() {
    check_any_order(
        &[
            "/a/b/c",
            "/a/<x>/d",
            "/<x>/b/e",
            "/<x>/<y>/<z>",
            "/<path:p>/end",
        ],
        &[
            ("/a/b/c", "/a/b/c"),
            ("/a/b/d", "/a/<x>/d"),
            ("/a/b/e", "/<x>/b/e"),
            ("/a/b/f", "/<x>/<y>/<z>"),
            ("/a/b/f/end", "/<path:p>/end"),
        ],
    );
}

#[test]
fn several_variables_share_a_segment() {
    for (rule, path, want) in [
        ("/<a>-<b>", "/x-y", "it a=x b=y"),
        // As much as possible, from the left.
        ("/<a>-<b>", "/x-y-z", "it a=x-y b=z"),
        ("/<a>-<b>", "/-y", "404"),
        ("/<a>-<b>.<ext>", "/x-y.tar.gz", "it a=x b=y.tar ext=gz"),
        ("/<int:a><b>", "/12x", "it a=12 b=x"),
        ("/<int:a><int:b>", "/123", "it a=12 b=3"),
        ("/<int:a><int:b>", "/1", "404"),
        ("/v<float:v>-<any(x, xy):w>y", "/v1.5-xyy", "it v=1.5 w=xy"),
        ("/v<float:v>-<any(x, xy):w>y", "/v1.5-xy", "it v=1.5 w=x"),
        ("/<string(length=2):a><b>", "/äöü", "it a=äö b=ü"),
        (
            "/<string(maxlength=2):a><string(maxlength=2):b>",
            "/abc",
            "it a=ab b=c",
        ),
        (
            "/<string(maxlength=2):a><string(maxlength=2):b>",
            "/abcde",
            "404",
        ),
        ("/<path:a>/to/<path:b>", "/1/to/2/to/3", "it a=1 b=2/to/3"),
        ("/<path:a>/<b>", "/1/2/3", "it a=1/2 b=3"),
        ("/<path:a>/x<int:b>/", "/1/2/x3/", "it a=1/2 b=3"),
        (
            "/<uuid:a>.<b>",
            "/0190163d-8694-739b-aea5-966c26f8ad91.x",
            "it a=0190163d-8694-739b-aea5-966c26f8ad91 b=x",
        ),
        (
            "/<int(signed=True):a><int(signed=True):b>",
            "/-1-2",
            "it a=-1 b=-2",
        ),
        (
            "/img/<name>@<int:scale>x.<any(png, jpg):ext>",
            "/img/a@b@2x.png",
            "it name=a@b scale=2 ext=png",
        ),
    ] {
        check_one(rule, path, want);
    }
}

#[test]
fn many_variables_are_all_there() {
    check_one(
        "/<a>/<b>/<c>/<d>/<e>/<f>/<g>/<h>",
        "/1/2/3/4/5/6/7/8",
        "it a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8",
    );
}

#[test]
fn slashes_that_escapes_made_are_slashes() {
    // PATH_INFO is decoded: `/user/a%2Fb` comes as `/user/a/b`.
    check_one("/user/<name>", "/user/a/b", "404");
    check_one("/user/<path:name>", "/user/a/b", "it name=a/b");
    // Escapes of escapes are text.
    check_one("/user/<name>", "/user/a%2Fb", "it name=a%2Fb");
}

#[test]
fn websockets_have_rules_of_their_own() {
    let map = map([
        Rule::new("/live", "page"),
        Rule::new("/live", "socket").websocket(),
        Rule::new("/only", "only").websocket(),
        Rule::new("/page", "page2"),
    ]);
    let page = map.bind("example.test");
    let socket = map.bind("example.test").with_scheme("wss");
    check(&page, "/live", "page");
    check(&socket, "/live", "socket");
    check(&page, "/only", "400");
    check(&socket, "/page", "400");
    check(&page, "/missing", "404");
    assert!(socket.is_websocket() && !page.is_websocket());
}

#[test]
fn rules_for_building_never_match() {
    let map = map([
        Rule::new("/static/<path:file>", "static").build_only(),
        Rule::new("/<path:rest>", "rest"),
    ]);
    check(&map.bind("a.test"), "/static/x", "rest rest=static/x");
}

#[test]
fn a_map_tells_its_rules() {
    let map = map([
        Rule::new("/<int:id>", "show").methods([Method::GET]),
        Rule::new("/", "index").default("page", 1),
        Rule::new("/all", "index").default("page", "all"),
    ]);
    let paths: Vec<_> = map.rules().map(Rule::to_string).collect();
    assert_eq!(paths, ["/<int:id>", "/", "/all"]);
    assert_eq!(map.rules_of("index").count(), 2);
    assert_eq!(map.rules_of("none").count(), 0);
    assert!(map.is_endpoint_expecting("index", &["page"]));
    assert!(map.is_endpoint_expecting("show", &["id"]));
    assert!(!map.is_endpoint_expecting("show", &["id", "page"]));
    assert!(!map.is_endpoint_expecting("none", &[]));
    assert_eq!(
        format!("{map:?}"),
        r#"[<Rule "/<int:id>" [GET, HEAD] -> show>, <Rule "/" -> index>, <Rule "/all" -> index>]"#
    );
    let urls = map.bind("a.test");
    let found = urls.match_path("/all").unwrap();
    assert_eq!((found.index(), found.endpoint()), (2, "index"));
    assert_eq!(format!("{:?}", found.params()), r#"{"page": "all"}"#);
}

/// Twice the text may take twice the time, and not four times.
#[test]
fn time_is_in_proportion_to_the_path() {
    let map = map(rules(&[
        "/<a>-<b>-<c>-<d>-<int:e>",
        "/<path:a>/-/<path:b>/-/<path:c>/x",
        "/<path:a>/",
        "/<string(maxlength=9999):a>x<string(maxlength=9999):b>x<int:c>",
        "/<a>/<b>/<c>/y",
    ]));
    let urls = map.bind("example.test");
    for text in ["-", "/-", "x", "1", "-/", "a/"] {
        let path = format!("/{}!", text.repeat(200_000));
        let began = Instant::now();
        let _ = outcome(&urls, &path);
        // Some hundred times what it takes; a square of it takes minutes.
        assert!(began.elapsed() < Duration::from_secs(20), "{text}");
    }
}
