/// Where the values of variables stand in a text, in the order of the variables.
///
/// The first few need no memory of their own.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    len: usize,
    inline: [Span; INLINE],
    more: Vec<Span>,
}

/// From and to, in bytes.
pub(super) type Span = (u32, u32);

const INLINE: usize = 4;

impl Spans {
    pub(super) fn new() -> Self {
        Self {
            len: 0,
            inline: [(0, 0); INLINE],
            more: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, from: usize, to: usize) {
        // No text has 4 GiB: see `Matcher::search`.
        let span = (from as u32, to as u32);
        match self.inline.get_mut(self.len) {
            Some(place) => *place = span,
            None => self.more.push(span),
        }
        self.len += 1;
    }

    /// Takes the last ones back, as if they had not been pushed.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = len;
        self.more.truncate(len.saturating_sub(INLINE));
    }

    pub(super) fn text<'t>(&self, place: usize, text: &'t str) -> &'t str {
        let (from, to) = match self.inline.get(place) {
            Some(span) => *span,
            None => self.more[place - INLINE],
        };
        &text[from as usize..to as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_spans_are_kept_and_taken_back() {
        let text = "0123456789abcdef";
        let mut spans = Spans::new();
        for at in 0..text.len() {
            spans.push(at, at + 1);
        }
        for len in (1..text.len()).rev() {
            spans.truncate(len);
            assert_eq!(spans.len(), len);
            assert_eq!(spans.text(len - 1, text), &text[len - 1..len]);
        }
        spans.push(3, 5);
        assert_eq!(spans.text(1, text), "34");
    }
}
