//! Names with several values each: [`MultiDict`], and [`CombinedMultiDict`], which reads
//! several as one.

mod combined;
mod dict;
mod value_error;

pub use combined::CombinedMultiDict;
pub use dict::MultiDict;
pub use value_error::ValueError;
