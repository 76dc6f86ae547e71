use std::cmp::Ordering;
use std::time::SystemTime;

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::http::{StatusCode, date};
use crate::pages::Page;
use crate::text::visible::visible;

/// What is in a folder.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The URL path of the topmost folder, decoded, with a slash at its end: `/`, `/static/`.
    pub root: String,
    /// The folders that lead from there to this one.
    pub folders: Vec<String>,
    /// How the entries are sorted.
    pub order: Order,
    /// The entries, in any order.
    pub entries: Vec<Entry>,
}

/// A file or a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name, without a slash.
    pub name: String,
    /// Where it is, as a reference from the folder's own URL.
    pub href: String,
    /// Whether it can be entered.
    pub is_folder: bool,
    /// How long a file is.
    pub bytes: Option<u64>,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
}

/// How entries are sorted. Folders come first, however.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: Column,
    /// The greatest, or the newest, first.
    pub is_descending: bool,
}

/// What entries can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The name, as people sort: `file 9` before `file 10`, `a` beside `A`.
    Name,
    /// The size of files.
    Size,
    /// The time of the last change.
    Time,
}

impl Column {
    const ALL: [Self; 3] = [Self::Name, Self::Size, Self::Time];

    fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Time => "time",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Size => "Size",
            Self::Time => "Changed",
        }
    }

    /// What is looked for first: names from the start, the largest file, the newest.
    fn first_order(self) -> Order {
        Order {
            by: self,
            is_descending: self != Self::Name,
        }
    }
}

impl Order {
    const USUAL: Self = Self {
        by: Column::Name,
        is_descending: false,
    };

    /// The order that a query asks for: `sort=size&order=asc`. What it does not say, or says
    /// wrongly, is as usual: by name; sizes and times from the greatest.
    pub fn from_query(query: &str) -> Self {
        let value = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(key, value)| (key == name).then_some(value))
        };
        let word = value("sort").unwrap_or_default();
        let by = Column::ALL.into_iter().find(|by| by.word() == word);
        let order = by.unwrap_or(Column::Name).first_order();
        match value("order") {
            Some("asc") => order.with(false),
            Some("desc") => order.with(true),
            _ => order,
        }
    }

    fn with(self, is_descending: bool) -> Self {
        Self {
            is_descending,
            ..self
        }
    }

    fn to_query(self) -> String {
        let order = if self.is_descending { "desc" } else { "asc" };
        format!("?sort={}&order={order}", self.by.word())
    }

    /// What links to other folders carry: nothing, where the order is the usual one.
    fn to_suffix(self) -> String {
        match self == Self::USUAL {
            true => String::new(),
            false => self.to_query(),
        }
    }

    fn compare(self, one: &Entry, other: &Entry) -> Ordering {
        let by_name = || compare_names(&one.name, &other.name);
        let ordering = match self.by {
            Column::Name => by_name(),
            Column::Size => one.bytes.cmp(&other.bytes),
            Column::Time => one.modified.cmp(&other.modified),
        };
        let ordering = match self.is_descending {
            true => ordering.reverse(),
            false => ordering,
        };
        let folders_first = other.is_folder.cmp(&one.is_folder);
        folders_first.then(ordering).then_with(by_name)
    }
}

impl Listing {
    /// The page for a browser, as data and as text.
    pub fn page(&self) -> Page {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by(|one, other| self.order.compare(one, other));
        let path: String = [self.root.as_str()]
            .into_iter()
            .chain(self.folders.iter().flat_map(|name| [name.as_str(), "/"]))
            .collect();
        let rows: Vec<Row> = entries.iter().map(|entry| Row::new(entry)).collect();
        let mut text = format!("{path}\n");
        for row in &rows {
            let (size, changed) = (&row.size, &row.changed);
            text += &format!("{size:>8}  {changed:16}  {}\n", row.name);
        }
        let data = Data {
            path: &path,
            entries: entries.into_iter().map(Datum::new).collect(),
        };
        let data = serde_json::to_value(data).unwrap_or_default();
        let context = context! {
            crumbs => Serde(self.crumbs()),
            count => self.count(),
            columns => Serde(self.columns()),
            has_parent => !self.folders.is_empty(),
            suffix => self.order.to_suffix(),
            rows => Serde(&rows),
        };
        Page::new(StatusCode::OK, "listing", &path, text)
            .context(context)
            .data(data)
            .usually_html()
    }

    /// The way from the root to this folder, each step with how to get back to it.
    fn crumbs(&self) -> Vec<Crumb> {
        let depth = self.folders.len();
        let names = [self.root.clone()]
            .into_iter()
            .chain(self.folders.iter().map(|name| format!("{name}/")));
        let crumb = |(at, name)| Crumb {
            name,
            href: match depth - at {
                0 => None,
                up => Some(format!("{}{}", "../".repeat(up), self.order.to_suffix())),
            },
        };
        names.enumerate().map(crumb).collect()
    }

    fn count(&self) -> String {
        let files = self.entries.iter().filter(|entry| !entry.is_folder).count();
        let folders = self.entries.len() - files;
        let counted = |count: usize, noun: &str| match count {
            0 => None,
            1 => Some(format!("1 {noun}")),
            many => Some(format!("{many} {noun}s")),
        };
        let bytes = self.entries.iter().filter_map(|entry| entry.bytes).sum();
        let size = (files > 0).then(|| size(bytes));
        let parts = [counted(folders, "folder"), counted(files, "file"), size];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn columns(&self) -> Vec<Heading> {
        let heading = |by: Column| {
            let is_sorted = by == self.order.by;
            let next = match is_sorted {
                true => self.order.with(!self.order.is_descending),
                false => by.first_order(),
            };
            let sorted = match self.order.is_descending {
                true => "descending",
                false => "ascending",
            };
            Heading {
                class: by.word(),
                label: by.label(),
                href: next.to_query(),
                sorted: is_sorted.then_some(sorted),
            }
        };
        Column::ALL.into_iter().map(heading).collect()
    }
}

#[derive(Debug, Serialize)]
struct Crumb {
    name: String,
    href: Option<String>,
}

#[derive(Debug, Serialize)]
struct Heading {
    class: &'static str,
    label: &'static str,
    href: String,
    sorted: Option<&'static str>,
}

/// An entry in people's words.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    href: String,
    is_folder: bool,
    size: String,
    bytes: Option<u64>,
    changed: String,
    datetime: Option<String>,
}

impl Row {
    fn new(entry: &Entry) -> Self {
        let slash = if entry.is_folder { "/" } else { "" };
        let datetime = entry.modified.map(rfc3339);
        Self {
            name: format!("{}{slash}", visible(&entry.name)),
            href: entry.href.clone(),
            is_folder: entry.is_folder,
            size: entry.bytes.map_or_else(|| "-".to_owned(), size),
            bytes: entry.bytes,
            changed: match &datetime {
                Some(datetime) => datetime[..16].replace('T', " "),
                None => "-".to_owned(),
            },
            datetime,
        }
    }
}

/// The listing as JSON.
#[derive(Debug, Serialize)]
struct Data<'a> {
    path: &'a str,
    entries: Vec<Datum<'a>>,
}

#[derive(Debug, Serialize)]
struct Datum<'a> {
    name: &'a str,
    kind: &'static str,
    href: &'a str,
    bytes: Option<u64>,
    modified: Option<String>,
}

impl<'a> Datum<'a> {
    fn new(entry: &'a Entry) -> Self {
        Self {
            name: &entry.name,
            kind: if entry.is_folder { "folder" } else { "file" },
            href: &entry.href,
            bytes: entry.bytes,
            modified: entry.modified.map(rfc3339),
        }
    }
}

/// `1994-11-06T08:49:37Z` (RFC 3339).
fn rfc3339(time: SystemTime) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let text = date::format(time); // Sun, 06 Nov 1994 08:49:37 GMT
    let month = MONTHS.find(&text[8..11]).unwrap_or_default() / 3 + 1;
    let (day, year, clock) = (&text[5..7], &text[12..16], &text[17..25]);
    format!("{year}-{month:02}-{day}T{clock}Z")
}

/// `512 B`, `1.2 kB`, `34 MB`: thousands, as browsers and file managers count.
fn size(bytes: u64) -> String {
    let mut unit = 1_u64;
    for (at, name) in ["B", "kB", "MB", "GB", "TB", "PB"].into_iter().enumerate() {
        // What rounds to a thousand is one of the next unit.
        let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
        if at == 0 && bytes < 1000 {
            return format!("{bytes} B");
        }
        if at > 0 && tenths < 100 {
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
        let whole = (u128::from(bytes) + u128::from(unit) / 2) / u128::from(unit);
        if at > 0 && whole < 1000 {
            return format!("{whole} {name}");
        }
        unit = unit.saturating_mul(1000);
    }
    format!("{} EB", bytes / 1_000_000_000_000_000_000)
}

/// Names as people sort them: letters whatever their case, numbers by their worth; what is equal
/// so far, by its characters.
fn compare_names(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (a, rest_of_left) = piece(left);
        let (b, rest_of_right) = piece(right);
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len()).then_with(|| one.cmp(other));
        }
        let is_number = |piece: &str| piece.as_bytes()[0].is_ascii_digit();
        let ordering = if is_number(a) && is_number(b) {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        } else {
            a.to_lowercase().cmp(&b.to_lowercase())
        };
        if ordering.is_ne() {
            return ordering;
        }
        (left, right) = (rest_of_left, rest_of_right);
    }
}

/// The digits at the start of `text`, or else its first character; and the rest.
fn piece(text: &str) -> (&str, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let end = match digits {
        0 => text.chars().next().map_or(0, char::len_utf8),
        digits => digits,
    };
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn entry(name: &str, bytes: Option<u64>, seconds: u64) -> Entry {
        Entry {
            name: name.to_owned(),
            href: name.to_owned(),
            is_folder: bytes.is_none(),
            bytes,
            modified: Some(UNIX_EPOCH + Duration::from_secs(seconds)),
        }
    }

    #[track_caller]
    fn check(query: &str, want: &[&str]) {
        let mut entries = [
            entry("B", Some(1), 40),
            entry("a10", Some(30), 10),
            entry("a9", Some(200), 30),
            entry("lib", None, 20),
            entry("doc", None, 50),
        ];
        let order = Order::from_query(query);
        entries.sort_by(|one, other| order.compare(one, other));
        assert_eq!(entries.map(|entry| entry.name), want, "{query}");
    }

    #[test]
    fn folders_come_first_and_the_rest_as_asked() {
        check("", &["doc", "lib", "a9", "a10", "B"]);
        check("sort=name&order=desc", &["lib", "doc", "B", "a10", "a9"]);
        check("sort=size", &["doc", "lib", "a9", "a10", "B"]);
        check("sort=size&order=asc", &["doc", "lib", "B", "a10", "a9"]);
        check("x=1&sort=time", &["doc", "lib", "B", "a9", "a10"]);
        check("order=asc&sort=time", &["lib", "doc", "a10", "a9", "B"]);
        check("sort=color&order=up", &["doc", "lib", "a9", "a10", "B"]);
    }

    #[test]
    fn names_are_sorted_as_people_do() {
        let mut names = [
            "b", "A", "a", "file 10", "file 9", "file 09", "\u{c9}", "", "10", "9",
        ];
        names.sort_by(|one, other| compare_names(one, other));
        let want = [
            "", "9", "10", "A", "a", "b", "file 09", "file 9", "file 10", "\u{c9}",
        ];
        assert_eq!(names, want);
    }

    #[test]
    fn sizes_have_two_digits_or_three() {
        for (bytes, want) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_249, "1.2 kB"),
            (9_949, "9.9 kB"),
            (9_951, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (4_200_000_000, "4.2 GB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(size(bytes), want, "{bytes}");
        }
    }

    #[test]
    fn a_time_is_written_as_machines_read_it() {
        let time = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(rfc3339(time), "1994-11-06T08:49:37Z");
    }
}
