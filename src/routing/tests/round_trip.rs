use super::*;

use crate::routing::{Uuid, Value};
use crate::text::percent;

/// A small generator, so that a failure is the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    fn text(&mut self, alphabet: &[char], min: usize) -> String {
        let len = min + self.below(6);
        (0..len)
            .map(|_| alphabet[self.below(alphabet.len())])
            .collect()
    }
}

const LETTERS: [char; 12] = ['a', 'b', 'Z', '0', '9', ' ', '%', '?', 'ü', '語', ';', '+'];

/// A variable's converter, and a value it takes.
fn variable(random: &mut Random) -> (&'static str, Value<'static>) {
    match random.below(8) {
        0 => ("int", Value::Int(random.below(1000) as i128)),
        1 => (
            "int(signed=True)",
            Value::Int(random.below(1000) as i128 - 500),
        ),
        2 => (
            "int(fixed_digits=5)",
            Value::Int(random.below(99_999) as i128),
        ),
        3 => (
            "float(signed=True)",
            Value::Float(random.below(9999) as f64 / 8.0 - 500.0),
        ),
        4 => (
            "uuid",
            Value::Uuid(Uuid(u128::from(random.0) * u128::from(random.0 >> 7))),
        ),
        5 => (
            "any(one, 'two three', '4+')",
            ["one", "two three", "4+"][random.below(3)].into(),
        ),
        6 => ("string(minlength=3)", random.text(&LETTERS, 3).into()),
        _ => ("string", random.text(&LETTERS, 1).into()),
    }
}

/// A rule of some segments, and values for it.
fn rule(random: &mut Random) -> (String, Vec<(String, Value<'static>)>) {
    let (mut path, mut values) = (String::new(), Vec::new());
    for place in 0..1 + random.below(5) {
        path.push('/');
        let literals = ["", "", "x", "page-", "ü "];
        path.push_str(literals[random.below(literals.len())]);
        if random.below(3) > 0 {
            let (converter, value) = variable(random);
            let name = format!("v{place}");
            path.push_str(&format!("<{converter}:{name}>"));
            values.push((name, value));
        } else {
            path.push_str("text");
        }
        path.push_str(["", "", ".html"][random.below(3)]);
    }
    match random.below(4) {
        0 => path.push('/'),
        1 => {
            let mut rest = LETTERS.to_vec();
            rest.push('/');
            let text = format!("r{}", random.text(&rest, 1));
            path.push_str("/<path:rest>");
            values.push(("rest".to_owned(), text.into()));
        }
        _ => {}
    }
    (path, values)
}

#[test]
fn what_is_built_is_matched_and_what_is_matched_is_built() {
    let mut random = Random(0x5eed);
    for _ in 0..3000 {
        let (path, values) = rule(&mut random);
        let map = map(Rule::new(&path, "it"));
        let urls = map.bind("a.test");
        let given = || {
            let values = values.iter();
            values.map(|(name, value)| (name.as_str(), value.borrowed()))
        };
        let url = urls.build("it").values(given()).url();
        let url = url.unwrap_or_else(|error| panic!("{error}"));
        let decoded = percent::decode_text(url.as_bytes());
        let found = urls.match_path(&decoded);
        let found = found.unwrap_or_else(|error| panic!("{error} by {path:?}"));
        assert!(found.params().iter().eq(given()), "{url} by {path:?}");
        let again = urls.build("it").values(found.params().iter()).url();
        assert_eq!(again.as_ref(), Ok(&url), "{path:?}");
    }
}

/// Many rules in one map: each is found by its own URL, or loses it to one that says more.
#[test]
fn rules_beside_each_other_keep_their_values() {
    let mut random = Random(0xfeed);
    for _ in 0..60 {
        let mut given: Vec<(String, Vec<(String, Value<'_>)>)> = Vec::new();
        while given.len() < 30 {
            let (path, values) = rule(&mut random);
            let known = given.iter().map(|(known, _)| known.as_str());
            let together = known
                .chain([path.as_str()])
                .map(|path| Rule::new(path, path));
            if Map::new(together).is_ok() {
                given.push((path, values));
            }
        }
        let map = map(given.iter().map(|(path, _)| Rule::new(path, path)));
        let urls = map.bind("a.test");
        for (path, values) in &given {
            let values = values.iter();
            let values = values.map(|(name, value)| (name.as_str(), value.borrowed()));
            let url = urls.build(path).values(values).url().unwrap();
            let decoded = percent::decode_text(url.as_bytes());
            let found = match urls.match_path(&decoded) {
                Ok(found) => found,
                // One that ends in a slash may be nearer.
                Err(MatchError::RequestRedirect { .. }) => continue,
                Err(error) => panic!("{error} by {path:?}"),
            };
            let build = urls.build(found.endpoint());
            let again = build.values(found.params().iter()).url().unwrap();
            let again = percent::decode_text(again.as_bytes());
            // A number may have lost zeros on the way.
            if found.endpoint() == path {
                assert_eq!(again, decoded, "{path:?}");
            }
        }
    }
}
