use std::path::{Component, Path};

use devserve::security::{
    PasswordMethod, Platform, needs_rehash, safe_join_on, secure_filename_on,
};

/// Names that strangers give: no path leaves its folder, no file name is more than one, and no
/// password method costs more than allowed.
pub fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for platform in [Platform::Posix, Platform::Windows] {
        joined(platform, &text);
        flat(platform, &text);
    }
    method(&text);
}

fn joined(platform: Platform, text: &str) {
    let base = Path::new("base");
    let Some(path) = safe_join_on(platform, base, text.split('\n')) else {
        return;
    };
    let below = path.strip_prefix(base).expect("a path below its base");
    for component in below.components() {
        match component {
            Component::Normal(name) => {
                let name = name.to_str().expect("made of text");
                assert!(!name.contains('\0'), "{path:?}");
                let is_plain =
                    !name.contains(['\\', ':']) && !name.trim_matches(['.', ' ']).is_empty();
                assert!(platform == Platform::Posix || is_plain, "{path:?}");
            }
            Component::CurDir => {}
            _ => panic!("{path:?}"),
        }
    }
}

fn flat(platform: Platform, text: &str) {
    let name = secure_filename_on(platform, text);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    assert!(
        name.bytes().all(is_plain) && !name.starts_with('.'),
        "{name:?}"
    );
    if !name.is_empty() {
        let path = safe_join_on(platform, Path::new("base"), [name.as_str()]);
        assert_eq!(path, Some(Path::new("base").join(&name)));
    }
}

fn method(text: &str) {
    if let Ok(method) = text.parse::<PasswordMethod>() {
        let written = method.to_string();
        assert_eq!(
            written.parse::<PasswordMethod>().ok(),
            Some(method),
            "{written}"
        );
    }
    needs_rehash(text);
}
