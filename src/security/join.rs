use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::security::Platform;
use crate::security::platform::is_device;
use crate::text::latin1;

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

/// An untrusted, percent-decoded path of any bytes, as the file systems of Unix have them, without
/// `.`, `..` and empty segments; `None` where it leaves the folder it is asked of. The folder
/// itself is the empty path.
pub(crate) fn plain_path(path: &[u8]) -> Option<Vec<u8>> {
    let platform = Platform::current();
    let plain = match std::str::from_utf8(path) {
        Ok(text) => normalize(platform, text)?.into_bytes(),
        // What is looked for is ASCII, so the disguise changes nothing.
        Err(_) if platform == Platform::Posix => {
            let plain = normalize(platform, &latin1::from_bytes(path))?;
            latin1::to_bytes(&plain)?.into_owned()
        }
        Err(_) => return None,
    };
    Some(if plain == b"." { Vec::new() } else { plain })
}

/// A path of any bytes, where the system has such.
#[cfg(unix)]
pub(crate) fn path_of_bytes(bytes: &[u8]) -> Option<&OsStr> {
    Some(std::os::unix::ffi::OsStrExt::from_bytes(bytes))
}

/// A path of any bytes, where the system has such.
#[cfg(not(unix))]
pub(crate) fn path_of_bytes(bytes: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(bytes).ok().map(OsStr::new)
}

/// Whether Windows takes `name` for a file or a folder below the current one. It drops dots and
/// spaces at the end, and then `.. ` is the folder above.
fn is_plain(name: &str) -> bool {
    !is_device(name) && !name.trim_end_matches(['.', ' ']).is_empty()
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
            name if platform == Platform::Windows && !is_plain(name) => return None,
            name => segments.push(name),
        }
    }
    if segments.is_empty() {
        return Some(".".to_owned());
    }
    Some(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(platform: Platform, base: &str, parts: &[&str], want: Option<&str>) {
        let path = safe_join_on(platform, Path::new(base), parts.iter().copied());
        assert_eq!(path.as_deref(), want.map(Path::new), "{base} {parts:?}");
    }

    #[test]
    fn each_part_stays_below_the_one_before() {
        use Platform::Posix;
        check(Posix, "a", &[""], Some("a"));
        check(Posix, "", &[], Some("."));
        check(Posix, "a", &["b/"], Some("a/b"));
        check(Posix, "a", &["b/.", "./c"], Some("a/b/c"));
        check(Posix, "a", &["b", ".."], None);
        check(Posix, "a", &["b/../.."], None);
        check(Posix, "a", &["./.."], None);
        check(Posix, "a", &["..", ""], None);
        check(Posix, "a", &["~/b", "CON", ".. "], Some("a/~/b/CON/.. "));
        check(Posix, "a", &["b\0"], None);
        check(Posix, "/", &["../etc"], None);
    }

    #[test]
    fn a_plain_path_may_have_any_bytes() {
        for (path, want) in [
            (&b""[..], Some(&b""[..])),
            (b"./", Some(b"")),
            (b"a//b/./c/..", Some(b"a/b")),
            (b"caf\xe9/x", Some(b"caf\xe9/x")),
            (b"\xff/../b", Some(b"b")),
            (b"\xff/../..", None),
            (b"/\xff", None),
            (b"\xff\0", None),
        ] {
            assert_eq!(plain_path(path).as_deref(), want, "{}", path.escape_ascii());
        }
    }

    #[test]
    fn windows_has_more_ways_out() {
        use Platform::Windows;
        check(Windows, "a", &["b/c.txt"], Some("a/b/c.txt"));
        for part in [
            ".. ",
            "..  /b",
            "...",
            ". .",
            " ",
            "b/... ",
            "\\b",
            "\\\\?\\C:\\b",
            "c:",
            "b:stream",
            "b/nul",
            "Com1",
            "com¹",
            "lpt9.txt",
            "aux .txt",
            "conin$",
            "PRN...",
        ] {
            check(Windows, "a", &[part], None);
        }
        for part in ["b.", "comx", "com", "com11", "nul_", "xnul", "..b", "lpt"] {
            check(Windows, "a", &[part], Some(&format!("a/{part}")));
        }
    }
}
