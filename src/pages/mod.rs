//! Stub until the pages land.
#![allow(missing_docs)]
mod build;
mod died;
mod elapsed;
mod waiting;
pub use build::{BuildFailed, Diagnostic, Level, Note, Span, SpanLine};
pub use died::AppDied;
pub use waiting::Waiting;
/// Stub.
#[derive(Clone, Debug)]
pub struct Page {
    text: String,
}
impl Page {
    pub fn text(&self) -> &str {
        &self.text
    }
}
pub fn build_failed(report: &BuildFailed) -> Page {
    let words: Vec<&str> = report
        .diagnostics
        .iter()
        .map(|d| d.rendered.as_str())
        .collect();
    Page {
        text: words.concat() + &report.output,
    }
}
pub fn app_died(report: &AppDied) -> Page {
    Page {
        text: format!(
            "{} died: {}\n{}",
            report.target,
            report.how,
            report.stderr.join("\n")
        ),
    }
}
