use serde::Serialize;

use crate::forms::urlencoded;
use crate::testing::EnvironBuilder;

impl<C> EnvironBuilder<C> {
    /// Adds a name and a value to the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.add_query(&urlencoded::serialize([(name, value)]));
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

    /// With a value of yours as an urlencoded form.
    ///
    /// # Panics
    /// If the value cannot be a form: only structs, maps and lists of pairs can.
    #[track_caller]
    pub fn form_of(self, value: &(impl Serialize + ?Sized)) -> Self {
        match urlencoded::to_string(value) {
            Ok(body) => self.body("application/x-www-form-urlencoded", body),
            Err(error) => panic!("{error}"),
        }
    }
}
