use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

// The whole set is compiled in: a page needs no file at run time and asks nothing of the network.
const TEMPLATES: [(&str, &str); 14] = [
    ("base", include_str!("../../templates/base.html")),
    ("build", include_str!("../../templates/build.html")),
    ("died", include_str!("../../templates/died.html")),
    ("failure", include_str!("../../templates/failure.html")),
    ("item", include_str!("../../templates/item.html")),
    ("listing", include_str!("../../templates/listing.html")),
    ("lost", include_str!("../../templates/lost.html")),
    ("macros", include_str!("../../templates/macros.html")),
    ("message", include_str!("../../templates/message.html")),
    ("page.css", include_str!("../../templates/page.css")),
    ("page.js", include_str!("../../templates/page.js")),
    ("palette.css", include_str!("../../templates/palette.css")),
    ("plain", include_str!("../../templates/plain.html")),
    ("waiting", include_str!("../../templates/waiting.html")),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.expect("the usual delimiters differ from each other"));
    for (name, source) in TEMPLATES {
        environment
            .add_template(name, source)
            .expect("the pages' own templates are tested");
    }
    environment
});

/// The template filled in. Every value is escaped, whatever the template is called.
///
/// # Errors
/// A template that asks for what the context has not; the tests render each.
pub(super) fn render(name: &str, context: Value) -> Result<String, minijinja::Error> {
    ENVIRONMENT.get_template(name)?.render(context)
}

/// A number used once, in hexadecimal: what ties our style and script to this one answer. `None`
/// where the system has no randomness to give.
pub(super) fn nonce() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
