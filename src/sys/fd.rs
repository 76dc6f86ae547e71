use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use rustix::io::FdFlags;

/// Takes an inherited descriptor into ownership, and keeps it from our own children.
///
/// Contract: `number` was put there by whoever started this process (3 and up, by systemd's
/// convention) and nothing else in this process owns it. Refuses a number that is not open.
pub(crate) fn inherited(number: i32) -> io::Result<OwnedFd> {
    if number < 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the number is only borrowed to be asked for its flags; a closed one is an error.
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_setfd(borrowed, FdFlags::CLOEXEC)?;
    // SAFETY: it is open, and by this function's contract nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
