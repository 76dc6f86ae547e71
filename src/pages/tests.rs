//! Every page as HTML, held to what all of them promise.

use std::collections::HashSet;
use std::time::{Duration, UNIX_EPOCH};

use scraper::{Html, Selector};

use crate::pages::{
    AnswerLost, AppDied, BuildFailed, Count, Diagnostic, Editor, Entry, Excerpt, Expansion,
    Failure, Frame, Kind, Level, Listing, Note, Order, Overdue, Owner, Page, Panic, Place, Request,
    Span, SpanLine, Spot, State, Waiting, server_error,
};

const NONCE: &str = "0123456789abcdef";

fn place(file: &str, line: u32, column: u32) -> Place {
    Place {
        file: file.to_owned(),
        line,
        column: Some(column),
    }
}

fn frame(function: &str, owner: Owner, place: Place) -> Frame {
    Frame {
        function: function.to_owned(),
        place: Some(place),
        owner,
        excerpt: None,
    }
}

fn excerpt(source: &str, first_line: u32, current: u32) -> Excerpt {
    let lines = source.lines().map(str::to_owned).collect();
    Excerpt {
        first_line,
        lines,
        current,
        opening: State::Code,
    }
}

const CART: &str = r#"
impl Cart {
    /// What one line of the cart costs, in cents.
    pub fn line_total(&self, index: usize) -> u64 {
        let label = "line";
        log::debug!("{label} {index} of {}", self.lines.len());
        let line = &self.lines[index];
        // Prices are whole cents, so nothing is rounded.
        u64::from(line.quantity) * line.price + 0x10
    }

    pub fn total(&self) -> u64 {
        (0..=self.lines.len()).map(|index| self.line_total(index)).sum()"#;

fn failure() -> Failure {
    let std = |function: &str| {
        frame(
            function,
            Owner::Std,
            place("core/src/ops/function.rs", 250, 5),
        )
    };
    let cart = |function: &str, line, column| {
        let mut frame = frame(function, Owner::User, place("src/cart.rs", line, column));
        frame.excerpt = Some(excerpt(CART, 36, line));
        frame
    };
    Failure {
        kind: Kind::Panic,
        message: "index out of bounds: the len is 3 but the index is 3".to_owned(),
        chain: Vec::new(),
        place: Some(place("src/cart.rs", 42, 21)),
        thread: Some("devserve-3".to_owned()),
        elapsed: Duration::from_millis(3),
        frames: vec![
            std("<usize as core::slice::index::SliceIndex<[T]>>::index"),
            cart("shop::cart::Cart::line_total", 42, 21),
            cart("closure in shop::cart::Cart::total", 48, 44),
            std("core::iter::adapters::map::map_fold::{closure}"),
            std("<core::ops::range::RangeInclusive<usize> as Iterator>::fold"),
            cart("shop::cart::Cart::total", 48, 9),
            cart("shop::checkout", 40, 13),
            frame(
                "devserve::view::View<F>::call",
                Owner::Runtime,
                place("src/view.rs", 61, 9),
            ),
            std("std::thread::Builder::spawn_unchecked"),
        ],
        request: Some(Request {
            method: "GET".to_owned(),
            target: "/cart/checkout?coupon=<b>&who=you".to_owned(),
            version: "HTTP/1.1".to_owned(),
            peer: Some("127.0.0.1:54012".to_owned()),
            headers: vec![
                ("host".to_owned(), "localhost:8000".to_owned()),
                ("user-agent".to_owned(), "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36".to_owned()),
                ("cookie".to_owned(), "••••••".to_owned()),
                ("accept".to_owned(), "text/html,application/xhtml+xml".to_owned()),
            ],
        }),
        environ: vec![
            ("REQUEST_METHOD".to_owned(), "GET".to_owned()),
            ("PATH_INFO".to_owned(), "/cart/checkout".to_owned()),
            ("QUERY_STRING".to_owned(), "coupon=<b>&who=you".to_owned()),
            ("HTTP_COOKIE".to_owned(), "••••••".to_owned()),
        ],
        notes: Vec::new(),
    }
}

fn error() -> Failure {
    Failure {
        kind: Kind::Error,
        message: "the cart of <script>alert(1)</script> could not be read\nfile: carts/17.json"
            .to_owned(),
        chain: vec![
            "expected `,` or `}` at line 3 column 9".to_owned(),
            "unexpected end of file".to_owned(),
        ],
        notes: vec![
            "src/cart.rs was changed after this program was built: its lines may have moved"
                .to_owned(),
        ],
        ..failure()
    }
}

fn span(
    file: &str,
    line: usize,
    columns: (usize, usize),
    primary: bool,
    label: &str,
    text: &str,
) -> Span {
    Span {
        file: file.to_owned(),
        line_start: line,
        line_end: line,
        column_start: columns.0,
        column_end: columns.1,
        is_primary: primary,
        label: (!label.is_empty()).then(|| label.to_owned()),
        text: vec![SpanLine {
            text: text.to_owned(),
            highlight_start: columns.0,
            highlight_end: columns.1,
        }],
        suggestion: None,
        expansions: Vec::new(),
    }
}

fn build_failed() -> BuildFailed {
    let quantity = "    let quantity: u32 = form.get(\"quantity\");";
    let mut import = span("src/main.rs", 1, (1, 1), true, "", "");
    import.text.clear(); // as the compiler tells of it
    import.suggestion = Some("use std::collections::HashMap;\n\n".to_owned());
    let mut unwrap = span("src/cart.rs", 27, (45, 45), true, "", quantity);
    unwrap.suggestion = Some(".expect(\"REASON\")".to_owned());
    BuildFailed {
        package: "shop".to_owned(),
        target: "shop".to_owned(),
        diagnostics: vec![
            Diagnostic {
                level: Level::Warning,
                message: "unused variable: `cart`".to_owned(),
                code: Some("unused_variables".to_owned()),
                spans: vec![span(
                    "src/main.rs",
                    9,
                    (9, 13),
                    true,
                    "",
                    "    let cart = Cart::new();",
                )],
                children: vec![Note {
                    level: Level::Note,
                    message:
                        "`#[warn(unused_variables)]` (part of `#[warn(unused)]`) on by default"
                            .to_owned(),
                    spans: Vec::new(),
                }],
                rendered: "warning: unused variable: `cart`\n --> src/main.rs:9:9\n".to_owned(),
            },
            Diagnostic {
                level: Level::Error,
                message: "mismatched types".to_owned(),
                code: Some("E0308".to_owned()),
                spans: vec![
                    span(
                        "src/cart.rs",
                        27,
                        (25, 45),
                        true,
                        "expected `u32`, found `Option<&str>`",
                        quantity,
                    ),
                    span(
                        "src/cart.rs",
                        27,
                        (19, 22),
                        false,
                        "expected due to this",
                        quantity,
                    ),
                ],
                children: vec![
                    Note {
                        level: Level::Note,
                        message: "expected type `u32`\n   found enum `Option<&str>`".to_owned(),
                        spans: Vec::new(),
                    },
                    Note {
                        level: Level::Help,
                        message: "consider using `Option::expect` to unwrap the value".to_owned(),
                        spans: vec![unwrap],
                    },
                ],
                rendered: "error[E0308]: mismatched types\n --> src/cart.rs:27:25\n".to_owned(),
            },
            Diagnostic {
                level: Level::Error,
                message: "cannot find type `HashMap` in this scope".to_owned(),
                code: Some("E0412".to_owned()),
                spans: vec![span(
                    "src/main.rs",
                    14,
                    (12, 19),
                    true,
                    "not found in this scope",
                    "    carts: HashMap<String, Cart>,",
                )],
                children: vec![Note {
                    level: Level::Help,
                    message: "consider importing this struct".to_owned(),
                    spans: vec![import],
                }],
                rendered: "error[E0412]: cannot find type `HashMap` in this scope\n".to_owned(),
            },
            expanded(),
            Diagnostic {
                level: Level::Error,
                message: "aborting due to 2 previous errors; 1 warning emitted".to_owned(),
                code: None,
                spans: Vec::new(),
                children: Vec::new(),
                rendered: "error: aborting due to 2 previous errors; 1 warning emitted\n"
                    .to_owned(),
            },
        ],
        output: String::new(),
        elapsed: Duration::from_millis(2_140),
    }
}

/// An error in a macro that a macro calls, about an expression of three lines.
fn expanded() -> Diagnostic {
    let spot = |line, column| Spot {
        file: "src/macros.rs".to_owned(),
        line,
        column,
    };
    let step = |name: &str, line, text: &str| Expansion {
        name: name.to_owned(),
        place: spot(line, 9),
        text: Some(text.to_owned()),
        definition: Some(spot(line - 1, 1)),
    };
    let lines = [
        "    let total = price!(",
        "        cart.first(), // the cheapest",
        "    );",
    ];
    let line = |text: &&str| SpanLine {
        text: (*text).to_owned(),
        highlight_start: 5,
        highlight_end: text.chars().count() + 1,
    };
    let mut whole = span(
        "src/main.rs",
        31,
        (17, 6),
        true,
        "no implementation for `u64 + &str`",
        "",
    );
    whole.line_end = 33;
    whole.text = lines.iter().map(line).collect();
    whole.expansions = vec![
        step("add!", 12, "        $price + \"0\""),
        step("price!", 20, "        add!($line)"),
    ];
    Diagnostic {
        level: Level::Error,
        message: "cannot add `&str` to `u64`".to_owned(),
        code: Some("E0277".to_owned()),
        spans: vec![whole],
        children: Vec::new(),
        rendered: "error[E0277]: cannot add `&str` to `u64`\n --> src/main.rs:31:17\n".to_owned(),
    }
}

fn link_failed() -> BuildFailed {
    BuildFailed {
        diagnostics: Vec::new(),
        output: "\u{1b}[1merror\u{1b}[0m: failed to run custom build command for `shop v0.1.0`\n\nCaused by:\n  process didn't exit successfully".to_owned(),
        ..build_failed()
    }
}

fn app_died() -> AppDied {
    let source = "fn main() {\n    let folder = Path::new(\"/var/shop\");\n    let carts = \
                  Carts::open(folder).unwrap();\n    devserve::run(shop(carts))\n}\n";
    AppDied {
        target: "shop".to_owned(),
        how: "exit code 101".to_owned(),
        meaning: Some("The code of a Rust program that panicked.".to_owned()),
        panic: Some(Panic {
            message: "called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound }"
                .to_owned(),
            thread: "main".to_owned(),
            place: place("src/main.rs", 3, 41),
            excerpt: Excerpt::of(source, 3, State::Code),
        }),
        stderr: vec![
            "reading carts from /var/shop".to_owned(),
            "thread 'main' panicked at src/main.rs:3:41:".to_owned(),
            "\u{1b}[31mcalled `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound }\u{1b}[0m".to_owned(),
        ],
        when_ready: false,
    }
}

fn app_killed() -> AppDied {
    AppDied {
        target: "shop".to_owned(),
        how: "signal SIGKILL".to_owned(),
        meaning: Some(
            "Something killed it: most often the kernel, when memory ran out.".to_owned(),
        ),
        when_ready: true,
        ..AppDied::default()
    }
}

fn lost() -> AnswerLost {
    AnswerLost {
        request: "GET /cart?<b>".to_owned(),
        generation: "7".to_owned(),
        why: "the app ended the connection without an answer".to_owned(),
        cause: Some("Connection reset by peer (os error 104)".to_owned()),
    }
}

fn waiting(may_repeat: bool) -> Waiting {
    Waiting {
        doing: "building shop".to_owned(),
        step: Some("Compiling shop v0.1.0".to_owned()),
        elapsed: Duration::from_millis(2_400),
        may_repeat,
        ..Waiting::default()
    }
}

fn waiting_with_errors() -> Waiting {
    Waiting {
        count: Some(Count {
            done: 12,
            total: 84,
        }),
        diagnostics: build_failed().diagnostics[..2].to_vec(),
        ..waiting(true)
    }
}

fn overdue() -> Waiting {
    Waiting {
        doing: "starting shop".to_owned(),
        step: None,
        overdue: Some(Overdue {
            awaited: "devserve waits for READY=1.".to_owned(),
            stderr: vec!["\u{1b}[1mwaiting\u{1b}[0m for the <database>".to_owned()],
        }),
        ..waiting(true)
    }
}

fn listing() -> Listing {
    let entry = |name: &str, href: &str, bytes: Option<u64>| Entry {
        name: name.to_owned(),
        href: href.to_owned(),
        is_folder: bytes.is_none(),
        bytes,
        modified: Some(UNIX_EPOCH + Duration::from_secs(1_792_000_000)),
    };
    Listing {
        root: "/static/".to_owned(),
        folders: vec!["docs".to_owned(), "a<b>&\"c\"".to_owned()],
        order: Order::from_query("sort=time"),
        entries: vec![
            entry("index.html", "index.html", Some(1_234)),
            entry(
                "<script>alert(1)</script>\n",
                "%3Cscript%3Ealert(1)%3C/script%3E%0A",
                Some(0),
            ),
            entry("caf\u{fffd}", "caf%E9", Some(5_000_000)),
            entry("images", "images/", None),
        ],
    }
}

/// An editor with links of its own.
fn code() -> Editor {
    Editor::Link {
        template: "vscode://file{path}:{line}:{column}".to_owned(),
        root: "/home/me/shop".to_owned(),
    }
}

/// An editor that has to be started.
fn asked() -> Editor {
    Editor::Ask {
        token: "f00d".to_owned(),
    }
}

fn pages() -> Vec<(&'static str, Page)> {
    vec![
        ("failure_panic", failure().page()),
        (
            "failure_error",
            error().page().live("/__devserve__/live.js"),
        ),
        ("build", build_failed().page()),
        ("build_link", link_failed().page()),
        ("build_link_to_editor", build_failed().page().editor(code())),
        (
            "build_asks_for_editor",
            build_failed().page().editor(asked()),
        ),
        ("died", app_died().page()),
        ("died_killed", app_killed().page()),
        ("lost", lost().page()),
        ("waiting", waiting(true).page()),
        ("waiting_errors", waiting_with_errors().page()),
        ("waiting_overdue", overdue().page()),
        ("waiting_post", waiting(false).page()),
        ("plain", server_error()),
        ("listing", listing().page()),
        (
            "listing_empty",
            Listing {
                entries: Vec::new(),
                folders: Vec::new(),
                ..listing()
            }
            .page(),
        ),
    ]
}

fn select(selector: &str) -> Selector {
    Selector::parse(selector).expect(selector)
}

#[test]
fn the_pages_look_as_they_did() {
    let css = [
        include_str!("../../templates/palette.css").trim_end(),
        include_str!("../../templates/page.css").trim_end(),
    ]
    .join("\n");
    let script = include_str!("../../templates/page.js").trim_end();
    for (name, page) in pages() {
        let html = page.to_html(NONCE).unwrap();
        // The sheet and the script are the same in all, and have reviewers of their own.
        let short = html
            .replace(&css, "/* page.css */")
            .replace(script, "/* page.js */");
        let short = short.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!(format!("{name}.html"), short);
        insta::assert_snapshot!(format!("{name}.txt"), page.text());
    }
}

#[test]
fn every_page_is_one_sound_document() {
    for (name, page) in pages() {
        let html = page.to_html(NONCE).unwrap();
        let document = Html::parse_document(&html);
        assert!(document.errors.is_empty(), "{name}: {:?}", document.errors);
        for one in [
            "h1",
            "main",
            "title",
            "html[lang]",
            "a.skip[href='#main']",
            "main#main",
        ] {
            assert_eq!(
                document.select(&select(one)).count(),
                1,
                "{name} has one {one}"
            );
        }
        let headings: Vec<u8> = document
            .select(&select("h1, h2, h3, h4"))
            .map(|heading| heading.value().name().as_bytes()[1] - b'0')
            .collect();
        assert!(
            headings.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "{name}: {headings:?}"
        );
        let ids: Vec<_> = document
            .select(&select("[id]"))
            .map(|it| it.attr("id"))
            .collect();
        assert_eq!(
            ids.iter().collect::<HashSet<_>>().len(),
            ids.len(),
            "{name}: {ids:?}"
        );
        for labelled in document.select(&select("[aria-labelledby]")) {
            assert!(ids.contains(&labelled.attr("aria-labelledby")), "{name}");
        }
        for control in document.select(&select("button, summary, a")) {
            let words: String = control.text().collect();
            assert!(
                !words.trim().is_empty(),
                "{name} has a control without a name"
            );
        }
        assert!(
            document
                .select(&select("input, select, textarea"))
                .next()
                .is_none(),
            "{name}"
        );
    }
}

#[test]
fn nothing_is_inline_but_what_bears_the_nonce() {
    for (name, page) in pages() {
        let document = Html::parse_document(&page.to_html(NONCE).unwrap());
        for element in document.select(&select("*")) {
            for (attribute, value) in element.value().attrs() {
                assert!(
                    attribute != "style" && !attribute.starts_with("on"),
                    "{name}: {attribute}"
                );
                let is_ours = value.starts_with("data:,")
                    || value.starts_with("/__devserve__/")
                    || value.starts_with('#')
                    // A link loads nothing; where it leads is on this site.
                    || element.value().name() == "a" && !value.contains("//");
                // Where a person goes by a click is no business of the page.
                let is_link = element.value().name() == "a";
                let is_known = [
                    "https://doc.rust-lang.org/error_codes/",
                    "vscode://file/home/me/",
                ];
                let is_known = is_known.iter().any(|start| value.starts_with(start));
                assert!(
                    !matches!(attribute, "src" | "href") || is_ours || is_link && is_known,
                    "{name}: {value}"
                );
            }
        }
        for element in document.select(&select("style, script")) {
            assert_eq!(element.attr("nonce"), Some(NONCE), "{name}");
        }
    }
}

#[test]
fn a_strangers_words_stay_words() {
    for page in [failure().page(), error().page()] {
        let html = page.to_html(NONCE).unwrap();
        assert!(!html.contains("<b>&who"), "the target is escaped");
        assert!(!html.contains("<script>alert"), "the message is escaped");
        assert_eq!(
            Html::parse_document(&html)
                .select(&select("script:not([nonce])"))
                .count(),
            0
        );
    }
}

#[test]
fn a_message_cannot_steer_a_terminal() {
    let message = "no cart \u{1b}[2J\n\tnamed \u{202e}".to_owned();
    let failure = Failure {
        message,
        ..failure()
    };
    let text = failure.to_text();
    assert!(
        text.starts_with("panic: no cart \\x1b[2J\n      named \\u{202e}\n"),
        "{text}"
    );
}

#[test]
fn thirty_frames_with_their_source_stay_under_100_kb() {
    let mut failure = failure();
    let user = failure.frames[1].clone();
    failure.frames = vec![user; 30];
    let len = failure.page().to_html(NONCE).unwrap().len();
    assert!(len < 100_000, "{len} bytes");
}

#[test]
fn a_page_answers_in_the_form_asked_for() {
    let page = failure().page();
    let html = page.negotiate(Some("text/html,*/*;q=0.8"));
    assert_eq!(html.status, 500);
    assert_eq!(html.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(html.headers["cache-control"], "no-store");
    assert_eq!(html.headers["x-content-type-options"], "nosniff");
    assert_eq!(html.headers["referrer-policy"], "no-referrer");
    assert_eq!(html.headers["vary"], "accept");
    assert_eq!(html.headers["devserve-page"], "failure");

    let json = page.negotiate(Some("application/json"));
    let value: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(value["status"], 500);
    assert_eq!(value["detail"], failure().message);
    assert_eq!(value["frames"][1]["place"]["line"], 42);
    assert_eq!(value["elapsed_ms"], 3);

    let text = page.negotiate(Some("*/*"));
    assert_eq!(text.headers["content-type"], "text/plain; charset=utf-8");
    assert!(!text.headers.contains_key("content-security-policy"));
    assert!(text.body.starts_with(b"panic: index out of bounds"));
}

#[test]
fn every_answer_has_a_nonce_of_its_own_that_its_policy_names() {
    let page = failure().page();
    let mut policies = HashSet::new();
    for _ in 0..8 {
        let rendered = page.negotiate(Some("text/html"));
        let policy = rendered.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'nonce-"));
        let html = String::from_utf8(rendered.body).unwrap();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap();
        assert!(html.contains(&format!("<style nonce=\"{nonce}\">")));
        assert_eq!(Page::nonce_in(&rendered.headers), Some(nonce));
        policies.insert(policy);
    }
    assert_eq!(policies.len(), 8);
}

#[test]
fn only_a_request_that_may_be_repeated_is_repeated() {
    let page = waiting(true).page();
    let rendered = page.negotiate(Some("text/html"));
    assert_eq!(
        (rendered.status.as_u16(), &rendered.headers["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    assert!(
        page.to_html(NONCE)
            .unwrap()
            .contains("http-equiv=\"refresh\"")
    );
    assert!(page.to_html(NONCE).unwrap().contains(" data-waiting "));
    let post = waiting(false).page().to_html(NONCE).unwrap();
    assert!(!post.contains("http-equiv=\"refresh\"") && !post.contains(" data-waiting "));
}

#[test]
fn a_build_without_diagnostics_takes_cargos_error_for_its_title() {
    let page = link_failed().page();
    assert!(page.text().contains("Caused by:"));
    assert!(
        page.to_html(NONCE)
            .unwrap()
            .contains("<h1>failed to run custom build command for")
    );
}

/// Writes every page to the folder named in `DEVSERVE_PAGES`, to be looked at.
#[test]
fn pages_can_be_looked_at() {
    let Some(folder) = std::env::var_os("DEVSERVE_PAGES").map(std::path::PathBuf::from) else {
        return;
    };
    for (name, page) in pages() {
        std::fs::write(
            folder.join(format!("{name}.html")),
            page.to_html(NONCE).unwrap(),
        )
        .unwrap();
    }
}
