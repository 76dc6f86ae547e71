use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::pages::Owner;
use crate::sys::unwind::Symbol;

/// Whose code a frame runs: by its file, and by its name where it has none.
pub(super) fn owner(symbol: &Symbol) -> Owner {
    let Some(file) = symbol.file.as_deref().and_then(Path::to_str) else {
        return match &*symbol.name {
            name if is_of_std(name) => Owner::Std,
            // C's own names have no path: `main`, `_start`, `clone3`.
            name if is_ours(name) || !name.contains("::") => Owner::Runtime,
            _ => Owner::User,
        };
    };
    if is_std_source(file) {
        Owner::Std
    } else if file.starts_with(OUR_SOURCE) || is_ours(&symbol.name) {
        Owner::Runtime
    } else if let Some((package, _)) = dependency(file) {
        Owner::Dependency(package.to_owned())
    } else {
        Owner::User
    }
}

/// Std's own files and those of the crates in it, as they are named in its debug information.
fn is_std_source(file: &str) -> bool {
    file.starts_with("/rustc/")
        || file.starts_with(STD_DEPENDENCIES)
        || file.contains("/rustlib/src/rust/")
}

const STD_DEPENDENCIES: &str = "/rust/deps/";

/// Where this library was compiled.
const OUR_SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");

fn is_ours(name: &str) -> bool {
    name.trim_start_matches('<').starts_with("devserve::")
}

fn is_of_std(name: &str) -> bool {
    let name = name.trim_start_matches(['<', '&']);
    ["std::", "core::", "alloc::", "test::", "__rustc::"]
        .iter()
        .any(|root| name.starts_with(root))
}

/// The package and the rest of the path, for a file in cargo's registry or a git checkout.
fn dependency(file: &str) -> Option<(&str, &str)> {
    if let Some((_, rest)) = file.split_once("/registry/src/") {
        return rest.split_once('/')?.1.split_once('/');
    }
    // `checkouts/NAME-HASH/REVISION/…`
    let (_, rest) = file.split_once("/git/checkouts/")?;
    let (checkout, rest) = rest.split_once('/')?;
    let package = checkout.rsplit_once('-').map_or(checkout, |(name, _)| name);
    Some((package, rest.split_once('/')?.1))
}

/// A file by the shortest name it is known by.
pub(super) fn short(file: &Path) -> Cow<'_, str> {
    let text = file.to_string_lossy();
    if let Some((package, rest)) = dependency(&text) {
        return Cow::Owned(format!("{package}/{rest}"));
    }
    if is_std_source(&text) {
        let rest = text.split_once("/library/").map(|(_, rest)| rest);
        let rest = rest.or_else(|| text.strip_prefix(STD_DEPENDENCIES));
        return Cow::Owned(rest.unwrap_or(&text).to_owned());
    }
    // From where the user started it; else from the package, which cargo and its like name.
    let here = std::env::current_dir().ok();
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let mut roots = here.into_iter().chain(package);
    match roots.find_map(|root| file.strip_prefix(root).ok()) {
        Some(relative) => Cow::Owned(relative.to_string_lossy().into_owned()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(name: &str, file: &str) -> Symbol {
        Symbol {
            name: name.to_owned(),
            file: (!file.is_empty()).then(|| file.into()),
            line: (!file.is_empty()).then_some(7),
            column: None,
        }
    }

    #[track_caller]
    fn check_owner(name: &str, file: &str, want: Owner) {
        assert_eq!(owner(&symbol(name, file)), want, "{name} in {file}");
    }

    #[test]
    fn a_frame_belongs_to_whoever_wrote_its_file() {
        let serde = Owner::Dependency("serde_json-1.0.140".to_owned());
        let registry = "/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
        check_owner(
            "serde_json::de::from_str",
            &format!("{registry}/serde_json-1.0.140/src/de.rs"),
            serde,
        );
        let tea = Owner::Dependency("tea".to_owned());
        check_owner(
            "tea::pot",
            "/home/me/.cargo/git/checkouts/tea-0a1b2c/3d4e5f/src/lib.rs",
            tea,
        );
        check_owner(
            "core::option::unwrap",
            "/rustc/abc/library/core/src/option.rs",
            Owner::Std,
        );
        check_owner(
            "<shop::Cart as Total>::total",
            "/home/me/shop/src/cart.rs",
            Owner::User,
        );
        check_owner(
            "shop::main",
            &format!("{}/examples/x.rs", env!("CARGO_MANIFEST_DIR")),
            Owner::User,
        );
        check_owner(
            "hashbrown::fold",
            "/rust/deps/hashbrown-0.16.1/src/map.rs",
            Owner::Std,
        );
        check_owner("x", &format!("{OUR_SOURCE}wsgi/app.rs"), Owner::Runtime);
    }

    #[test]
    fn without_files_the_name_decides() {
        check_owner("<core::iter::Map as Iterator>::next", "", Owner::Std);
        check_owner("shop::cart::total", "", Owner::User);
        check_owner("devserve::wsgi::call", "", Owner::Runtime);
        check_owner("__libc_start_main", "", Owner::Runtime);
    }

    #[test]
    fn files_go_by_their_short_names() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(short(&here.join("src/lib.rs")), "src/lib.rs");
        assert_eq!(
            short(Path::new("/elsewhere/src/lib.rs")),
            "/elsewhere/src/lib.rs"
        );
        assert_eq!(
            short(Path::new("/rustc/abc/library/core/src/option.rs")),
            "core/src/option.rs"
        );
        assert_eq!(
            short(Path::new("/c/registry/src/i/tea-1.0.0/src/a.rs")),
            "tea-1.0.0/src/a.rs"
        );
    }
}
