use crate::forms::urlencoded;
use crate::testing::TestRequest;

impl TestRequest<'_> {
    /// Adds a name and a value to the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.target
            .push(if self.target.contains('?') { '&' } else { '?' });
        self.target
            .push_str(&urlencoded::serialize([(name, value)]));
        self
    }

    /// With these names and values as an urlencoded form.
    pub fn form<N, V>(self, pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        self.body(
            "application/x-www-form-urlencoded",
            urlencoded::serialize(pairs),
        )
    }
}
