use crate::security::Platform;
use crate::security::platform::is_device;
use crate::text::ascii;

/// `name` as a flat ASCII file name: no folders, no hidden file, no device.
///
/// Empty where nothing is left (`".."`, `"日本語"`): then make up a name.
///
/// ```
/// # use devserve::security::secure_filename;
/// assert_eq!(secure_filename("../../étage 2.png"), "etage_2.png");
/// ```
pub fn secure_filename(name: &str) -> String {
    secure_filename_on(Platform::current(), name)
}

/// [`secure_filename`] by the rules of another platform.
pub fn secure_filename_on(platform: Platform, name: &str) -> String {
    let mut flat = ascii::flatten(name).replace('/', " ");
    if platform == Platform::Windows {
        flat = flat.replace('\\', " ");
    }
    let joined = flat.split_whitespace().collect::<Vec<_>>().join("_");
    let kept: String = joined
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || "_.-".contains(*character))
        .collect();
    let trimmed = kept.trim_matches(['.', '_']);
    if platform == Platform::Windows && is_device(trimmed) {
        return format!("_{trimmed}");
    }
    trimmed.to_owned()
}
