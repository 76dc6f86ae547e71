//! The `devserve` command.
fn main() {}
