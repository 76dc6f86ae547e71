/// A small generator (xorshift64*), so that a failure is the same on every machine.
pub(super) struct Random(u64);

impl Random {
    /// Numbers that follow from `seed` alone.
    #[cfg(test)]
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.max(1)) // from 0 nothing but 0 would follow
    }

    /// Numbers that follow from `data` alone: a target has no other source of chance.
    pub(super) fn of(data: &[u8]) -> Self {
        Self(hash(data).max(1))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`, or 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit.max(1)
    }
}

/// FNV-1a.
pub(super) fn hash(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
