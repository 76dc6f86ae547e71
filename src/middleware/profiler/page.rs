//! The tables as a page. It has no script, and its style is known by its digest, so that nothing
//! else that might get into it is obeyed.

use std::fmt;
use std::time::Duration;

use crate::middleware::profiler::report::{Report, ms};
use crate::response::Response;
use crate::text::html;

const STYLE: &str = concat!(
    include_str!("../../../templates/palette.css"),
    "\n",
    include_str!("../../../templates/profile.css")
);

/// SHA-256 of [`STYLE`], as a policy names it; a test compares the two.
const STYLE_DIGEST: &str = "sha256-5mVHDpQP9AQUzW83tI3mAB0Fbp/HtobIIHxyvmhfb+g=";

/// The columns after the name.
const TIMES: [&str; 5] = ["total", "mean", "p50", "p95", "max"];

/// The page, with what it may load: nothing.
pub(super) fn page(report: &Report) -> Response {
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_DIGEST}'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    Response::html(body(report)).header("content-security-policy", &policy)
}

fn body(report: &Report) -> String {
    let count: u64 = report.rows.iter().map(|row| row.count).sum();
    let took: Duration = report.rows.iter().map(|row| row.total).sum();
    let title = match count {
        0 => "No request yet".to_owned(),
        1 => format!("1 request took {:.1} ms", ms(took)),
        _ => format!("{count} requests took {:.1} ms", ms(took)),
    };
    let tables = match count {
        0 => String::new(),
        _ => rows(report) + &slowest(report),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <p class=\"kicker\"><strong>Profile</strong></p>\n<h1>{title}</h1>\n{tables}</main>\n\
         <footer><p>devserve {} · for development only · a <code>DELETE</code> of this page \
         begins anew</p></footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn rows(report: &Report) -> String {
    let mut table = "<h2>By name <small>times in ms</small></h2>\n<table>\n<thead><tr>\
                     <th scope=\"col\">request</th><th scope=\"col\">count</th>\
                     <th scope=\"col\">failed</th>"
        .to_owned();
    for name in TIMES {
        table += &format!("<th scope=\"col\">{name}</th>");
    }
    table += "</tr></thead>\n<tbody>\n";
    for row in &report.rows {
        table += &named(&row.name);
        table += &cell("count", row.count, false);
        table += &cell("failed", row.failed, row.failed > 0);
        for (name, time) in TIMES.iter().zip(row.times()) {
            table += &cell(name, format_args!("{:.1}", ms(time)), false);
        }
        table += "</tr>\n";
    }
    table + "</tbody>\n</table>\n"
}

fn slowest(report: &Report) -> String {
    let mut table = "<h2>Slowest <small>times in ms</small></h2>\n<table>\n<thead><tr>\
                     <th scope=\"col\">request</th><th scope=\"col\">status</th>\
                     <th scope=\"col\">time</th></tr></thead>\n<tbody>\n"
        .to_owned();
    for slow in &report.slowest {
        let is_bad = slow.status.is_none_or(|status| status >= 500);
        table += &named(&slow.request);
        table += &cell("status", slow.status_text(), is_bad);
        table += &cell("time", format_args!("{:.1}", ms(slow.took)), false);
        table += "</tr>\n";
    }
    table + "</tbody>\n</table>\n"
}

/// A row up to its first cell.
fn named(name: &str) -> String {
    format!("<tr><th scope=\"row\">{}</th>", html::escape(name))
}

/// A value, which bears its column's name where the table is too wide for the screen.
fn cell(name: &str, value: impl fmt::Display, is_bad: bool) -> String {
    let class = if is_bad { " class=\"bad\"" } else { "" };
    format!("<td data-name=\"{name}\"{class}>{value}</td>")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use scraper::{Html, Selector};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::middleware::profiler::report::tests::report;

    fn texts(page: &Html, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let found = page.select(&selector);
        found.map(|element| element.text().collect()).collect()
    }

    #[test]
    fn the_policy_knows_the_style() {
        let style = format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(STYLE)));
        assert_eq!(STYLE_DIGEST, style, "the style was changed");
    }

    #[test]
    fn names_are_shown_as_text_and_each_value_below_its_column() {
        let page = Html::parse_document(&body(&report()));
        assert!(page.errors.is_empty(), "{:?}", page.errors);
        assert_eq!(texts(&page, "h1"), ["2 requests took 3.0 ms"]);
        assert_eq!(texts(&page, "title"), texts(&page, "h1"));
        assert_eq!(texts(&page, "tbody th"), ["GET /<b>\"\\", "GET /a?<i>"]);
        let cells = texts(&page, "table:first-of-type tbody td");
        assert_eq!(cells, ["2", "1", "3.0", "1.5", "1.5", "1.5", "1.5"]);
        assert_eq!(texts(&page, ".bad"), ["1", "failed"]);
        assert_eq!(texts(&page, "style"), [STYLE]);
        let cells = Selector::parse("td").unwrap();
        let names: Vec<_> = page
            .select(&cells)
            .filter_map(|cell| cell.attr("data-name"))
            .collect();
        let mut columns = texts(&page, "thead th");
        columns.retain(|name| name != "request");
        assert_eq!(names, columns);
    }

    #[test]
    fn without_requests_there_is_no_table() {
        let page = Html::parse_document(&body(&Report::default()));
        assert_eq!(texts(&page, "h1"), ["No request yet"]);
        assert!(texts(&page, "table").is_empty());
    }
}
