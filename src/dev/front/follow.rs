use serde_json::json;

use crate::dev::bulletin::News;
use crate::dev::gate::Progress;
use crate::pages::{Editor, Waiting};

/// What a request waits for, as its page shows it.
pub(super) fn waiting(progress: Progress, news: News, may_repeat: bool) -> Waiting {
    Waiting {
        doing: progress.doing,
        step: news.step,
        count: news.count,
        diagnostics: news.diagnostics,
        overdue: news.overdue,
        elapsed: progress.since.elapsed(),
        may_repeat,
    }
}

/// One server-sent event that brings a waiting page up to date: what it shows, and as HTML those
/// errors that it has not. `known` is how many diagnostics it was told; `None` has it forget
/// the errors it shows.
pub(super) fn event(waiting: &Waiting, known: Option<usize>, editor: &Editor) -> String {
    let fresh = waiting.diagnostics.iter().skip(known.unwrap_or(0));
    let errors: Vec<_> = fresh
        .filter(|diagnostic| diagnostic.is_error())
        .filter_map(|error| error.to_item(editor))
        .collect();
    let overdue = waiting.overdue.as_ref();
    let news = json!({
        "title": waiting.title(),
        "now": waiting.now(),
        "tally": waiting.tally(),
        "count": waiting.count,
        "isAnew": known.is_none(),
        "errors": errors,
        "awaited": overdue.map(|overdue| &overdue.awaited),
        "stderr": overdue.map(|overdue| overdue.words()),
    });
    // JSON has no line ends of its own, which would end the event (HTML §9.2.5).
    format!("data: {news}\n\n")
}
