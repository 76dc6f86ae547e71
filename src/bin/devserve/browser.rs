use std::env;
use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};
use std::thread;

/// Shows `url` in the browser that `BROWSER` names, or the system's.
pub(crate) fn open(url: &str) -> io::Result<()> {
    let mut process = Command::new(program())
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // It may be the browser itself and stay for hours; without this it would then stay a zombie.
    thread::Builder::new()
        .name("browser".to_owned())
        .spawn(move || process.wait())?;
    Ok(())
}

fn program() -> OsString {
    let system = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    env::var_os("BROWSER")
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| system.into())
}
