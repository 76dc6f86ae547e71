use cargo_metadata::diagnostic::{self as cargo, DiagnosticLevel};

use crate::pages::{Diagnostic, Level, Note, Span, SpanLine};

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
    diagnostic
        .spans
        .iter()
        .map(|span| self::span(outermost(span)))
        .collect()
}

/// The place in the user's own file, for a span inside a macro's expansion: the macro's text is
/// often another crate's, and nothing one could mend.
fn outermost(span: &cargo::DiagnosticSpan) -> cargo::DiagnosticSpan {
    let mut place = span.clone();
    while let Some(expansion) = place.expansion.take() {
        let (is_primary, label) = (place.is_primary, place.label);
        place = expansion.span;
        place.is_primary = is_primary;
        place.label = place.label.or(label);
    }
    place
}

fn span(span: cargo::DiagnosticSpan) -> Span {
    Span {
        file: span.file_name,
        line_start: span.line_start,
        line_end: span.line_end,
        column_start: span.column_start,
        column_end: span.column_end,
        is_primary: span.is_primary,
        label: span.label,
        text: span.text.into_iter().map(line).collect(),
        suggestion: span.suggested_replacement,
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
    fn a_span_in_a_macro_is_shown_where_the_macro_was_used() {
        let inner = SPAN
            .replace("src/main.rs", "/rustc/library/macros.rs")
            .replace(
                "\"expansion\":null",
                &format!(
                    r#""expansion":{{"span":{SPAN},"macro_decl_name":"dbg!","def_site_span":null}}"#
                ),
            );
        let read = read(&format!(
            r#"{{"message":"no","code":null,"level":"error","spans":[{inner}],"children":[],
            "rendered":null}}"#
        ))
        .unwrap();
        assert_eq!(read.spans[0].file, "src/main.rs");
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
