//! Every line of unsafe code, each file with its contract. Imports nothing of ours.

pub(crate) mod unwind;
