/// Texts that lead from one number to another: the static edges of all states in one table.
///
/// One look costs the same however many there are: a slot, and the text to compare with.
/// Strangers only ask, they never add, so nobody can make texts collide on purpose.
#[derive(Debug)]
pub(super) struct Labels {
    // Open addressing with linear probing. Invariant: the length is a power of two, and at
    // least half of the slots are empty, so every search ends.
    slots: Box<[Slot]>,
    text: String,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    from: u32,
    start: u32,
    len: u32,
    to: u32,
}

const EMPTY: Slot = Slot {
    hash: 0,
    from: u32::MAX,
    start: 0,
    len: 0,
    to: u32::MAX,
};

impl Labels {
    /// A table of edges `(from, label, to)`; no two have the same start and label.
    pub(super) fn new<'l>(edges: impl ExactSizeIterator<Item = (u32, &'l str, u32)>) -> Self {
        let len = (edges.len() * 2 + 1).next_power_of_two();
        let mut labels = Self {
            slots: vec![EMPTY; len].into(),
            text: String::new(),
        };
        for (from, label, to) in edges {
            let hash = hash(from, label.as_bytes());
            let mut place = labels.place(hash);
            while labels.slots[place].from != u32::MAX {
                place = labels.after(place);
            }
            labels.slots[place] = Slot {
                hash,
                from,
                start: labels.text.len() as u32,
                len: label.len() as u32,
                to,
            };
            labels.text.push_str(label);
        }
        labels
    }

    /// Where `label` leads to from `from`.
    pub(super) fn get(&self, from: u32, label: &str) -> Option<u32> {
        let hash = hash(from, label.as_bytes());
        let mut place = self.place(hash);
        loop {
            let slot = &self.slots[place];
            if slot.from == u32::MAX {
                return None;
            }
            if slot.hash == hash && slot.from == from && self.label(slot) == label.as_bytes() {
                return Some(slot.to);
            }
            place = self.after(place);
        }
    }

    fn label(&self, slot: &Slot) -> &[u8] {
        let start = slot.start as usize;
        &self.text.as_bytes()[start..start + slot.len as usize]
    }

    fn place(&self, hash: u32) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.slots.len() - 1)
    }
}

/// Eight bytes at a time, each mixed in by a multiplication whose high half is folded back.
fn hash(from: u32, label: &[u8]) -> u32 {
    let mut hash = u64::from(from).wrapping_add(label.len() as u64) ^ 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = label.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word));
    }
    hash = mix(hash ^ short_word(rest));
    (hash ^ hash >> 32) as u32
}

/// Up to seven bytes as a number, in which each has a place.
fn short_word(bytes: &[u8]) -> u64 {
    let byte = |at: usize| u64::from(bytes[at]);
    match bytes.len() {
        0 => 0,
        1..=3 => {
            let (first, middle, last) = (byte(0), byte(bytes.len() / 2), byte(bytes.len() - 1));
            first | middle << 8 | last << 16
        }
        len => {
            let word = |at: usize| {
                let mut word = [0; 4];
                word.copy_from_slice(&bytes[at..at + 4]);
                u64::from(u32::from_le_bytes(word))
            };
            word(0) | word(len - 4) << 32
        }
    }
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
            .map(|n| "x".repeat(n % 21) + &n.to_string())
            .collect();
        let edges = (0..).zip(&labels).map(|(n, label)| (n % 7, &**label, n));
        let edges: Vec<_> = edges.collect();
        let table = Labels::new(edges.iter().copied());
        for (from, label, to) in edges {
            assert_eq!(table.get(from, label), Some(to), "{label}");
            assert_eq!(table.get(from + 1, label), None, "{label}");
            assert_eq!(table.get(from, &format!("{label}x")), None);
        }
        assert_eq!(Labels::new([].into_iter()).get(0, ""), None);
    }
}
