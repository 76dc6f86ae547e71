use std::path::{Path, PathBuf};

use crate::security::Platform;
use crate::security::platform::is_device;

/// `base` with untrusted, percent-decoded `parts` below it; `None` where they would leave it.
///
/// The file system is not asked, so a symbolic link inside `base` is followed: keep strangers
/// from making those.
///
/// ```
/// # use std::path::Path;
/// # use devserve::security::safe_join;
/// assert_eq!(safe_join(Path::new("static"), ["css/site.css"]).unwrap(), Path::new("static/css/site.css"));
/// assert_eq!(safe_join(Path::new("static"), ["../secrets"]), None);
/// ```
pub fn safe_join<'a>(base: &Path, parts: impl IntoIterator<Item = &'a str>) -> Option<PathBuf> {
    safe_join_on(Platform::current(), base, parts)
}

/// [`safe_join`] by the rules of another platform.
pub fn safe_join_on<'a>(
    platform: Platform,
    base: &Path,
    parts: impl IntoIterator<Item = &'a str>,
) -> Option<PathBuf> {
    // An empty base is the current folder; joined as it is, `c:x` would become the whole path.
    let mut path = if base.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        base.to_owned()
    };
    for part in parts {
        if !part.is_empty() {
            path.push(normalize(platform, part)?);
        }
    }
    Some(path)
}

/// `part` without `.`, `..` and empty segments; `None` where it is absolute, climbs out, or
/// names what is no plain file.
fn normalize(platform: Platform, part: &str) -> Option<String> {
    if part.starts_with('/') || part.contains('\0') {
        return None;
    }
    if platform == Platform::Windows && part.contains(['\\', ':']) {
        return None;
    }
    let mut segments = Vec::new();
    for segment in part.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()?),
            name if platform == Platform::Windows && is_device(name) => return None,
            name => segments.push(name),
        }
    }
    if segments.is_empty() {
        return Some(".".to_owned());
    }
    Some(segments.join("/"))
}
