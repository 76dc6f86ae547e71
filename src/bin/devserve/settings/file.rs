use std::any::TypeId;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, ValueHint};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What may stand on a command line alone.
const NO_KEYS: [&str; 3] = ["help", "config", "no-config"];
/// The arguments of the app, which have no flag.
pub(super) const ARGS: &str = "args";

/// A text with settings.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Where it came from.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// The names of the table that has them; none for the whole.
    pub(crate) table: &'static [&'static str],
}

/// One key, as the command line would have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// The key: a long flag without its dashes, or `args`.
    pub(super) key: String,
    /// The flag with its values, or the arguments.
    pub(super) words: Vec<OsString>,
    /// Where the key stands.
    pub(super) span: Range<usize>,
}

/// What is wrong in a text, and where.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}:{column}: {what}\n{excerpt}", .path.display())]
pub(crate) struct Mistake {
    path: PathBuf,
    line: usize,
    column: usize,
    what: String,
    excerpt: String,
    /// What to write instead.
    pub(crate) help: String,
}

impl Source {
    pub(super) fn mistake(&self, span: &Range<usize>, what: String, help: String) -> Mistake {
        let before = &self.text[..span.start.min(self.text.len())];
        let (line, start) = (
            before.matches('\n').count() + 1,
            before.rfind('\n').map_or(0, |at| at + 1),
        );
        let text = self.text[start..].lines().next().unwrap_or_default();
        let column = before[start..].chars().count() + 1;
        let marked = self.text.get(span.clone()).unwrap_or_default();
        let width = marked.lines().next().unwrap_or_default().chars().count();
        let margin = " ".repeat(line.to_string().len());
        let (indent, carets) = (" ".repeat(column - 1), "^".repeat(width.max(1)));
        let excerpt = format!("{margin} |\n{line} | {text}\n{margin} | {indent}{carets}");
        Mistake {
            path: self.path.clone(),
            line,
            column,
            what,
            excerpt,
            help,
        }
    }
}

/// The flag of this name.
pub(super) fn flag<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    let mut flags = command.get_arguments();
    flags.find(|arg| arg.get_long() == Some(key) && !NO_KEYS.contains(&key))
}

/// Reads settings for `command`, which is complete. They come in the order in which they stand,
/// and paths in them start from `folder`, which is the file's.
pub(super) fn read(
    source: &Source,
    command: &Command,
    folder: &Path,
) -> Result<Vec<Setting>, Mistake> {
    let document = DeTable::parse(&source.text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let help = "see https://toml.io for how to write it".to_owned();
        source.mistake(&span, error.message().to_owned(), help)
    })?;
    let mut table = document.get_ref();
    for name in source.table {
        let inner = table
            .get(*name)
            .and_then(|value| value.get_ref().as_table());
        let Some(inner) = inner else {
            return Ok(Vec::new());
        };
        table = inner;
    }
    let mut settings = Vec::new();
    for (key, value) in table {
        let (span, key) = (key.span(), key.get_ref());
        let words = match flag(command, key) {
            Some(arg) => words(command, arg, value, folder),
            None if key == ARGS => texts(value).map(os_strings),
            None => return Err(unknown(source, command, key, &span)),
        };
        let wrong = |wrong: Expected| {
            let got = value.get_ref().type_str();
            let what = format!("{key} takes {}, not this {got}", wrong.what);
            source.mistake(
                &value.span(),
                what,
                format!("write {key} = {}", wrong.example),
            )
        };
        let words = words.map_err(wrong)?;
        settings.push(Setting {
            key: key.to_string(),
            words,
            span: value.span(),
        });
    }
    settings.sort_by_key(|setting| setting.span.start);
    for setting in &settings {
        let Some(arg) = flag(command, &setting.key) else {
            continue;
        };
        check_value(source, command, arg, setting)?;
    }
    Ok(settings)
}

/// What a key takes.
struct Expected {
    what: &'static str,
    example: &'static str,
}

const TRUTH: Expected = Expected {
    what: "true or false",
    example: "true",
};
const NUMBER: Expected = Expected {
    what: "a number",
    example: "8000",
};
const TEXT: Expected = Expected {
    what: "a string",
    example: "\"…\"",
};
const TEXTS: Expected = Expected {
    what: "a list of strings",
    example: "[\"…\"]",
};

/// The flag and its values, as the command line would have them.
fn words(
    command: &Command,
    arg: &Arg,
    value: &Spanned<DeValue<'_>>,
    folder: &Path,
) -> Result<Vec<OsString>, Expected> {
    let key = arg.get_long().unwrap_or_default();
    let with = |text: &str| {
        let mut word = OsString::from(format!("--{key}="));
        word.push(placed(arg, text, folder));
        word
    };
    let is_number = {
        let kind = arg.get_value_parser().type_id();
        kind == TypeId::of::<u16>() || kind == TypeId::of::<u64>()
    };
    let can_have_several = arg
        .get_num_args()
        .is_some_and(|count| count.max_values() > 1);
    match arg.get_action() {
        ArgAction::SetTrue => match value.get_ref().as_bool() {
            Some(true) => Ok(vec![format!("--{key}").into()]),
            // Where nothing undoes it, it is not asked for in the first place.
            Some(false) => {
                let undoes = flag(command, &opposite(key));
                let undoes = undoes.filter(|arg| matches!(arg.get_action(), ArgAction::SetTrue));
                let undoes = undoes.and_then(Arg::get_long);
                Ok(undoes
                    .map(|flag| format!("--{flag}").into())
                    .into_iter()
                    .collect())
            }
            None => Err(TRUTH),
        },
        ArgAction::Count => {
            let times = match value.get_ref().as_bool() {
                Some(is_on) => u64::from(is_on),
                None => number(value).ok_or(NUMBER)?,
            };
            let times = usize::try_from(times.min(9)).expect("a digit");
            Ok(vec![format!("--{key}").into(); times])
        }
        _ if can_have_several => {
            let texts = texts(value)?;
            let values = texts.iter().map(|text| placed(arg, text, folder));
            Ok([format!("--{key}").into()]
                .into_iter()
                .chain(values)
                .collect())
        }
        ArgAction::Append => Ok(texts(value)?.iter().map(|text| with(text)).collect()),
        _ if is_number => Ok(vec![with(&number(value).ok_or(NUMBER)?.to_string())]),
        _ => Ok(vec![with(value.get_ref().as_str().ok_or(TEXT)?)]),
    }
}

/// `text`, from `folder` where it is a path.
fn placed(arg: &Arg, text: &str, folder: &Path) -> OsString {
    if let Some(path) = text.strip_prefix("unix:")
        && arg.get_long() == Some("bind")
    {
        return format!("unix:{}", folder.join(path).display()).into();
    }
    match arg.get_value_hint() {
        // A word in the place of a path.
        _ if text == "adhoc" && arg.get_long() == Some("tls") => text.into(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => folder.join(text).into(),
        _ => text.into(),
    }
}

/// The flag that undoes a flag.
fn opposite(key: &str) -> String {
    match key.strip_prefix("no-") {
        Some(key) => key.to_owned(),
        None => format!("no-{key}"),
    }
}

fn number(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let number = value.get_ref().as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// One string, or several.
fn texts(value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Expected> {
    if let Some(text) = value.get_ref().as_str() {
        return Ok(vec![text.to_owned()]);
    }
    let list = value.get_ref().as_array().ok_or(TEXTS)?;
    let texts = list
        .iter()
        .map(|item| Some(item.get_ref().as_str()?.to_owned()));
    texts.collect::<Option<_>>().ok_or(TEXTS)
}

fn os_strings(texts: Vec<String>) -> Vec<OsString> {
    texts.into_iter().map(OsString::from).collect()
}

fn unknown(source: &Source, command: &Command, key: &str, span: &Range<usize>) -> Mistake {
    // The nearest flag is clap's to find.
    let asked = command
        .clone()
        .try_get_matches_from(["run", &format!("--{key}")]);
    let nearest = match asked
        .as_ref()
        .map_err(|error| error.get(ContextKind::SuggestedArg))
    {
        Err(Some(ContextValue::String(flag))) => flag
            .strip_prefix("--")
            .filter(|flag| self::flag(command, flag).is_some()),
        _ => None,
    };
    let help = match nearest {
        Some(nearest) => format!("write {nearest}"),
        None => "keys are the long flags of `devserve run --help`, without dashes".to_owned(),
    };
    source.mistake(span, format!("no setting is called {key}"), help)
}

/// Whether the flag takes its value: what it says itself, were it given on the command line.
fn check_value(
    source: &Source,
    command: &Command,
    arg: &Arg,
    setting: &Setting,
) -> Result<(), Mistake> {
    let words = [OsString::from("run")]
        .into_iter()
        .chain(setting.words.clone());
    let Err(error) = command.clone().try_get_matches_from(words) else {
        return Ok(());
    };
    let possible = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(names)) => Some(names.join(", ")),
        _ => None,
    };
    let why = std::error::Error::source(&error).map(ToString::to_string);
    let what = match why {
        Some(why) => format!("{}: {why}", setting.key),
        None => format!("{} cannot be this", setting.key),
    };
    let help = match possible {
        Some(names) => format!("choose one of {names}"),
        None => arg.get_help().map(ToString::to_string).unwrap_or_default(),
    };
    Err(source.mistake(&setting.span, what, help))
}

#[cfg(test)]
mod tests;
