//! The targets without libFuzzer: what is in their corpora, and mutations of it.

use std::fs;
use std::panic;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::random::Random;
use super::{
    addresses, chunked, conditions, connection, cookies, fields, forms, framing, head, jar, lists,
    names, routing,
};

/// It panics where something does not hold.
type Target = fn(&[u8]);

/// Runs each target for so many seconds, with mutations that were never tried.
const SECONDS: &str = "DEVSERVE_FUZZ_SECONDS";

/// Without it: so many mutations, the same each time, and no longer than that.
const ROUNDS: u64 = 3000;
const MOST_TIME: Duration = Duration::from_millis(700);

#[test]
fn an_address_means_what_it_says() {
    run("addresses", addresses);
}

#[test]
fn a_body_in_chunks_reads_the_same_however_it_arrives() {
    run("chunked", chunked);
}

#[test]
fn a_range_gets_what_it_asks_for_and_conditions_are_read_back() {
    run("conditions", conditions);
}

#[test]
fn a_connection_carries_an_answer_to_each_request_and_no_other() {
    run("connection", connection);
}

#[test]
fn a_cookie_sets_nothing_but_itself_and_no_stranger_makes_a_session() {
    run("cookies", cookies);
}

#[test]
fn a_field_value_that_is_written_is_read_back() {
    run("fields", fields);
}

#[test]
fn a_form_reads_the_same_however_it_arrives() {
    run("forms", forms);
}

#[test]
fn requests_that_are_passed_on_have_the_same_boundaries() {
    run("framing", framing);
}

#[test]
fn a_head_reads_the_same_however_it_arrives() {
    run("head", head);
}

#[test]
fn a_cookie_is_kept_for_whom_it_concerns_and_goes_there_only() {
    run("jar", jar);
}

#[test]
fn a_list_that_is_written_is_read_back() {
    run("lists", lists);
}

#[test]
fn a_name_from_a_stranger_leads_nowhere_else() {
    run("names", names);
}

#[test]
fn what_a_rule_takes_from_a_path_is_built_again() {
    run("routing", routing);
}

/// Runs a target over its corpus, and over mutations of it.
fn run(name: &str, target: Target) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let corpus = corpus(&root.join("corpus").join(name));
    let dictionary = dictionary(&root.join("dictionary"));
    for (file, data) in &corpus {
        attempt(target, data, &format!("corpus/{name}/{file}"));
    }
    let longer = std::env::var(SECONDS).ok();
    let (seed, rounds, time) = match &longer {
        None => (0x5eed, ROUNDS, MOST_TIME),
        Some(seconds) => {
            let seconds = seconds.parse().expect(SECONDS);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            (
                now.as_nanos() as u64,
                u64::MAX,
                Duration::from_secs(seconds),
            )
        }
    };
    let mut random = Random::new(seed);
    let began = Instant::now();
    for round in 0..rounds {
        if began.elapsed() > time {
            break;
        }
        let data = mutate(&corpus, &dictionary, &mut random);
        attempt(target, &data, &format!("round {round} from seed {seed:#x}"));
    }
}

/// A corpus's inputs by the names of their files, in order.
fn corpus(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("every target has a corpus");
    let mut corpus: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    corpus.sort();
    assert!(!corpus.is_empty(), "{} is empty", folder.display());
    corpus
}

/// libFuzzer's form: a word in quotes to a line; of its escapes only `\xAB` occurs.
fn dictionary(file: &Path) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('"'));
    lines
        .map(|line| unescape(&line[1..line.len() - 1]))
        .collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut word = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        word.push(u8::from_str_radix(hex, 16).unwrap());
        word.extend_from_slice(rest.as_bytes());
    }
    word
}

/// One to four changes, of the kinds that break parsers, to an input of the corpus.
fn mutate(corpus: &[(String, Vec<u8>)], words: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = corpus[random.below(corpus.len())].1.clone();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len() + 1);
        let end = (at + random.below(20)).min(data.len());
        match random.below(6) {
            0 | 1 => drop(data.splice(at..at, words[random.below(words.len())].clone())),
            2 => drop(data.drain(at..end)),
            3 if at < data.len() => data[at] = random.next() as u8,
            4 => {
                let again = data[at..end].to_vec();
                data.splice(at..at, again);
            }
            _ => {
                let other = &corpus[random.below(corpus.len())].1;
                data.truncate(at);
                data.extend_from_slice(&other[random.below(other.len())..]);
            }
        }
    }
    data
}

fn attempt(target: Target, data: &[u8], origin: &str) {
    if let Err(cause) = panic::catch_unwind(|| target(data)) {
        eprintln!("the input, from {origin}: b\"{}\"", data.escape_ascii());
        panic::resume_unwind(cause);
    }
}
