use super::*;

#[test]
fn a_path_without_the_slash_is_sent_to_the_one_with_it() {
    let map = map([
        Rule::new("/", "index"),
        Rule::new("/bar/", "bar"),
        Rule::new("/foo/<int:id>/", "foo").methods([Method::GET]),
        Rule::new("/files/<path:file>/", "files"),
        Rule::new("/leaf", "leaf"),
        Rule::new("/socket/", "socket").websocket(),
        Rule::new("/<name>", "name").methods([Method::PUT]),
    ]);
    let urls = map
        .bind("example.test")
        .with_script_root("/app")
        .with_query("a=ü&b=%20");
    for (request, want) in [
        ("/bar", "308 http://example.test/app/bar/?a=%C3%BC&b=%20"),
        ("/bar/", "bar"),
        ("", "308 http://example.test/app/?a=%C3%BC&b=%20"),
        (
            "/foo/1",
            "308 http://example.test/app/foo/1/?a=%C3%BC&b=%20",
        ),
        // Only where the method fits.
        ("POST /foo/1", "404"),
        ("POST /foo/1/", "405 GET,HEAD"),
        (
            "/files/a/b c",
            "308 http://example.test/app/files/a/b%20c/?a=%C3%BC&b=%20",
        ),
        ("/files/a/b/", "files file=a/b"),
        ("/leaf/", "404"),
        ("/socket", "405 PUT"),
        // Another rule would take it, but the slash is nearer.
        (
            "PUT /bar",
            "308 http://example.test/app/bar/?a=%C3%BC&b=%20",
        ),
        ("PUT /foo", "name name=foo"),
    ] {
        check(&urls, request, want);
    }
    assert!(urls.test("/bar", &Method::GET));
}

#[test]
fn lenient_rules_take_both() {
    let map = Map::builder()
        .strict_slashes(false)
        .rules(rules(&[
            "/branch/",
            "/leaf",
            "/<int:id>/",
            "/deep/<path:p>/",
        ]))
        .rules(Rule::new("/strict/", "strict").strict_slashes(true))
        .rules(Rule::new("/post", "post").methods([Method::POST]))
        .build()
        .unwrap();
    let urls = map.bind("example.test");
    for (request, want) in [
        ("/branch", "/branch/"),
        ("/branch/", "/branch/"),
        ("/leaf", "/leaf"),
        ("/leaf/", "/leaf"),
        ("/5", "/<int:id>/ id=5"),
        ("/deep/a/b", "/deep/<path:p>/ p=a/b"),
        ("/deep/a/b/", "/deep/<path:p>/ p=a/b"),
        ("/strict", "308 http://example.test/strict/"),
        ("GET /post/", "405 POST"),
        ("POST /post/", "post"),
    ] {
        check(&urls, request, want);
    }
}

#[test]
fn slashes_in_a_row_are_merged() {
    let map = map([
        Rule::new("/a/b", "leaf"),
        Rule::new("/a/c/", "branch"),
        Rule::new("/yes/<path:p>", "path"),
        Rule::new("/no/<x>/z", "kept").merge_slashes(false),
        Rule::new("/two//three", "written"),
        Rule::new("/own//two", "own").merge_slashes(false),
        Rule::new("/post/x", "post").methods([Method::POST]),
    ]);
    let urls = map.bind("example.test").with_query("q=1");
    for (request, want) in [
        ("/a//b", "308 http://example.test/a/b?q=1"),
        ("/a////b", "308 http://example.test/a/b?q=1"),
        ("/a//c/", "308 http://example.test/a/c/?q=1"),
        // Both mends at once.
        ("/a//c", "308 http://example.test/a/c/?q=1"),
        ("/a/c//", "308 http://example.test/a/c/?q=1"),
        // Not within a value that matched first.
        ("/yes/a//b", "path p=a//b"),
        ("/yes//a//b", "308 http://example.test/yes/a/b?q=1"),
        ("/no/1/z", "kept x=1"),
        ("/no//1/z", "404"),
        ("/two/three", "written"),
        ("/two//three", "308 http://example.test/two/three?q=1"),
        ("/own//two", "own"),
        ("/own/two", "404"),
        ("/post//x", "405 POST"),
        // Never to another host.
        ("//evil.test/a", "404"),
        ("//a/b", "leaf"),
        ("///a//b", "308 http://example.test/a/b?q=1"),
    ] {
        check(&urls, request, want);
    }
    let map = Map::builder()
        .merge_slashes(false)
        .rules(rules(&["/a/b", "/a//c"]))
        .build()
        .unwrap();
    let urls = map.bind("example.test");
    check(&urls, "/a//b", "404");
    check(&urls, "/a//c", "/a//c");
}

#[test]
fn a_path_that_says_a_default_is_sent_to_the_one_that_does_not() {
    let map = map([
        Rule::new("/foo/", "foo").default("page", 1),
        Rule::new("/foo/<int:page>", "foo"),
        Rule::new("/bar/<lang>/", "bar").default("page", 1),
        Rule::new("/bar/<lang>/<int:page>", "bar"),
        Rule::new("/post/", "post")
            .default("page", 1)
            .methods([Method::GET]),
        Rule::new("/post/<int:page>", "post"),
    ]);
    let urls = map.bind("example.test").with_query("q=1");
    for (request, want) in [
        ("/foo/", "foo page=1"),
        ("/foo/1", "308 http://example.test/foo/?q=1"),
        ("/foo/2", "foo page=2"),
        ("/bar/de/1", "308 http://example.test/bar/de/?q=1"),
        ("/bar/de/2", "bar lang=de page=2"),
        ("GET /post/1", "308 http://example.test/post/?q=1"),
        ("POST /post/1", "post page=1"),
    ] {
        check(&urls, request, want);
    }
    let map = Map::builder()
        .redirect_defaults(false)
        .rules([
            Rule::new("/foo/", "foo").default("page", 1),
            Rule::new("/foo/<int:page>", "foo"),
        ])
        .build()
        .unwrap();
    check(&map.bind("a.test"), "/foo/1", "foo page=1");
}

#[test]
fn two_defaults_lead_to_the_rule_that_says_least() {
    // The order does not matter.
    for turn in 0..3 {
        let mut rules = vec![
            Rule::new("/<bar>/", "x")
                .default("foo", 1)
                .default("done", false),
            Rule::new("/<bar>/<int:foo>", "x").default("done", false),
            Rule::new("/<bar>/done/<any(true, false):done>", "x").default("foo", 1),
        ];
        rules.rotate_left(turn);
        let map = map(rules);
        let urls = map.bind("a.test");
        check(&urls, "/a/", "x bar=a foo=1 done=false");
        check(&urls, "/a/1", "308 http://a.test/a/");
        check(&urls, "/a/2", "x bar=a foo=2 done=false");
        check(&urls, "/a/done/false", "308 http://a.test/a/");
        check(&urls, "/a/done/true", "x bar=a done=true foo=1");
    }
}

#[test]
fn an_alias_is_sent_to_the_first_rule_of_its_endpoint() {
    let map = map([
        Rule::new("/", "index"),
        Rule::new("/index.html", "index").alias(),
        Rule::new("/users/", "users").default("page", 1),
        Rule::new("/users/index.html", "users")
            .alias()
            .default("page", 1),
        Rule::new("/users/page/<int:page>", "users"),
        Rule::new("/users/page-<int:page>.html", "users").alias(),
    ]);
    let urls = map.bind("example.test").with_query("q=1");
    for (path, want) in [
        ("/index.html", "308 http://example.test/?q=1"),
        ("/users/index.html", "308 http://example.test/users/?q=1"),
        ("/users/page-1.html", "308 http://example.test/users/?q=1"),
        (
            "/users/page-2.html",
            "308 http://example.test/users/page/2?q=1",
        ),
        ("/users/page/2", "users page=2"),
        ("/", "index"),
    ] {
        check(&urls, path, want);
    }
    let build = |page: i32| urls.build("users").value("page", page).url().unwrap();
    assert_eq!(
        (build(1), build(2)),
        ("/users/".into(), "/users/page/2".into())
    );
    assert_eq!(urls.build("index").url().unwrap(), "/");
}

#[test]
fn a_rule_can_send_its_requests_elsewhere() {
    let map = map([
        Rule::new("/old/<slug>", "old").redirect_to("new/<slug>"),
        Rule::new("/root/<int(fixed_digits=3):id>", "root").redirect_to("/r/<id>?x=1"),
        Rule::new("/url", "url").redirect_to("https://other.test/x"),
        Rule::new("/up/<path:p>", "up").redirect_to("../<p>"),
        Rule::new("/open/<path:p>", "open").redirect_to("<p>"),
        Rule::new("/half/<path:p>", "half").redirect_to("x<p>"),
        Rule::new("/function/<int:id>", "function").redirect_with(|urls, params| {
            let id: u32 = params.get("id").unwrap();
            format!("{}/{}", urls.subdomain(), id + 1)
        }),
        Rule::new("/default", "default")
            .default("to", "there")
            .redirect_to("d/<to>"),
    ]);
    let urls = map
        .bind("example.test")
        .with_script_root("/app/")
        .with_query("q=1");
    for (path, want) in [
        ("/old/a b/", "404"),
        ("/old/a ü", "308 http://example.test/app/new/a%20%C3%BC"),
        ("/root/007", "308 http://example.test/r/007?x=1"),
        ("/url", "308 https://other.test/x"),
        ("/up/a/b", "308 http://example.test/a/b"),
        ("/default", "308 http://example.test/app/d/there"),
        ("/function/1", "308 http://example.test/2"),
        // What a client sends is a path, whatever it looks like.
        (
            "/open/https://evil.test",
            "308 http://example.test/app/https://evil.test",
        ),
        ("/half/y:evil", "308 http://example.test/app/xy:evil"),
    ] {
        check(&urls, path, want);
    }
}

#[test]
fn redirects_stay_in_their_subdomain_and_scheme() {
    let map = map([Rule::new("/a/", "a").subdomain("<user>")]);
    let urls = map
        .bind("example.test:8080")
        .with_subdomain("ann")
        .with_scheme("https");
    check(&urls, "/a", "308 https://ann.example.test:8080/a/");
}
