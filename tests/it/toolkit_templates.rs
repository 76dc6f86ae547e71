//! Templates from a folder.

use std::fs;
use std::path::PathBuf;

use devserve::templates::{Serde, Templates, context};
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
