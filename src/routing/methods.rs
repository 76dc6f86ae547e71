use crate::http::Method;

/// A set of methods: those of RFC 9110 and RFC 5789 as bits, others by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MethodSet {
    known: u16,
    others: Vec<Method>,
}

const KNOWN: [Method; 9] = [
    Method::CONNECT,
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
    Method::TRACE,
];

impl MethodSet {
    /// Every method, also those no RFC knows: their bit is the one above.
    pub(super) const ALL: Self = Self {
        known: u16::MAX,
        others: Vec::new(),
    };

    pub(super) fn contains(&self, method: &Method) -> bool {
        match bit(method) {
            Some(bit) => self.known & bit != 0,
            None => self.is_all() || self.others.contains(method),
        }
    }

    pub(super) fn is_all(&self) -> bool {
        self.known == u16::MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known == 0 && self.others.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.known.count_ones() as usize + self.others.len()
    }

    pub(super) fn insert(&mut self, method: &Method) {
        match bit(method) {
            Some(bit) => self.known |= bit,
            None if self.others.contains(method) => {}
            None => self.others.push(method.clone()),
        }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.known |= other.known;
        for method in &other.others {
            self.insert(method);
        }
    }

    /// A method that is in both, besides `HEAD` and `OPTIONS`, which many have.
    pub(super) fn shared_with(&self, other: &Self) -> Option<Method> {
        let usual = [Method::HEAD, Method::OPTIONS];
        let mut methods = self.iter().filter(|method| !usual.contains(method));
        methods.find(|method| other.contains(method))
    }

    /// In the order of the alphabet. Of all methods, those that have a bit.
    pub(super) fn iter(&self) -> impl Iterator<Item = Method> {
        let known = KNOWN.into_iter().filter(|method| self.contains(method));
        let mut methods: Vec<_> = known.chain(self.others.iter().cloned()).collect();
        methods.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        methods.into_iter()
    }
}

impl<'m> FromIterator<&'m Method> for MethodSet {
    fn from_iter<I: IntoIterator<Item = &'m Method>>(methods: I) -> Self {
        let mut set = Self::default();
        for method in methods {
            set.insert(method);
        }
        set
    }
}

fn bit(method: &Method) -> Option<u16> {
    let place = match *method {
        Method::CONNECT => 0,
        Method::DELETE => 1,
        Method::GET => 2,
        Method::HEAD => 3,
        Method::OPTIONS => 4,
        Method::PATCH => 5,
        Method::POST => 6,
        Method::PUT => 7,
        Method::TRACE => 8,
        _ => return None, // an extension
    };
    Some(1 << place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_methods_and_others_make_one_set() {
        let purge: Method = "PURGE".parse().unwrap();
        let set: MethodSet = [&purge, &Method::PUT, &Method::GET].into_iter().collect();
        assert!(set.contains(&purge) && set.contains(&Method::GET));
        assert!(!set.contains(&Method::POST) && !set.contains(&"X".parse().unwrap()));
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Method::GET, purge.clone(), Method::PUT]
        );
        assert!(MethodSet::ALL.contains(&purge));
        assert_eq!(MethodSet::ALL.iter().count(), KNOWN.len());
        for (place, method) in KNOWN.iter().enumerate() {
            assert_eq!(bit(method), Some(1 << place), "{method}");
        }
    }
}
