//! Nothing but tests, in `tests/tower.rs`.
