use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::pages::{Excerpt, State};

/// A generated file larger than this has no line worth a look.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// When the running program was built. Asked at the start, because the file may be another
/// program's by the time something fails.
static BUILT: OnceLock<Option<SystemTime>> = OnceLock::new();

/// Remembers when this program was built.
pub(super) fn note_program() {
    BUILT.get_or_init(|| modified(&std::env::current_exe().ok()?));
}

/// A source file as it is on disk now.
pub(super) struct Source {
    text: String,
    /// Changed after the program was built, so that its lines may have moved.
    pub(super) is_newer: bool,
    /// What the first line is in the middle of.
    opening: State,
}

impl Source {
    /// Reads the file a frame names. `None` where there is none, or none to be read.
    pub(super) fn read(file: &Path) -> Option<Self> {
        let file = find(file)?;
        if fs::metadata(&file).ok()?.len() > MAX_FILE_BYTES {
            return None;
        }
        let text = String::from_utf8_lossy(&fs::read(&file).ok()?).into_owned();
        let built = BUILT.get().copied().flatten();
        let is_newer = built
            .zip(modified(&file))
            .is_some_and(|(built, file)| file > built);
        Some(Self {
            text,
            is_newer,
            opening: State::Code,
        })
    }

    /// Text that is no Rust, as it is.
    #[cfg_attr(
        not(feature = "templates"),
        expect(dead_code, reason = "templates are")
    )]
    pub(super) fn of_words(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_newer: false,
            opening: State::Words,
        }
    }

    /// The lines around `line`; `None` where the file has no such line.
    pub(super) fn excerpt(&self, line: u32) -> Option<Excerpt> {
        Excerpt::of(&self.text, line, self.opening)
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

/// The file itself; or, where a program runs elsewhere than it was built, the same path under
/// the working directory: `/build/shop/src/cart.rs` is found as `src/cart.rs`.
fn find(file: &Path) -> Option<PathBuf> {
    if file.is_file() {
        return Some(file.to_owned());
    }
    let parts: Vec<_> = file.components().collect();
    // The name alone would find any `main.rs`.
    (1..parts.len().saturating_sub(1))
        .map(|skipped| parts[skipped..].iter().collect::<PathBuf>())
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(lines: u32) -> Source {
        let text = (1..=lines).map(|line| format!("line {line}\n")).collect();
        Source {
            text,
            is_newer: false,
            opening: State::Code,
        }
    }

    #[track_caller]
    fn check(lines: u32, line: u32, want: Option<(u32, usize)>) {
        let excerpt = source(lines).excerpt(line);
        let shape = excerpt.map(|excerpt| (excerpt.first_line, excerpt.lines.len()));
        assert_eq!(shape, want, "line {line} of {lines}");
    }

    #[test]
    fn an_excerpt_has_six_lines_to_each_side_as_far_as_there_are() {
        check(100, 50, Some((44, 13)));
        check(100, 3, Some((1, 9)));
        check(100, 100, Some((94, 7)));
        check(1, 1, Some((1, 1)));
    }

    #[test]
    fn a_line_the_file_has_not_has_no_excerpt() {
        check(10, 11, None);
        check(10, 0, None);
        check(0, 1, None);
    }

    #[test]
    fn an_excerpt_knows_what_was_opened_above_it() {
        let text = format!("/* begun\n{}", "words\n".repeat(20));
        let source = Source {
            text,
            is_newer: false,
            opening: State::Code,
        };
        assert_eq!(source.excerpt(15).unwrap().opening, State::Comment(1));
    }

    #[test]
    fn a_path_from_another_machine_is_found_by_its_end() {
        let path = Path::new("/nowhere/devserve/src/debugger/source.rs");
        assert_eq!(find(path).unwrap(), Path::new("src/debugger/source.rs"));
        assert_eq!(find(Path::new("/nowhere/Cargo.toml")), None);
    }
}
