//! An app without dependencies, whose pages can be anything and whose builds are short.

use std::fs;

use crate::harness::{Devserve, Project};

const MANIFEST: &str =
    "[package]\nname = \"stand\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Stand</title>
<link rel="stylesheet" href="/static/site.css">
<style>@import url("/static/more.css");</style>
<h1>Stand</h1>
<p><img src="/static/a.svg" srcset="/static/a.svg 1x, /static/a.svg 2x" alt="a"></p>
<form>
<input type="hidden" name="token" value="1">
<input name="name" value="">
<input name="city" value="Rome">
<textarea name="text"></textarea>
<input name="yes" type="checkbox">
<input name="size" type="radio" value="s"><input name="size" type="radio" value="m">
<select name="color"><option>red<option>blue</select>
</form>
<div id="box"><p>inside</p></div>
<p id="end">The end</p>
"#;

const STYLE: &str = "body { font: 16px sans-serif }\n#box { height: 80px; overflow: auto }\n\
    #box p { height: 900px; background: url(\"b.svg\") }\n#end { margin-top: 3000px; color: red }\n";

/// The app as a package of its own.
pub(crate) struct Stand {
    pub(crate) project: Project,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let project = Project::new(&[
            ("Cargo.toml", MANIFEST),
            ("src/main.rs", include_str!("stand.rs.txt")),
            ("templates/page.html", PAGE),
            ("static/site.css", STYLE),
            ("static/more.css", "h1 { color: red }\n"),
            ("static/a.svg", &picture(20)),
            ("static/b.svg", &picture(10)),
        ]);
        Self { project }
    }

    pub(crate) fn serve(&self, args: &[&str]) -> Devserve {
        Devserve::start(&self.project, args)
    }

    /// Replaces `old`, which is there.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.project.path(path)).unwrap();
        assert!(text.contains(old), "no {old:?} in {path}");
        self.project.write(path, &text.replace(old, new));
    }
}

/// A square as wide as that, as SVG.
pub(crate) fn picture(width: u32) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{width}\">\
         <rect width=\"100%\" height=\"100%\"/></svg>"
    )
}
