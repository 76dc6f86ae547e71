use std::io::{self, Write};

use clap::CommandFactory;

use crate::args::{Args, CompletionsArgs};

/// `devserve completions`.
pub(crate) fn completions(args: &CompletionsArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "devserve", &mut script);
    // A reader that has had enough is no failure.
    let _ = io::stdout().lock().write_all(&script);
}
