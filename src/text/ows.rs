const OWS: [char; 2] = [' ', '\t'];

/// `text` without the spaces and tabs around it; every other white space is part of it.
pub fn trim(text: &str) -> &str {
    text.trim_matches(OWS)
}

/// `text` without the spaces and tabs before it.
pub fn trim_start(text: &str) -> &str {
    text.trim_start_matches(OWS)
}
