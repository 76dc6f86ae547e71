//! Numbers by chance, or by a seed: then the same as Python's `random` has them.

use devserve::Result;
use devserve::routing::Uuid;

const SIZE: usize = 624;
const MIDDLE: usize = 397;

/// The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998).
#[derive(Debug)]
pub(crate) struct Random {
    state: [u32; SIZE],
    used: usize,
}

impl Random {
    /// By chance.
    pub(crate) fn new() -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        let words = key.chunks_exact(4);
        let words: Vec<_> = words
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        Ok(Self::with_key(&words))
    }

    /// As after `random.seed(int(seed))`; `None` where `seed` is no whole number.
    pub(crate) fn seeded(seed: &str) -> Option<Self> {
        let digits = seed.trim_start_matches(['-', '+']);
        if digits.is_empty() || seed.len() > digits.len() + 1 {
            return None;
        }
        // The number's 32-bit words, the lowest first; the sign does not count.
        let mut words = vec![0];
        for digit in digits.chars() {
            let mut carry = u64::from(digit.to_digit(10)?);
            for word in &mut words {
                let product = u64::from(*word) * 10 + carry;
                (*word, carry) = (product as u32, product >> 32);
            }
            if carry > 0 {
                words.push(carry as u32);
            }
        }
        Some(Self::with_key(&words))
    }

    /// `init_by_array` of the authors' own program.
    fn with_key(key: &[u32]) -> Self {
        let mut state = [0; SIZE];
        state[0] = 19_650_218;
        for i in 1..SIZE {
            state[i] = mixed(state[i - 1])
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        let (mut i, mut j) = (1, 0);
        let mut step = |change: &mut dyn FnMut(u32, u32, usize) -> u32| {
            state[i] = change(state[i], mixed(state[i - 1]), i);
            i += 1;
            if i == SIZE {
                state[0] = state[SIZE - 1];
                i = 1;
            }
        };
        for _ in 0..SIZE.max(key.len()) {
            step(&mut |old, before, _| {
                (old ^ before.wrapping_mul(1_664_525))
                    .wrapping_add(key[j])
                    .wrapping_add(j as u32)
            });
            j = (j + 1) % key.len();
        }
        for _ in 1..SIZE {
            step(&mut |old, before, i| {
                (old ^ before.wrapping_mul(1_566_083_941)).wrapping_sub(i as u32)
            });
        }
        state[0] = 1 << 31;
        Self { state, used: SIZE }
    }

    fn word(&mut self) -> u32 {
        if self.used == SIZE {
            self.twist();
        }
        let mut word = self.state[self.used];
        self.used += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    fn twist(&mut self) {
        for i in 0..SIZE {
            let next = self.state[(i + 1) % SIZE];
            let both = self.state[i] & 1 << 31 | next & !(1 << 31);
            let odd = if both & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + MIDDLE) % SIZE] ^ both >> 1 ^ odd;
        }
        self.used = 0;
    }

    /// `randint(0, 255)`, which asks for nine bits until they are fewer.
    pub(crate) fn byte(&mut self) -> u8 {
        loop {
            if let Ok(byte) = u8::try_from(self.word() >> 23) {
                return byte;
            }
        }
    }

    /// From 0 up to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(self.word()) / 2f64.powi(32)
    }

    /// A UUID by chance (RFC 9562 §5.4).
    pub(crate) fn uuid(&mut self) -> Uuid {
        let bits = (0..4).fold(0, |bits, _| bits << 32 | u128::from(self.word()));
        let free = !(0xf << 76 | 0b11 << 62);
        Uuid(bits & free | 4 << 76 | 0b10 << 62)
    }
}

/// A word, with its highest bits in its lowest.
fn mixed(word: u32) -> u32 {
    word ^ word >> 30
}
