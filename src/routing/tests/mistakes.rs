use super::*;

#[track_caller]
fn check_mistake(rules: impl IntoIterator<Item = Rule>, want: &str) {
    assert_eq!(Map::new(rules).unwrap_err().to_string(), want);
}

#[test]
fn a_rule_that_cannot_be_read_is_refused_with_the_place_and_the_mend() {
    for (path, want) in [
        (
            "user/<id>",
            r#" at character 1: a rule must start with "/"; write "/user/<id>""#,
        ),
        (
            "",
            r#" at character 1: a rule must start with "/"; write "/""#,
        ),
        (
            "/ü/<id",
            r#" at character 4: "<" is not closed; write "<name>" or "<converter:name>""#,
        ),
        (
            "/<a<b>",
            r#" at character 2: "<" is not closed; write "<name>" or "<converter:name>""#,
        ),
        (
            "/<int(1:id>",
            r#" at character 6: "<" is not closed; write "<name>" or "<converter:name>""#,
        ),
        (
            "/<>",
            r#" at character 3: "" cannot be the name of a variable; write letters, digits and "_", no digit first"#,
        ),
        (
            "/<int:9a>",
            r#" at character 7: "9a" cannot be the name of a variable; write letters, digits and "_", no digit first"#,
        ),
        (
            "/<integer:id>",
            r#" at character 3: there is no converter "integer"; known are any, float, int, path, string, uuid, and those you give the map"#,
        ),
        (
            "/<int(length=3):id>",
            " at character 6: int: it takes no length; leave it out",
        ),
        (
            "/<int(a b):id>",
            " at character 6: int: `b` follows an argument; write a comma",
        ),
        (
            "/<int(min=-1):id>",
            " at character 6: int: -1 has a sign, and the numbers have none; write signed=True",
        ),
        (
            "/<float(min=2, max=1.5):id>",
            " at character 8: float: 2 is more than 1.5; swap them",
        ),
        (
            "/<int(signed=1):id>",
            " at character 6: int: `signed` cannot be 1; write True or False",
        ),
        (
            "/<string(length=0):id>",
            " at character 9: string: no variable is empty; write a length from 1 upwards",
        ),
        (
            "/<string(length=x):id>",
            " at character 9: string: `length` cannot be \"x\"; write a whole number from 0 upwards",
        ),
        (
            "/<string(length=2, maxlength=3):id>",
            " at character 9: string: `length` says it all; leave the other lengths out",
        ),
        (
            "/<any:id>",
            " at character 6: any: `any` takes one of some words; write any(this, that)",
        ),
        (
            "/<a>/<int:a>",
            ": <a> is there twice; give one of the two another name",
        ),
    ] {
        let want = format!("rule {path:?}{want}");
        check_mistake(Rule::new(path, "it"), &want);
    }
}

#[test]
fn a_rule_that_contradicts_itself_or_its_map_is_refused() {
    let rule = || Rule::new("/<x>", "it");
    check_mistake(
        rule().methods([]),
        r#"rule "/<x>": it takes no method and could never match; name one, or leave .methods(…) out"#,
    );
    check_mistake(
        rule().websocket().methods([Method::GET, Method::POST]),
        r#"rule "/<x>": a WebSocket begins with GET; leave POST out"#,
    );
    check_mistake(
        rule().default("x", 1),
        r#"rule "/<x>": <x> is in the path and cannot have a default; leave one of the two out"#,
    );
    check_mistake(
        rule().host("a.test"),
        r#"rule "/<x>": the map matches subdomains; call host_matching() on its builder, or leave .host(…) out"#,
    );
    check_mistake(
        rule().subdomain("a/b"),
        r#"rule "a/b" at character 2: a host is no path; write labels and variables, as "<user>.example.com""#,
    );
    check_mistake(
        rule().subdomain("a.<path:p>"),
        r#"rule "a.<path:p>" at character 3: a host is no path; write labels and variables, as "<user>.example.com""#,
    );
    check_mistake(
        rule().redirect_to("new/<y>"),
        r#"rule "/<x>": it redirects to "new/<y>", but has no <y>; add it to the path or the defaults"#,
    );
    check_mistake(
        [rule().alias(), Rule::new("/<x>/<y>", "it")],
        r#"rule "/<x>": it is an alias, but no other rule of endpoint "it" can be built from its variables; add that rule, or leave .alias() out"#,
    );
    let map = Map::builder().host_matching().rules(rule().subdomain("a"));
    assert_eq!(
        map.build().unwrap_err().to_string(),
        r#"rule "/<x>": the map matches whole hosts; write .host(…) in place of .subdomain(…)"#,
    );
}

#[test]
fn two_rules_for_the_same_requests_are_a_conflict() {
    let get = |path: &str, endpoint: &str| Rule::new(path, endpoint).methods([Method::GET]);
    check_mistake(
        [Rule::new("/<a>", "one"), Rule::new("/<string:b>", "two")],
        r#"rule "/<string:b>": endpoint "one" has the same rule for every method; take it out of one of them"#,
    );
    check_mistake(
        [get("/x", "one"), get("//x", "two")],
        r#"rule "//x": endpoint "one" has the same rule for GET; take it out of one of them"#,
    );
    check_mistake(
        [
            Rule::new("/x", "one").methods([Method::HEAD]),
            Rule::new("/x", "two").methods([Method::HEAD]),
        ],
        r#"rule "/x": endpoint "one" has the same rule for the same methods; take it out of one of them"#,
    );
    map([
        get("/x", "get"),
        Rule::new("/x", "post").methods([Method::POST]),
        Rule::new("/x", "rest"),
        Rule::new("/x", "socket").websocket(),
        Rule::new("/x", "built").build_only(),
        get("/x", "elsewhere").subdomain("a"),
        get("/x/", "branch"),
        get("/<int:a>", "int"),
        get("/<int(max=9):a>", "small"),
    ]);
}
