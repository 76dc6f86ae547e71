use std::rc::Rc;

use devserve::http::Method;
use devserve::routing::{Map, Rule};

use crate::python::Python;
use crate::rounds::Case;

/// The rules of matchit's own benchmark, and what it looks up in them: the API of GitHub.
const GITHUB: &str = include_str!("routing/github.txt");
const GITHUB_PATHS: [&str; 4] = [
    "/user/repos",
    "/repos/rust-lang/rust/stargazers",
    "/orgs/rust-lang/public_members/nikomatsakis",
    "/repos/rust-lang/rust/releases/1.51.0",
];

const SIZES: [(usize, [&str; 5]); 4] = [
    (
        10,
        [
            "10 rules, static",
            "10 rules, a number",
            "10 rules, two segments",
            "10 rules, a miss",
            "10 rules, built",
        ],
    ),
    (
        100,
        [
            "100 rules, static",
            "100 rules, a number",
            "100 rules, two segments",
            "100 rules, a miss",
            "100 rules, built",
        ],
    ),
    (
        1_000,
        [
            "1,000 rules, static",
            "1,000 rules, a number",
            "1,000 rules, two segments",
            "1,000 rules, a miss",
            "1,000 rules, built",
        ],
    ),
    (
        10_000,
        [
            "10,000 rules, static",
            "10,000 rules, a number",
            "10,000 rules, two segments",
            "10,000 rules, a miss",
            "10,000 rules, built",
        ],
    ),
];

/// How many different paths are asked for in turn.
const PATHS: usize = 64;

pub fn cases(python: &Python) -> Vec<Case> {
    let github: Vec<_> = GITHUB.lines().map(braces_to_angles).collect();
    let mut cases = vec![matching(
        "matchit's own rules and paths",
        github,
        GITHUB_PATHS.map(str::to_owned).to_vec(),
        python,
    )];
    for (size, [plain, number, segments, miss, built]) in SIZES {
        let rules = rules(size);
        for (name, path) in [
            (plain, "/area#/items"),
            (number, "/area#/items/4711"),
            (segments, "/area#/things/name/edit"),
            (miss, "/area#/items/4711/none"),
        ] {
            let paths = spread(size).map(|area| path.replace('#', &area.to_string()));
            cases.push(matching(name, rules.clone(), paths.collect(), python));
        }
        cases.push(building(built, rules, size, python));
    }
    cases
}

/// So many rules, of five kinds.
fn rules(size: usize) -> Vec<String> {
    let kinds = [
        "/area#/items",
        "/area#/items/<int:id>",
        "/area#/things/<name>/edit",
        "/area#/files/<path:file>",
        "/area#",
    ];
    let rules = (0..size / kinds.len()).flat_map(|area| {
        let area = area.to_string();
        kinds.map(|kind| kind.replace('#', &area))
    });
    rules.collect()
}

/// Areas from all over the rules.
fn spread(size: usize) -> impl Iterator<Item = usize> {
    (0..PATHS).map(move |place| place * 7919 % (size / 5))
}

/// One path in each turn.
fn matching(name: &'static str, rules: Vec<String>, paths: Vec<String>, python: &Python) -> Case {
    let body = format!("{}\n\n{}", rules.join("\n"), paths.join("\n"));
    let map = map(&rules);
    let mut peer = matchit::Router::new();
    for rule in &rules {
        peer.insert(angles_to_braces(rule), true)
            .expect("matchit takes these rules");
    }
    let paths: Rc<[String]> = paths.into();
    let (mut own, mut its) = (turns(&paths), turns(&paths));
    let urls = map.bind("example.test");
    for path in paths.iter() {
        assert_eq!(
            urls.match_path(path).is_ok(),
            peer.at(path).is_ok(),
            "{path}"
        );
    }
    Case::new(name)
        .with("devserve", move || {
            let found = urls.match_with(own(), &Method::GET);
            found.is_ok_and(|found| !found.endpoint().is_empty())
        })
        .with("matchit", move || {
            peer.at(its()).is_ok_and(|found| *found.value)
        })
        .timed("Werkzeug", python.turns("match", body.as_bytes()))
}

/// One URL with a number in each turn.
fn building(name: &'static str, rules: Vec<String>, size: usize, python: &Python) -> Case {
    let endpoints: Vec<_> = spread(size)
        .map(|area| format!("/area{area}/items/<int:id>"))
        .collect();
    let lines = endpoints.iter().map(|endpoint| format!("{endpoint}\t4711"));
    let lines: Vec<_> = lines.collect();
    let body = format!("{}\n\n{}", rules.join("\n"), lines.join("\n"));
    let urls = map(&rules).bind("example.test");
    let mut endpoint = turns(&endpoints.into());
    Case::new(name)
        .with("devserve", move || {
            urls.build(endpoint()).value("id", 4711).url()
        })
        .timed("Werkzeug", python.turns("build", body.as_bytes()))
}

/// A map for as long as the program runs.
fn map(rules: &[String]) -> &'static Map {
    let rules = rules.iter().map(|rule| Rule::new(rule, rule));
    let map = Map::new(rules).unwrap_or_else(|error| panic!("{error}"));
    Box::leak(Box::new(map))
}

/// One after the other, and again.
fn turns(texts: &Rc<[String]>) -> impl FnMut() -> &'static str + use<> {
    let texts: &'static [String] = Box::leak(texts.to_vec().into_boxed_slice());
    let mut next = 0;
    move || {
        next = (next + 1) % texts.len();
        &texts[next]
    }
}

fn braces_to_angles(rule: &str) -> String {
    rule.replace('{', "<").replace('}', ">")
}

/// `<int:id>` as `{id}`, `<path:file>` as `{*file}`.
fn angles_to_braces(rule: &str) -> String {
    let rule = rule.replace("<int:", "<").replace("<path:", "<*");
    rule.replace('<', "{").replace('>', "}")
}
