use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use crate::text::percent;

/// How a place in source is opened from a page, if it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Editor {
    /// It cannot: the page names it.
    #[default]
    None,
    /// By a link that the editor has registered with the desktop.
    Link {
        /// The link, with `{path}` (absolute, with its slash in front), `{line}` and `{column}`:
        /// `vscode://file{path}:{line}:{column}`.
        template: String,
        /// The folder that relative names start from.
        root: String,
    },
    /// By a request to whoever serves the page, which starts the editor.
    Ask {
        /// What the request has to name, so that no other page can make it.
        token: String,
    },
}

/// What a template needs to make a place one that can be opened.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Opening {
    /// A link to follow.
    href: Option<String>,
    /// What to ask for.
    ask: Option<String>,
}

impl Editor {
    /// The function `opening(file, line, column)` for templates.
    pub(super) fn to_function(&self) -> Value {
        let editor = Arc::new(self.clone());
        Value::from_function(move |file: String, line: usize, column: Option<usize>| {
            Value::from(Serde(editor.opening(&file, line, column.unwrap_or(1))))
        })
    }

    fn opening(&self, file: &str, line: usize, column: usize) -> Opening {
        let (href, ask) = match self {
            // The standard library's own names for its files are no paths of this machine.
            _ if file.starts_with("/rustc/") || file.starts_with('<') => (None, None),
            Self::None => (None, None),
            Self::Link { template, root } => (Some(link(template, root, file, line, column)), None),
            Self::Ask { .. } => (None, Some(format!("{file}:{line}:{column}"))),
        };
        Opening { href, ask }
    }

    /// What a request has to name, where requests open places.
    pub(super) fn token(&self) -> Option<&str> {
        match self {
            Self::Ask { token } => Some(token),
            Self::None | Self::Link { .. } => None,
        }
    }
}

fn link(template: &str, root: &str, file: &str, line: usize, column: usize) -> String {
    let path = match file.starts_with('/') {
        true => file.to_owned(),
        false => format!("{}/{file}", root.trim_end_matches('/')),
    };
    // A colon would be taken for the one before the line.
    let path = percent::encode_path(&path).replace(':', "%3A");
    template
        .replace("{path}", &path)
        .replace("{line}", &line.to_string())
        .replace("{column}", &column.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, file: &str, want: Option<&str>) {
        let editor = Editor::Link {
            template: template.to_owned(),
            root: "/home/me/my shop/".to_owned(),
        };
        assert_eq!(editor.opening(file, 3, 5).href.as_deref(), want);
    }

    #[test]
    fn a_link_names_path_line_and_column() {
        let code = "vscode://file{path}:{line}:{column}";
        check(
            code,
            "src/main.rs",
            Some("vscode://file/home/me/my%20shop/src/main.rs:3:5"),
        );
        check(
            code,
            "/dep/a:b?.rs",
            Some("vscode://file/dep/a%3Ab%3F.rs:3:5"),
        );
        check(
            "subl://open?url=file://{path}&line={line}",
            "/a.rs",
            Some("subl://open?url=file:///a.rs&line=3"),
        );
    }

    #[test]
    fn what_is_no_file_of_this_machine_is_only_named() {
        check(
            "x:{path}",
            "/rustc/5980/library/core/src/ops/arith.rs",
            None,
        );
        check("x:{path}", "<anon>", None);
    }

    #[test]
    fn a_place_can_be_asked_for() {
        let token = "t".to_owned();
        let opening = Editor::Ask { token }.opening("src/main.rs", 3, 5);
        assert_eq!(opening.ask.as_deref(), Some("src/main.rs:3:5"));
        assert_eq!(Editor::None.opening("src/main.rs", 3, 5).ask, None);
    }
}
