use subtle::ConstantTimeEq;

/// Whether two secrets are the same, in a time that does not tell how much of them is.
///
/// It does tell whether they are equally long.
///
/// ```
/// # use devserve::security::constant_time_eq;
/// assert!(constant_time_eq(b"token", b"token"));
/// assert!(!constant_time_eq(b"token", b"toke"));
/// ```
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
