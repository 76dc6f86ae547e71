use crate::middleware::shared_data::shared_data::IsHidden;
use crate::middleware::shared_data::source::Source;
use crate::wsgi::{Environ, Reply, Result};

/// No folder is listed.
#[derive(Debug, Default)]
pub(super) struct Listing {}

impl Listing {
    pub(super) fn is_on(&self) -> bool {
        false
    }

    pub(super) fn reply(
        &self,
        _: &Source,
        _: &str,
        _: &[u8],
        _: &IsHidden,
        _: &Environ,
    ) -> Result<Option<Reply>> {
        Ok(None)
    }
}
