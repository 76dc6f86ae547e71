use std::env;
use std::io::{self, IsTerminal};

use rustix::termios::tcgetwinsize;

use crate::args::Color;

/// How stderr is written to: decided once, from the flag and what stderr is.
///
/// The crate `colored` asks stdout and has one switch for the process. It is set here and asked
/// nothing; stdout is the app's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// With colors.
    pub(crate) has_colors: bool,
    /// Somebody is watching, so a line may be replaced by the next.
    pub(crate) is_terminal: bool,
}

impl Style {
    /// How many columns the terminal has now; `None` where it is none, or does not say.
    pub(crate) fn columns(&self) -> Option<usize> {
        let size = self.is_terminal.then(|| tcgetwinsize(io::stderr()))?.ok()?;
        Some(size.ws_col.into()).filter(|columns| *columns > 0)
    }
}

/// Reads the flag, the environment and what stderr is.
pub(crate) fn choose(color: Color) -> Style {
    let is_terminal = io::stderr().is_terminal();
    let says_no = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    let has_colors = has_colors(color, is_terminal, says_no, is_dumb);
    colored::control::set_override(has_colors);
    Style {
        has_colors,
        is_terminal: is_terminal && !is_dumb,
    }
}

fn has_colors(color: Color, is_terminal: bool, says_no: bool, is_dumb: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && !says_no && !is_dumb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_need_a_terminal_that_wants_them_or_a_flag() {
        assert!(has_colors(Color::Auto, true, false, false));
        assert!(!has_colors(Color::Auto, false, false, false));
        assert!(!has_colors(Color::Auto, true, true, false));
        assert!(!has_colors(Color::Auto, true, false, true));
        assert!(has_colors(Color::Always, false, true, true));
        assert!(!has_colors(Color::Never, true, false, false));
    }
}
