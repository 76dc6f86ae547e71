use super::*;

use std::fmt::{self, Write as _};

use crate::routing::{Converter, ParamError, Shape, Uuid, Value};

#[test]
fn converters_take_what_they_are_for() {
    for (rule, path, want) in [
        ("/<string:x>", "/abc", "it x=abc"),
        ("/<string(length=2):x>", "/ab", "it x=ab"),
        ("/<string(length=2):x>", "/äö", "it x=äö"),
        ("/<string(length=2):x>", "/abc", "404"),
        ("/<string(2, 3):x>", "/a", "404"),
        ("/<string(2, 3):x>", "/abc", "it x=abc"),
        ("/<string(minlength=2, maxlength=3):x>", "/abcd", "404"),
        ("/<int:x>", "/0", "it x=0"),
        ("/<int:x>", "/007", "it x=7"),
        ("/<int:x>", "/-1", "404"),
        ("/<int:x>", "/1.0", "404"),
        ("/<int:x>", "/+1", "404"),
        ("/<int:x>", "/١", "404"), // digits are ASCII here
        ("/<int(signed=True):x>", "/-1", "it x=-1"),
        ("/<int(signed=True):x>", "/--1", "404"),
        ("/<int(signed=True):x>", "/-", "404"),
        ("/<int(min=2, max=4):x>", "/1", "404"),
        ("/<int(min=2, max=4):x>", "/4", "it x=4"),
        ("/<int(signed=True, min=-2):x>", "/-3", "404"),
        ("/<int(fixed_digits=4):x>", "/0042", "it x=42"),
        ("/<int(fixed_digits=4):x>", "/42", "404"),
        ("/<int(4):x>", "/42", "404"),
        // Too large for us is not found, and no fault of the server.
        (
            "/<int:x>",
            "/18446744073709551616",
            "it x=18446744073709551616",
        ),
        (
            "/<int:x>",
            "/999999999999999999999999999999999999999999",
            "404",
        ),
        ("/<float:x>", "/1.5", "it x=1.5"),
        ("/<float:x>", "/1", "404"),
        ("/<float:x>", "/1.", "404"),
        ("/<float:x>", "/.5", "404"),
        ("/<float:x>", "/1e5", "404"),
        ("/<float:x>", "/-1.5", "404"),
        ("/<float(signed=True):x>", "/-1.5", "it x=-1.5"),
        ("/<float(min=0.5, max=2):x>", "/2.5", "404"),
        (
            "/<uuid:x>",
            "/0190163D-8694-739B-AEA5-966C26F8AD91",
            "it x=0190163d-8694-739b-aea5-966c26f8ad91",
        ),
        ("/<uuid:x>", "/0190163d8694739baea5966c26f8ad91", "404"),
        ("/<any(a, b, 'c d'):x>", "/c d", "it x=c d"),
        ("/<any(a, b, 'c d'):x>", "/c", "404"),
        ("/<any(2026, '1/2'):x>", "/2026", "it x=2026"),
        ("/<any(2026, '1/2'):x>", "/1/2", "it x=1/2"),
        ("/<any('>', \")\"):x>", "/>", "it x=>"),
        ("/<any('a+b', '[a]'):x>", "/a+b", "it x=a+b"),
        ("/<path:x>", "/a/b/", "it x=a/b/"),
        ("/<path:x>.html", "/a/b.html", "it x=a/b"),
    ] {
        check_one(rule, path, want);
    }
}

#[test]
fn a_value_that_a_converter_refuses_leaves_the_path_to_others() {
    // Werkzeug's documentation says so; its code answers 404.
    let map = map(rules(&["/<int(max=9):x>", "/<string:y>"]));
    let urls = map.bind("a.test");
    check(&urls, "/9", "/<int(max=9):x> x=9");
    check(&urls, "/10", "/<string:y> y=10");
}

#[test]
fn values_are_had_as_the_types_that_views_have() {
    let map = map(Rule::new(
        "/<int:n>/<float:f>/<uuid:u>/<text>/<any(true, false):truth>",
        "it",
    )
    .default("page", 7)
    .default("lang", "en"));
    let urls = map.bind("a.test");
    let uuid = "0190163d-8694-739b-aea5-966c26f8ad91";
    let path = format!("/300/1.5/{uuid}/grüße/true");
    let found = urls.match_path(&path).unwrap();
    let params = found.params();
    assert_eq!(params.get::<u64>("n"), Ok(300));
    assert_eq!(params.get::<i16>("n"), Ok(300));
    assert_eq!(params.get::<String>("n"), Ok("300".to_owned()));
    assert_eq!(params.get::<f64>("n"), Ok(300.0));
    assert_eq!(params.get::<f32>("f"), Ok(1.5));
    assert_eq!(params.get::<Uuid>("u").unwrap().to_string(), uuid);
    assert_eq!(params.get::<&str>("text"), Ok("grüße"));
    assert_eq!(params.get::<bool>("truth"), Ok(true));
    assert_eq!(params.get::<usize>("page"), Ok(7));
    assert_eq!(params.get::<&str>("lang"), Ok("en"));
    assert_eq!((params.len(), params.is_empty()), (7, false));
    let unfit = params.get::<u8>("n").unwrap_err();
    assert!(
        unfit.to_string().ends_with(r#" is "300", which is no u8"#),
        "{unfit}"
    );
    assert!(matches!(
        params.get::<u8>("x"),
        Err(ParamError::Missing { .. })
    ));
}

/// `a+b` as a list; refuses the empty ones.
struct List;

#[derive(Clone, Debug, PartialEq)]
struct Items(Vec<String>);

impl fmt::Display for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("+"))
    }
}

impl Converter for List {
    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
        let items: Vec<_> = text.split('+').map(str::to_owned).collect();
        let whole = items.iter().all(|item| !item.is_empty());
        whole.then(|| Value::other(Items(items)))
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
        let items: &Items = value.downcast_ref().ok_or(fmt::Error)?;
        write!(out, "{items}")
    }
}

/// Two digits behind a sign, before all else.
struct Code;

impl Converter for Code {
    fn shape(&self) -> Shape {
        Shape::Text { min: 3, max: 3 }
    }

    fn weight(&self) -> i32 {
        10
    }

    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
        text.starts_with('~').then(|| text[1..].into())
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
        write!(out, "~{value}")
    }
}

#[test]
fn converters_of_ones_own_stand_beside_the_others() {
    let map = Map::builder()
        .converter("list", |_| Ok(List))
        .converter("code", |_| Ok(Code))
        .rules(rules(&[
            "/<code:x>",
            "/<int:x>",
            "/<list:x>",
            "/<x>",
            "/l/<list:x>-<code:y>",
        ]))
        .rules(Rule::new("/first/<list:x>", "list").default("page", 1))
        .build()
        .unwrap();
    let urls = map.bind("a.test");
    check(&urls, "/~42", "/<code:x> x=42");
    check(&urls, "/142", "/<int:x> x=142");
    check(&urls, "/a+b", "/<list:x> x=a+b");
    check(&urls, "/a++b", "/<x> x=a++b");
    check(&urls, "/l/a+b-~12", "/l/<list:x>-<code:y> x=a+b y=12");
    let found = urls.match_path("/a+b").unwrap();
    let value = found.params().get::<Value<'_>>("x").unwrap();
    let items = Items(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(value.downcast_ref::<Items>(), Some(&items));
    assert_eq!(value, Value::other(items.clone()));
    let url = urls
        .build("/<list:x>")
        .value("x", Value::other(items))
        .url();
    assert_eq!(url.unwrap(), "/a+b");
    assert!(urls.build("/<list:x>").value("x", "a").url().is_err());
}

#[test]
fn the_converter_of_variables_that_name_none_can_be_another() {
    let map = Map::builder()
        .converter("default", |_| Ok(Code))
        .rules(rules(&["/<x>", "/<string:x>"]))
        .build()
        .unwrap();
    let urls = map.bind("a.test");
    check(&urls, "/~42", "/<x> x=42");
    check(&urls, "/abc", "/<string:x> x=abc");
}
