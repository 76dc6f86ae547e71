use super::*;

use crate::routing::{EndpointPrefix, RuleTemplate, Subdomain, Submount};

#[test]
fn factories_nest() {
    let map = Map::builder()
        .rules(Rule::new("/", "index"))
        .rules(Subdomain::new(
            "<user>",
            Submount::new(
                "/blog/",
                EndpointPrefix::new(
                    "blog.",
                    [
                        Rule::new("/", "index"),
                        Rule::new("/live", "live").websocket(),
                        Rule::new("/<slug>//x", "x").merge_slashes(false),
                    ],
                ),
            ),
        ))
        .build()
        .unwrap();
    let urls = map.bind("example.test").with_subdomain("ann");
    check(&urls, "/blog/", "blog.index user=ann");
    // Werkzeug forgets these two where factories copy rules.
    check(&urls, "/blog/live", "400");
    check(&urls, "/blog/a//x", "blog.x user=ann slug=a");
    check(&map.bind("example.test"), "/", "index");
}

#[test]
fn templates_are_filled_wherever_there_is_text() {
    let template = RuleTemplate::new([
        Rule::new("/$name/${id}s/$$", "$name.list")
            .subdomain("$name")
            .default("kind", "a $name"),
        Rule::new("/x", "$name.x").redirect_to("/$name"),
    ]);
    let rules = template
        .expand([("name", "user"), ("id", "thing")])
        .unwrap();
    let map = map(rules);
    let urls = map.bind("a.test").with_subdomain("user");
    check(&urls, "/user/things/$", "user.list kind=a user");
    check(&map.bind("a.test"), "/x", "308 http://a.test/user");
    let error = template.expand([("name", "user")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"rule "/$name/${id}s/$$" at character 8: $id is not filled; give its value, or write "$$" for a dollar sign"#
    );
}
