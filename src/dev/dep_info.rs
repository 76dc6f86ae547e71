use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a build reads, as the compiler or cargo says in a makefile rule beside its result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DepInfo {
    /// The files, in the order named. Relative ones are meant from the folder the compiler ran in.
    pub(crate) inputs: Vec<PathBuf>,
    /// The environment variables the source asks for, with what they were; `None` for unset.
    pub(crate) env: Vec<(String, Option<String>)>,
}

impl DepInfo {
    /// Reads the file at `path`, whose relative names are meant from `folder`.
    pub(crate) fn read(path: &Path, folder: &Path) -> io::Result<Self> {
        let mut info = Self::parse(&fs::read_to_string(path)?);
        for input in &mut info.inputs {
            *input = folder.join(&input);
        }
        Ok(info)
    }

    /// Reads `program: file file`, with a backslash before each space in a name, and the lines
    /// `# env-dep:NAME=VALUE` that rustc adds. The rules after the first say the same again.
    pub(crate) fn parse(text: &str) -> Self {
        let rule = text.lines().next().unwrap_or_default();
        let inputs = rule.split_once(": ").map(|(_, inputs)| inputs);
        let env = text
            .lines()
            .filter_map(|line| line.strip_prefix("# env-dep:"));
        Self {
            inputs: inputs.map(paths).unwrap_or_default(),
            env: env.map(variable).collect(),
        }
    }
}

fn paths(list: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut path = String::new();
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&' ') => path.extend(characters.next()),
            ' ' => paths.push(PathBuf::from(std::mem::take(&mut path))),
            other => path.push(other),
        }
    }
    paths.push(path.into());
    paths.retain(|path| !path.as_os_str().is_empty());
    paths
}

fn variable(text: &str) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((name, value)) => (unescape(name), Some(unescape(value))),
        None => (unescape(text), None),
    }
}

/// Takes back what rustc does to keep a variable on one line.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                other => plain.extend(other), // a backslash
            },
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let want: Vec<PathBuf> = want.iter().map(PathBuf::from).collect();
        assert_eq!(DepInfo::parse(text).inputs, want);
    }

    #[test]
    fn dep_info_is_a_makefile_rule() {
        check(
            "/t/shop: /shop/src/main.rs /shop/src/cart.rs\n",
            &["/shop/src/main.rs", "/shop/src/cart.rs"],
        );
        check("/t/shop: /my\\ shop/main.rs\n", &["/my shop/main.rs"]);
        check(
            "/my\\ t/shop.d: src/main.rs\n\n/my\\ t/shop: src/main.rs\n\nsrc/main.rs:\n",
            &["src/main.rs"],
        );
        check("/t/shop:\n", &[]);
        check("", &[]);
    }

    #[test]
    fn dep_info_names_the_variables_that_were_asked_for() {
        let text = "t: a.rs\n\na.rs:\n\n# env-dep:A=b=c\n# env-dep:GONE\n\
                    # env-dep:LINES=1\\n2\\\\n\n# env-dep:EMPTY=\n";
        let want = [
            ("A", Some("b=c")),
            ("GONE", None),
            ("LINES", Some("1\n2\\n")),
            ("EMPTY", Some("")),
        ];
        let want = want.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        assert_eq!(DepInfo::parse(text).env, want);
    }
}
