use cargo_metadata::diagnostic::{self as cargo, DiagnosticLevel};

use crate::pages::{Diagnostic, Expansion, Level, Note, Span, SpanLine, Spot};

/// The compiler's message as the page shows it; `None` for those that only count the others.
pub(crate) fn from_cargo(diagnostic: &cargo::Diagnostic) -> Option<Diagnostic> {
    if is_only_a_summary(diagnostic) {
        return None;
    }
    Some(Diagnostic {
        level: level(diagnostic.level),
        message: diagnostic.message.clone(),
        code: diagnostic.code.as_ref().map(|code| code.code.clone()),
        spans: spans(diagnostic),
        children: diagnostic.children.iter().map(note).collect(),
        rendered: diagnostic
            .rendered
            .clone()
            .unwrap_or_else(|| diagnostic.message.clone()),
    })
}

fn is_only_a_summary(diagnostic: &cargo::Diagnostic) -> bool {
    diagnostic.level == DiagnosticLevel::FailureNote
        || diagnostic.spans.is_empty()
            && diagnostic.code.is_none()
            && (diagnostic.message.starts_with("aborting due to")
                || diagnostic.message.ends_with("warnings emitted")
                || diagnostic.message.ends_with("warning emitted"))
}

fn note(child: &cargo::Diagnostic) -> Note {
    Note {
        level: level(child.level),
        message: child.message.clone(),
        spans: spans(child),
    }
}

fn spans(diagnostic: &cargo::Diagnostic) -> Vec<Span> {
    diagnostic.spans.iter().cloned().map(span).collect()
}

/// The place in the user's own file, with the macros that lead from there to where the compiler
/// found fault: their text is often another crate's, and nothing one could mend.
fn span(mut place: cargo::DiagnosticSpan) -> Span {
    let mut expansions = Vec::new();
    while let Some(expansion) = place.expansion.take() {
        let (is_primary, label) = (place.is_primary, place.label.take());
        expansions.push(Expansion {
            name: expansion.macro_decl_name,
            definition: expansion.def_site_span.as_ref().map(spot),
            place: spot(&place),
            text: place.text.first().map(|line| line.text.clone()),
        });
        place = expansion.span;
        place.is_primary = is_primary;
        place.label = place.label.or(label);
    }
    Span {
        file: place.file_name,
        line_start: place.line_start,
        line_end: place.line_end,
        column_start: place.column_start,
        column_end: place.column_end,
        is_primary: place.is_primary,
        label: place.label.filter(|label| !label.is_empty()),
        text: place.text.into_iter().map(line).collect(),
        suggestion: place.suggested_replacement,
        expansions,
    }
}

fn spot(span: &cargo::DiagnosticSpan) -> Spot {
    Spot {
        file: span.file_name.clone(),
        line: span.line_start,
        column: span.column_start,
    }
}

fn line(line: cargo::DiagnosticSpanLine) -> SpanLine {
    SpanLine {
        text: line.text,
        highlight_start: line.highlight_start,
        highlight_end: line.highlight_end,
    }
}

fn level(level: DiagnosticLevel) -> Level {
    match level {
        DiagnosticLevel::Ice | DiagnosticLevel::Error => Level::Error,
        DiagnosticLevel::Warning => Level::Warning,
        DiagnosticLevel::FailureNote => Level::FailureNote,
        DiagnosticLevel::Help => Level::Help,
        // `Note`, and what a later compiler adds.
        _ => Level::Note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Diagnostic> {
        from_cargo(&serde_json::from_str(json).expect(json))
    }

    const SPAN: &str = r#"{"file_name":"src/main.rs","byte_start":24,"byte_end":27,
        "line_start":2,"line_end":2,"column_start":18,"column_end":21,"is_primary":true,
        "text":[{"text":"    let x: u32 = \"a\";","highlight_start":18,"highlight_end":21}],
        "label":"expected `u32`, found `&str`","suggested_replacement":null,
        "suggestion_applicability":null,"expansion":null}"#;

    #[test]
    fn a_message_keeps_its_place_its_label_and_its_children() {
        let read = read(&format!(
            r#"{{"message":"mismatched types","code":{{"code":"E0308","explanation":null}},
            "level":"error","spans":[{SPAN}],"rendered":"error[E0308]: mismatched types\n",
            "children":[{{"message":"try this","code":null,"level":"help","spans":[],
            "children":[],"rendered":null}}]}}"#
        ))
        .unwrap();
        assert_eq!(
            (read.level, read.code.as_deref()),
            (Level::Error, Some("E0308"))
        );
        let span = &read.spans[0];
        assert_eq!(
            (span.line_start, span.column_start, span.is_primary),
            (2, 18, true)
        );
        assert_eq!(span.text[0].text, "    let x: u32 = \"a\";");
        assert_eq!(
            (read.children[0].level, &*read.children[0].message),
            (Level::Help, "try this")
        );
    }

    #[test]
    fn a_span_in_macros_is_shown_where_the_outermost_was_used() {
        let at = |file: &str, line: &str, expansion: &str| {
            SPAN.replace("src/main.rs", file)
                .replace("\"line_start\":2", &format!("\"line_start\":{line}"))
                .replace("\"expansion\":null", &format!("\"expansion\":{expansion}"))
        };
        let called = |name: &str, span: &str, definition: &str| {
            format!(r#"{{"span":{span},"macro_decl_name":"{name}","def_site_span":{definition}}}"#)
        };
        let user = at("src/main.rs", "9", "null");
        let outer = called("outer!", &user, "null");
        let middle = at("src/macros.rs", "5", &outer);
        let inner = called("inner!", &middle, &at("src/macros.rs", "1", "null"));
        let innermost = at("/rustc/library/macros.rs", "2", &inner);
        let read = read(&format!(
            r#"{{"message":"no","code":null,"level":"error","spans":[{innermost}],"children":[],
            "rendered":null}}"#
        ))
        .unwrap();
        let span = &read.spans[0];
        assert_eq!(span.start().to_string(), "src/main.rs:9:18");
        assert_eq!(span.label.as_deref(), Some("expected `u32`, found `&str`"));
        let steps = span.expansions.iter().map(|step| {
            let definition = step.definition.as_ref().map(Spot::to_string);
            (step.name.as_str(), step.place.to_string(), definition)
        });
        let place = str::to_owned;
        assert_eq!(
            steps.collect::<Vec<_>>(),
            [
                (
                    "inner!",
                    place("/rustc/library/macros.rs:2:18"),
                    Some(place("src/macros.rs:1:18"))
                ),
                ("outer!", place("src/macros.rs:5:18"), None),
            ]
        );
        assert_eq!(read.rendered, "no");
    }

    #[test]
    fn messages_that_only_count_are_left_out() {
        let bare = |message: &str, level: &str| {
            read(&format!(
                r#"{{"message":"{message}","code":null,"level":"{level}","spans":[],
                "children":[],"rendered":null}}"#
            ))
        };
        assert!(bare("aborting due to 2 previous errors", "error").is_none());
        assert!(bare("3 warnings emitted", "warning").is_none());
        assert!(bare("For more information about this error", "failure-note").is_none());
        assert!(bare("linking with `cc` failed: exit status: 1", "error").is_some());
    }
}
