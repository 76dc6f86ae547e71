use serde::Serialize;

use crate::pages::excerpt::Line;
use crate::pages::{Frame, Owner, Place};

/// A stack as the page shows it: the user's frames one by one, all others folded where they lie.
#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(super) enum Fold {
    /// A frame with its source.
    Frame(Shown),
    /// A run of frames that are not the user's.
    Run { words: String, frames: Vec<Shown> },
}

/// A frame as the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// The path before the name: `shop::cart::`.
    path: String,
    name: String,
    place: Option<String>,
    lines: Vec<Line>,
    is_open: bool,
    /// How often the same call follows itself.
    times: usize,
}

/// Folds a stack. The user's innermost frame is open; where none is the user's, the innermost.
pub(super) fn fold(frames: &[Frame]) -> Vec<Fold> {
    let answer = frames.iter().position(is_users).unwrap_or(0);
    let numbered: Vec<_> = frames.iter().enumerate().collect();
    let stands_alone = |(index, frame): &(usize, &Frame)| is_users(frame) || *index == answer;
    let belongs = |one: &(usize, &Frame), next: &(usize, &Frame)| match stands_alone(one) {
        true => stands_alone(next) && is_same_call(one.1, next.1),
        false => !stands_alone(next),
    };
    let runs = numbered.chunk_by(belongs);
    runs.map(|run| match run {
        [first, ..] if stands_alone(first) => Fold::Frame(Shown {
            is_open: first.0 == answer,
            times: run.len(),
            ..show(first.1)
        }),
        _ => Fold::Run {
            words: count(run.iter().map(|(_, frame)| &frame.owner)),
            frames: run.iter().map(|(_, frame)| show(frame)).collect(),
        },
    })
    .collect()
}

pub(super) fn is_users(frame: &Frame) -> bool {
    frame.owner == Owner::User
}

/// Whether a frame is the one before again, as in a recursion.
pub(super) fn is_same_call(one: &Frame, next: &Frame) -> bool {
    one.function == next.function && one.place == next.place
}

fn show(frame: &Frame) -> Shown {
    let (path, name) = split(&frame.function);
    let column = frame.place.as_ref().and_then(|place| place.column);
    Shown {
        path: path.to_owned(),
        name: name.to_owned(),
        place: frame.place.as_ref().map(Place::to_string),
        lines: frame
            .excerpt
            .iter()
            .flat_map(|excerpt| excerpt.coloured(column))
            .collect(),
        is_open: false,
        times: 1,
    }
}

/// The path and the name of a function, cut at the last `::` that stands in no brackets.
fn split(function: &str) -> (&str, &str) {
    let mut depth = 0_i32;
    for (at, character) in function.char_indices().rev() {
        match character {
            // The head of an arrow closes no bracket.
            '>' if function[..at].ends_with('-') => {}
            '>' | ')' | '}' => depth += 1,
            '<' | '(' | '{' => depth -= 1,
            ':' if depth == 0 => return function.split_at(at + 1),
            _ => {}
        }
    }
    ("", function)
}

/// `12 frames in std, 3 in serde_json-1.0.140`: in the order they come.
pub(super) fn count<'a>(owners: impl Iterator<Item = &'a Owner>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for owner in owners {
        let name = match owner {
            Owner::User => "your code",
            Owner::Dependency(name) => name,
            Owner::Std => "std",
            Owner::Runtime => "devserve",
        };
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let words: Vec<_> = counts
        .iter()
        .enumerate()
        .map(|(index, (name, count))| match (index, count) {
            (0, 1) => format!("1 frame in {name}"),
            (0, _) => format!("{count} frames in {name}"),
            _ => format!("{count} in {name}"),
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(owner: Owner) -> Frame {
        Frame {
            function: "f".to_owned(),
            place: None,
            owner,
            excerpt: None,
        }
    }

    #[track_caller]
    fn check(owners: &[Owner], want: &[&str]) {
        let mut frames: Vec<_> = owners.iter().cloned().map(frame).collect();
        for (index, frame) in frames.iter_mut().enumerate() {
            frame.function = format!("f{index}");
        }
        let shape = |fold: &Fold| match fold {
            Fold::Frame(shown) if shown.is_open => "open".to_owned(),
            Fold::Frame(_) => "closed".to_owned(),
            Fold::Run { words, .. } => words.clone(),
        };
        assert_eq!(fold(&frames).iter().map(shape).collect::<Vec<_>>(), want);
    }

    #[test]
    fn libraries_fold_and_the_innermost_of_the_users_is_open() {
        let serde = || Owner::Dependency("serde-1.0.0".to_owned());
        check(
            &[
                Owner::Std,
                Owner::User,
                Owner::User,
                serde(),
                Owner::Std,
                serde(),
                Owner::User,
            ],
            &[
                "1 frame in std",
                "open",
                "closed",
                "2 frames in serde-1.0.0, 1 in std",
                "closed",
            ],
        );
        check(&[Owner::Std, serde()], &["open", "1 frame in serde-1.0.0"]);
        check(&[], &[]);
    }

    #[test]
    fn a_recursion_is_one_frame_with_a_count() {
        let call = |name: &str| Frame {
            function: name.to_owned(),
            ..frame(Owner::User)
        };
        let folds = fold(&[call("f"), call("f"), call("g"), call("f")]);
        let times = folds.iter().map(|fold| match fold {
            Fold::Frame(shown) => shown.times,
            Fold::Run { .. } => 0,
        });
        assert_eq!(times.collect::<Vec<_>>(), [2, 1, 1]);
    }

    #[test]
    fn a_name_is_what_follows_the_last_path_separator() {
        assert_eq!(split("shop::cart::total"), ("shop::cart::", "total"));
        assert_eq!(
            split("<shop::Cart as shop::Sum>::total"),
            ("<shop::Cart as shop::Sum>::", "total")
        );
        assert_eq!(
            split("shop::call<fn(u8) -> core::Unit>"),
            ("shop::", "call<fn(u8) -> core::Unit>")
        );
        assert_eq!(split("main"), ("", "main"));
    }
}
