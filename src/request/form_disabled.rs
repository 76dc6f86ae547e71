/// A build without forms parses none.
#[derive(Debug, Default)]
pub(super) struct FormCache {}

impl FormCache {
    /// Never: there is no form to read.
    pub(super) fn took_body(&self) -> bool {
        false
    }
}
