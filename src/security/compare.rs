use subtle::ConstantTimeEq;

/// Whether two secrets are the same, in a time that does not tell how much of them is.
///
/// It does tell whether they are equally long.
///
/// ```
/// # use devserve::security::constant_time_eq;
/// assert!(constant_time_eq(b"token", b"token"));
/// assert!(!constant_time_eq("token", "toke"));
/// ```
pub fn constant_time_eq(left: impl AsRef<[u8]>, right: impl AsRef<[u8]>) -> bool {
    left.as_ref().ct_eq(right.as_ref()).into()
}
