use memchr::memchr;

/// Texts that lead from one number to another: the static edges of all states in one table.
///
/// One look costs the same however many there are: a slot, which mostly holds the text too.
/// Strangers only ask, they never add, so nobody can make texts collide on purpose.
#[derive(Debug)]
pub(super) struct Labels {
    // Open addressing with linear probing. Invariant: the length is a power of two, and at
    // least half of the slots are empty, so every search ends.
    slots: Box<[Slot]>,
    /// What is too long for its slot.
    text: String,
}

// Half of a cache line, so that a look reads one.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Slot {
    from: u32,
    to: u32,
    key: [u64; 3],
}

const EMPTY: Slot = Slot {
    from: u32::MAX,
    to: u32::MAX,
    key: [0; 3],
};

/// A label, made ready to be looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'t> {
    text: &'t str,
    // The text, padded with zeros, and its length in the last byte; or, of a longer text, its
    // hash, room for where it stands, and `LONG`.
    words: [u64; 3],
}

/// What fits into a key, in bytes.
const SHORT: usize = 23;
const LONG: u64 = 0xff << 56;

impl Labels {
    /// A table of edges `(from, label, to)`; no two have the same start and label.
    pub(super) fn new<'l>(edges: impl ExactSizeIterator<Item = (u32, &'l str, u32)>) -> Self {
        let len = (edges.len() * 2 + 1).next_power_of_two();
        let mut labels = Self {
            slots: vec![EMPTY; len].into(),
            text: String::new(),
        };
        for (from, label, to) in edges {
            let mut key = Key::of(label).words;
            let mut place = labels.place(from, &key);
            while labels.slots[place].from != u32::MAX {
                place = labels.after(place);
            }
            if key[2] == LONG {
                key[1] = (labels.text.len() as u64) << 32 | label.len() as u64;
                labels.text.push_str(label);
            }
            labels.slots[place] = Slot { from, to, key };
        }
        labels
    }

    /// Where `label` leads to from `from`.
    pub(super) fn get(&self, from: u32, label: &Key<'_>) -> Option<u32> {
        let mut place = self.place(from, &label.words);
        loop {
            let slot = &self.slots[place];
            if slot.from == from && self.holds(slot, label) {
                return Some(slot.to);
            }
            if slot.from == u32::MAX {
                return None;
            }
            place = self.after(place);
        }
    }

    fn holds(&self, slot: &Slot, label: &Key<'_>) -> bool {
        let (own, asked) = (&slot.key, &label.words);
        if own[0] != asked[0] || own[2] != asked[2] {
            return false;
        }
        if own[2] != LONG {
            return own[1] == asked[1];
        }
        let (start, len) = ((own[1] >> 32) as usize, own[1] as u32 as usize);
        &self.text.as_bytes()[start..start + len] == label.text.as_bytes()
    }

    fn place(&self, from: u32, key: &[u64; 3]) -> usize {
        let from = u64::from(from).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Of a longer text the first word says it all.
        let middle = if key[2] == LONG { 0 } else { key[1] };
        let hash = mix(key[0] ^ from ^ middle.rotate_left(29) ^ key[2].rotate_left(11));
        (hash ^ hash >> 32) as usize & (self.slots.len() - 1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.slots.len() - 1)
    }
}

impl<'t> Key<'t> {
    /// The key of a whole text.
    pub(super) fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let words = match bytes.len() {
            len @ ..=SHORT => {
                let length = (len as u64) << 56;
                [word(bytes, 0), word(bytes, 8), word(bytes, 16) | length]
            }
            _ => [hash(bytes), 0, LONG],
        };
        Self { text, words }
    }

    /// The key of what stands before the text's first slash, or of all of it.
    pub(super) fn of_segment(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut words = [0; 3];
        for (place, part) in words.iter_mut().enumerate() {
            let at = place * 8;
            *part = word(bytes, at);
            let (slash, end) = (first_slash(*part), bytes.len().saturating_sub(at));
            let len = slash.min(end);
            if len < 8 {
                *part &= (1 << (8 * len)) - 1;
                words[2] |= ((at + len) as u64) << 56;
                return Self {
                    text: &text[..at + len],
                    words,
                };
            }
        }
        let len = memchr(b'/', &bytes[SHORT + 1..]).map_or(bytes.len(), |len| SHORT + 1 + len);
        Self::of(&text[..len])
    }

    /// The text.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }
}

/// The eight bytes from `at` on, the first one lowest, with zeros behind the end.
fn word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(word) = rest.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    match bytes.last_chunk() {
        // One read, and what stands before is shifted out.
        Some(_) if rest.is_empty() => 0,
        Some(word) => u64::from_le_bytes(*word) >> (64 - 8 * rest.len()),
        None => rest
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// How many bytes of a word stand before its first slash; 8 without one.
fn first_slash(word: u64) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let others = word ^ (ONES * b'/' as u64);
    // The lowest bit that is set is right; those above may be a borrow's.
    let zeros = others.wrapping_sub(ONES) & !others & (ONES << 7);
    (zeros.trailing_zeros() / 8) as usize
}

/// Eight bytes at a time, each mixed in by a multiplication whose high half is folded back.
fn hash(text: &[u8]) -> u64 {
    let words = (0..text.len()).step_by(8).map(|at| word(text, at));
    words.fold(text.len() as u64, |hash, word| mix(hash ^ word))
}

fn mix(word: u64) -> u64 {
    let product = u128::from(word) * 0xa076_1d64_78bd_642f;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_found_from_its_own_state_only() {
        let labels: Vec<String> = (0..3000)
            .map(|n| "x".repeat(n % 41) + &n.to_string())
            .collect();
        let edges = (0..).zip(&labels).map(|(n, label)| (n % 7, &**label, n));
        let edges: Vec<_> = edges.collect();
        let table = Labels::new(edges.iter().copied());
        for (from, label, to) in edges {
            assert_eq!(table.get(from, &Key::of(label)), Some(to), "{label}");
            assert_eq!(table.get(from + 1, &Key::of(label)), None, "{label}");
            assert_eq!(table.get(from, &Key::of(&format!("{label}x"))), None);
            assert_eq!(table.get(from, &Key::of(&format!("{label}\0"))), None);
        }
        assert_eq!(Labels::new([].into_iter()).get(0, &Key::of("")), None);
    }

    #[test]
    fn a_segment_has_the_key_of_its_text() {
        for len in 0..60 {
            let segment: String = ('!'..'/').cycle().take(len).collect();
            for rest in ["", "/", "//", "/and more/than eight bytes"] {
                let text = format!("{segment}{rest}");
                let key = Key::of_segment(&text);
                assert_eq!(key.text(), segment);
                assert_eq!(key.words, Key::of(&segment).words, "{text}");
            }
        }
        assert_ne!(Key::of("a").words, Key::of("a\0").words);
        assert_eq!(Key::of_segment("aé.0/").text(), "aé.0");
    }
}
