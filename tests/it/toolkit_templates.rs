//! Templates from a folder.

use std::fs;
use std::path::PathBuf;

use devserve::router::Router;
use devserve::session::Session;
use devserve::templates::{Serde, TemplateError, Templates, context};
use devserve::testing::Client;
use devserve::{Request, Response, Result};
use serde::Serialize;

#[derive(Serialize)]
struct Entry {
    name: &'static str,
}

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("devserve-{name}-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    for (file, text) in files {
        fs::write(path.join(file), text).unwrap();
    }
    path
}

#[test]
fn values_are_escaped_in_html_and_templates_build_on_one_another() {
    let path = folder(
        "templates",
        &[
            ("base.html", "<h1>{% block title %}{% endblock %}</h1>"),
            (
                "list.html",
                "{% extends 'base.html' %}{% block title %}{% for e in entries %}{{ e.name }},{% endfor %}{% endblock %}",
            ),
            ("note.txt", "{{ text }}"),
        ],
    );
    let templates = Templates::new(&path);
    let entries = [Entry { name: "<tea>" }, Entry { name: "cake" }];
    let page = templates
        .render("list.html", context! { entries => Serde(&entries) })
        .unwrap();
    assert_eq!(page, "<h1>&lt;tea&gt;,cake,</h1>");
    assert_eq!(
        templates
            .render("note.txt", context! { text => "<tea>" })
            .unwrap(),
        "<tea>"
    );
    fs::write(
        path.join("base.html"),
        "<h2>{% block title %}{% endblock %}</h2>",
    )
    .unwrap();
    let page = templates
        .render("list.html", context! { entries => Serde(&entries) })
        .unwrap();
    assert_eq!(page, "<h2>&lt;tea&gt;,cake,</h2>", "an edit shows at once");
    fs::remove_dir_all(path).unwrap();
}

#[cfg(debug_assertions)]
#[test]
fn the_next_page_shows_every_edit_without_a_build() {
    let path = folder(
        "edited-templates",
        &[
            ("base.html", "base 1 {% block main %}{% endblock %}"),
            (
                "page.html",
                "{% extends 'base.html' %}{% from 'macros.html' import sign %}\
                 {% block main %}page 1 {% include 'part.html' %} {{ sign() }}\
                 {% include 'late.html' ignore missing %}{% endblock %}",
            ),
            ("part.html", "part 1"),
            ("macros.html", "{% macro sign() %}sign 1{% endmacro %}"),
        ],
    );
    let templates = Templates::new(&path);
    let app = devserve::app(move |_: &Request| -> Result<Response> {
        Ok(Response::html(templates.render("page.html", context! {})?))
    });
    let client = Client::new(app);
    let page = || client.get("/").send().unwrap().text().into_owned();
    assert_eq!(page(), "base 1 page 1 part 1 sign 1");
    let mut want = page();
    for name in ["base", "page", "part", "macros"] {
        let file = path.join(format!("{name}.html"));
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace(" 1", " 2")).unwrap();
        let word = if name == "macros" { "sign" } else { name };
        want = want.replace(&format!("{word} 1"), &format!("{word} 2"));
        assert_eq!(page(), want, "{name}.html");
    }
    fs::write(path.join("late.html"), " late").unwrap();
    assert_eq!(page(), "base 2 page 2 part 2 sign 2 late");
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn an_error_names_file_and_line() {
    let path = folder("broken-templates", &[("broken.html", "<p>\n{% for x %}\n")]);
    let templates = Templates::new(&path);
    let error = templates.render("broken.html", context! {}).unwrap_err();
    assert!(error.to_string().contains("broken.html:2"), "{error}");
    assert!(error.at().file().ends_with("toolkit_templates.rs"));
    let error = templates.render("missing.html", context! {}).unwrap_err();
    assert!(error.to_string().contains("missing.html"), "{error}");
    fs::remove_dir_all(path).unwrap();
}

/// Renders one template for a request, between the app around it and the test client.
#[track_caller]
fn check(template: &str, target: &str, want: &str) {
    let place = format!("globals-{:x}", hash(template));
    let path = folder(&place, &[("page.html", template)]);
    let templates = Templates::new(&path);
    let app = move |request: &Request<'_>| -> Result<Response> {
        let session = request.session();
        session.insert("cart", ["tea", "cake"])?;
        session.flash("info", "kept");
        session.flash("error", "<lost>");
        let values = context! { title => "mine" };
        Ok(Response::html(templates.render_for(
            request,
            "page.html",
            values,
        )?))
    };
    let client = Client::new(app)
        .defaults(|request| request.extension(Session::new()))
        .defaults(|request| request.header("user-agent", "tests").cookie("k", "v"));
    assert_eq!(
        client.get(target).send().unwrap().text(),
        want,
        "{template}"
    );
    fs::remove_dir_all(path).unwrap();
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn a_page_knows_its_request() {
    check(
        "{{ request.method }} {{ request.path|safe }}",
        "/a%20b",
        "GET /a b",
    );
    check("{{ request.args.q }}", "/?q=%3Cb%3E&q=c", "&lt;b&gt;");
    check("{{ request.headers['User-Agent'] }}", "/", "tests");
    check("{{ request.cookies.k }}{{ request.nothing }}", "/", "v");
    check(
        "{{ request.url }}",
        "/x?y",
        "http:&#x2f;&#x2f;localhost&#x2f;x?y",
    );
    check(
        "{{ request.host }} {{ request.remote_addr }}",
        "/",
        "localhost 127.0.0.1",
    );
    check("{{ title }} {{ request is defined }}", "/", "mine True");
}

#[test]
fn a_page_knows_its_session_and_its_messages() {
    check("{{ session.cart[1] }}{{ session.none }}", "/", "cake");
    let page = "{% for text in get_flashed_messages() %}{{ text }};{% endfor %}{{ get_flashed_messages() | length }}";
    check(page, "/", "kept;&lt;lost&gt;;2");
    let page = "{% for kind, text in get_flashed_messages(with_categories=true, category_filter=['info']) %}{{ kind }}: {{ text }}{% endfor %}";
    check(page, "/", "info: kept");
}

#[test]
fn a_page_links_by_endpoint() {
    let path = folder(
        "links",
        &[
            (
                "macros.html",
                "{% macro link(id) %}{{ url_for('user', id=id, tab='a b')|safe }}{% endmacro %}",
            ),
            (
                "page.html",
                "{% from 'macros.html' import link %}{{ url_for('user', id=7, tab='a b')|safe }} {{ link(8) }}",
            ),
        ],
    );
    let alone = Templates::new(&path).render("page.html", context! {});
    let error = alone.unwrap_err().to_string();
    assert!(error.contains("render the page with render_for"), "{error}");
    let templates = Templates::new(&path);
    let render =
        move |request: &Request<'_>| templates.render_for(request, "page.html", context! {});
    let unrouted = Templates::new(&path);
    let router = Router::new()
        .get("/", render)
        .get("/user/<int:id>", user)
        .build()
        .unwrap();
    let client = Client::new(router);
    assert_eq!(
        client.get("/").send().unwrap().text(),
        "/user/7?tab=a+b /user/8?tab=a+b"
    );
    let unrouted = Client::new(move |request: &Request<'_>| {
        unrouted.render_for(request, "page.html", context! {})
    });
    let error = unrouted.get("/").send().unwrap_err().to_string();
    assert!(error.contains("no router called this view"), "{error}");
    fs::remove_dir_all(path).unwrap();
}

fn user(_: &Request<'_>, id: u64) -> String {
    id.to_string()
}

#[test]
fn filters_people_expect_are_there() {
    check("{{ [1, 'a']|tojson }}", "/", "[1, \"a\"]");
    check("{{ 'a b/é'|urlencode|safe }}", "/", "a%20b/%C3%A9");
    check("{{ ['b', 'a']|sort|join(', ')|upper }}", "/", "A, B");
    check("{{ none|default('-', true) }}{{ '  x '|trim }}", "/", "-x");
}

#[test]
fn an_error_knows_every_template_on_the_way() {
    let path = folder(
        "frames",
        &[
            ("page.html", "<h1>\n{% include 'cart.html' %}\n"),
            ("cart.html", "<ul>\n<li>\n  {{ 1 + [] }}\n</ul>"),
        ],
    );
    let error = Templates::new(&path)
        .render("page.html", context! {})
        .unwrap_err();
    let found: &TemplateError = error.downcast_ref().unwrap();
    let frames: Vec<_> = found
        .frames()
        .iter()
        .map(|frame| (frame.name.as_str(), frame.line))
        .collect();
    assert_eq!(frames, [("cart.html", 3), ("page.html", 2)]);
    assert_eq!(found.frames()[0].column, Some(6));
    assert!(found.frames()[0].source.as_ref().unwrap().contains("<ul>"));
    let said = error.to_string();
    assert!(said.contains("cart.html:3: invalid operation: "), "{said}");
    fs::remove_dir_all(path).unwrap();
}

#[cfg(feature = "debugger")]
#[test]
fn the_debugger_opens_at_the_templates_line() {
    use devserve::debugger::Debugger;
    use scraper::{Html, Selector};

    let path = folder(
        "debugged",
        &[
            ("page.html", "<h1>\n{% include 'cart.html' %}\n"),
            ("cart.html", "<ul>\n<li>it's {{ price.sum() }}\n</ul>"),
        ],
    );
    let templates = Templates::new(&path);
    let app = move |request: &Request<'_>| templates.render_for(request, "page.html", context! {});
    let client = Client::new(Debugger::new(app));
    let text = client.get("/").send().unwrap();
    assert_eq!(text.status(), 500);
    assert!(text.text().contains("cart.html:2"), "{}", text.text());
    let page = client
        .get("/")
        .header("accept", "text/html")
        .send()
        .unwrap();
    let page = Html::parse_document(&page.text());
    let said = |selector: &str| -> Vec<String> {
        let found = Selector::parse(selector).unwrap();
        let found = page.select(&found);
        found
            .map(|element| element.text().collect::<String>().trim().to_owned())
            .collect()
    };
    assert!(said("h1")[0].contains("cart.html:2: "), "{:?}", said("h1"));
    assert!(said("p.place code")[0].contains("cart.html:2:"));
    let heads = said("ol.stack > li summary .fn");
    assert_eq!(heads[..2], ["template cart.html", "template page.html"]);
    assert_eq!(
        said("details.frame[open] .l.now"),
        ["<li>it's {{ price.sum() }}"]
    );
    fs::remove_dir_all(path).unwrap();
}
