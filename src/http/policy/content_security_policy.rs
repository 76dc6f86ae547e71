use std::collections::HashSet;

use crate::http::HeaderValue;

/// What a page may load and do: one policy of a `Content-Security-Policy` or
/// `Content-Security-Policy-Report-Only` field (CSP level 3, §2.2).
///
/// Of two directives with one name the first counts, as in browsers.
///
/// ```
/// # use devserve::http::ContentSecurityPolicy;
/// let policy = ContentSecurityPolicy::new()
///     .with("default-src", "'self'")
///     .with("img-src", "'self' data:")
///     .with("upgrade-insecure-requests", "");
/// assert_eq!(
///     policy.to_header()?,
///     "default-src 'self'; img-src 'self' data:; upgrade-insecure-requests"
/// );
/// # Ok::<(), devserve::http::CspError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentSecurityPolicy {
    // Invariant: names are in lower case, and each is there once.
    directives: Vec<(String, String)>,
}

impl ContentSecurityPolicy {
    /// A policy that allows everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one policy, as browsers do (CSP §2.2.1): a directive they would ignore, because it
    /// is not ASCII or came before, is left out. A comma ends the policy; see
    /// [`parse_list`](Self::parse_list).
    pub fn parse(text: &str) -> Self {
        let text = text.split(',').next().unwrap_or("");
        let mut known = HashSet::new();
        let directives = text
            .split(';')
            .filter_map(directive)
            .filter(|(name, _)| known.insert(name.clone()))
            .collect();
        Self { directives }
    }

    /// Reads every policy of a field (CSP §2.2.2). A page must keep all of them.
    pub fn parse_list(text: &str) -> Vec<Self> {
        let policies = text.split(',').map(Self::parse);
        policies.filter(|policy| !policy.is_empty()).collect()
    }

    /// The directives in order, names in lower case; the value is empty where there is none.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.directives
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is no directive.
    pub fn is_empty(&self) -> bool {
        self.directives.is_empty()
    }

    /// The value of a directive, such as `script-src`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Sets a directive, where it stands or at the end; the value of one that takes none is
    /// empty. What cannot be sent comes up in [`to_header`](Self::to_header).
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let known = self
            .directives
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        match known {
            Some(known) => known.1 = value.into(),
            None => {
                let directive = (name.to_ascii_lowercase(), value.into());
                self.directives.push(directive);
            }
        }
        self
    }

    /// Takes a directive out.
    pub fn without(mut self, name: &str) -> Self {
        self.directives
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The field's value.
    ///
    /// # Errors
    /// [`CspError`] where data in a value would begin another directive, policy or field.
    pub fn to_header(&self) -> Result<HeaderValue, CspError> {
        let mut text = String::new();
        for (name, value) in self.iter() {
            if !is_name(name) {
                return Err(CspError::Name {
                    name: name.to_owned(),
                });
            }
            let broken = || CspError::Value {
                name: name.to_owned(),
                value: value.to_owned(),
            };
            if !value.bytes().all(is_value_byte) {
                return Err(broken());
            }
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            for word in value.split_ascii_whitespace() {
                text.push(' ');
                text.push_str(word);
            }
        }
        // All of it was just looked at.
        Ok(HeaderValue::from_str(&text).expect("names and values are visible ASCII"))
    }
}

/// What a policy cannot say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CspError {
    /// A name that is no directive's.
    #[error("{name:?} is no directive of a content security policy: use letters, digits and `-`")]
    Name {
        /// The name.
        name: String,
    },
    /// A value that would say more than one directive, or that browsers would ignore.
    #[error(
        "{value:?} cannot be the value of {name}: write ASCII without `;`, `,` and control characters, a host in its `xn--` form"
    )]
    Value {
        /// The directive.
        name: String,
        /// The value.
        value: String,
    },
}

fn directive(text: &str) -> Option<(String, String)> {
    let mut words = text.split_ascii_whitespace();
    let name = words.next()?.to_ascii_lowercase();
    let value = words.collect::<Vec<_>>().join(" ");
    (is_name(&name) && value.bytes().all(is_value_byte)).then_some((name, value))
}

fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_letter)
}

fn is_value_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'!'..=b'~') && !matches!(byte, b';' | b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let policies = ContentSecurityPolicy::parse_list(text);
        let written: Vec<_> = policies
            .iter()
            .map(|policy| policy.to_header().unwrap())
            .collect();
        assert_eq!(written, want, "{text:?}");
        for (policy, written) in policies.iter().zip(&written) {
            assert_eq!(
                ContentSecurityPolicy::parse(written.to_str().unwrap()),
                *policy
            );
        }
    }

    #[test]
    fn policies_read_as_browsers_read_them() {
        check(
            "Default-Src 'self'\u{c}'none';;IMG-src\t*; img-src b,, sandbox",
            &["default-src 'self' 'none'; img-src *", "sandbox"],
        );
        check(
            "img-src é.test; font-src a; a_b c; x \u{1}",
            &["font-src a"],
        );
        check(" ; , ", &[]);
    }

    #[test]
    fn directives_are_set_in_place() {
        let policy = ContentSecurityPolicy::parse("img-src *; sandbox")
            .with("IMG-SRC", "a  b ")
            .without("Sandbox")
            .with("font-src", "c");
        assert_eq!(policy.to_header().unwrap(), "img-src a b; font-src c");
        assert_eq!(policy.get("Font-Src"), Some("c"));
        assert_eq!(policy.get("sandbox"), None);
    }

    #[test]
    fn a_value_cannot_loosen_the_policy() {
        for value in [
            "a; script-src *",
            "a, b",
            "a\nb",
            "a\rb",
            "a\0",
            "\u{c}",
            "é",
            "\u{7f}",
        ] {
            let policy = ContentSecurityPolicy::new().with("img-src", value);
            assert!(
                matches!(policy.to_header(), Err(CspError::Value { .. })),
                "{value:?}"
            );
        }
        for name in ["", "a b", "img_src", "a;b", "é"] {
            let policy = ContentSecurityPolicy::new().with(name, "*");
            assert!(
                matches!(policy.to_header(), Err(CspError::Name { .. })),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_long_field_takes_no_time() {
        let text: String = (0..50_000).map(|number| format!("a{number};")).collect();
        assert_eq!(ContentSecurityPolicy::parse(&text).iter().len(), 50_000);
    }
}
