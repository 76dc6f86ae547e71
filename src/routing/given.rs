use crate::routing::Value;

/// The values that a URL is built from, in the order given.
///
/// The first few need no memory of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Given<'b> {
    len: usize,
    inline: [Option<Pair<'b>>; INLINE],
    more: Vec<Pair<'b>>,
}

pub(super) type Pair<'b> = (&'b str, Value<'b>);

const INLINE: usize = 3;

impl<'b> Given<'b> {
    #[inline]
    pub(super) fn push(&mut self, pair: Pair<'b>) {
        match self.inline.get_mut(self.len) {
            Some(place) => *place = Some(pair),
            None => self.more.push(pair),
        }
        self.len += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Pair<'b>> {
        self.inline
            .iter()
            .map_while(Option::as_ref)
            .chain(&self.more)
    }

    /// The first value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Value<'b>> {
        let mut pairs = self.iter();
        pairs.find_map(|(known, value)| (*known == name).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_are_kept_in_order() {
        let mut given = Given::default();
        for (place, name) in ["a", "b", "a", "c", "d", "b"].into_iter().enumerate() {
            given.push((name, place.into()));
            assert_eq!(given.len(), place + 1);
        }
        let places: Vec<_> = given.iter().map(|(_, value)| value.to_string()).collect();
        assert_eq!(places.concat(), "012345");
        assert_eq!(given.get("b"), Some(&Value::from(1)));
        assert_eq!(given.get("d"), Some(&Value::from(4)));
        assert_eq!(given.get("e"), None);
    }
}
