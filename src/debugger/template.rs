use crate::debugger::origin;
use crate::debugger::source::Source;
use crate::pages::{Frame, Owner, Place};
use crate::templates::TemplateError;
use crate::wsgi::Error;

/// The lines of templates that an error is about, innermost first.
pub(super) fn frames(error: &Error) -> Vec<Frame> {
    let found = error.chain().find_map(|error| error.downcast_ref());
    let Some(error): Option<&TemplateError> = found else {
        return Vec::new();
    };
    let frames = error.frames().iter();
    frames
        .map(|frame| Frame {
            function: format!("template {}", frame.name),
            place: Some(Place {
                file: origin::short(&frame.file).into_owned(),
                line: frame.line,
                column: frame.column,
            }),
            owner: Owner::User,
            excerpt: frame
                .source
                .as_deref()
                .and_then(|source| Source::of_words(source).excerpt(frame.line)),
        })
        .collect()
}
