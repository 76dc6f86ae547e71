use std::borrow::Cow;

/// `text` as it may stand in an HTML element or a quoted attribute.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes_from_an_element_or_an_attribute() {
        assert_eq!(escape("a < b"), "a &lt; b");
        assert_eq!(escape("\"'><&"), "&quot;&#39;&gt;&lt;&amp;");
        assert!(matches!(escape("plain"), Cow::Borrowed(_)));
    }
}
