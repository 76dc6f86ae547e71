//! What pages of other origins may do with an answer: the `Cross-Origin-…-Policy` fields (HTML
//! §7.1.3 and §7.1.4, Fetch §3.7).

use crate::http::policy::words::words;

words! {
    /// Whether a page shares its windows with those that opened it, or that it opens:
    /// `Cross-Origin-Opener-Policy`.
    CrossOriginOpenerPolicy {
        /// With all: what holds without the field.
        UnsafeNone = "unsafe-none",
        /// With its own origin, and with windows it opens that ask for nothing.
        SameOriginAllowPopups = "same-origin-allow-popups",
        /// With its own origin.
        SameOrigin = "same-origin",
        /// With none, be they of its own origin.
        NoopenerAllowPopups = "noopener-allow-popups",
    }
}

words! {
    /// What a page may load from other origins: `Cross-Origin-Embedder-Policy`.
    CrossOriginEmbedderPolicy {
        /// All: what holds without the field.
        UnsafeNone = "unsafe-none",
        /// What allows it, by CORS or by [`CrossOriginResourcePolicy`].
        RequireCorp = "require-corp",
        /// All, yet without cookies where it does not allow it.
        Credentialless = "credentialless",
    }
}

words! {
    /// Whose pages may load an answer as a picture, a script and the like:
    /// `Cross-Origin-Resource-Policy`.
    CrossOriginResourcePolicy {
        /// Those of the same registrable domain.
        SameSite = "same-site",
        /// Those of the same origin.
        SameOrigin = "same-origin",
        /// Everyone's.
        CrossOrigin = "cross-origin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_left_aside() {
        let policy = CrossOriginOpenerPolicy::parse("same-origin; report-to=\"x\"");
        assert_eq!(policy, Some(CrossOriginOpenerPolicy::SameOrigin));
        assert_eq!(CrossOriginEmbedderPolicy::parse("\"require-corp\""), None);
        assert_eq!(
            CrossOriginResourcePolicy::CrossOrigin.as_str(),
            "cross-origin"
        );
    }
}
