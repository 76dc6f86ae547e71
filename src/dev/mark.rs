use http::{HeaderMap, HeaderValue, header};

/// What tells the entity tag of a page with the script from that of the page as it was made.
///
/// The script knows the version it came with. A page kept from an older version and found not
/// modified would take itself for old, and reload for ever.
#[derive(Debug)]
pub(crate) struct Mark {
    version: u64,
    ending: String,
}

impl Mark {
    /// The mark of pages of this version.
    pub(crate) fn new(version: u64) -> Self {
        Self {
            version,
            ending: format!("-live-{version:x}\""),
        }
    }

    /// What a page that gets this mark is a version of.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Has the request ask about the page without the script where it asks about this version of
    /// the page with it; whether it did.
    pub(crate) fn take_off(&self, request: &mut HeaderMap) -> bool {
        let Some(value) = request.get_mut(header::IF_NONE_MATCH) else {
            return false;
        };
        let text = value.to_str().unwrap_or_default();
        if !text.contains(&self.ending) {
            return false;
        }
        match HeaderValue::try_from(text.replace(&self.ending, "\"")) {
            Ok(plain) => {
                *value = plain;
                true
            }
            Err(_) => false,
        }
    }

    /// The same for a request that loads a page, which asks of no other version: one that the
    /// app takes for good has the wrong script in it, or none.
    pub(crate) fn take_off_load(&self, request: &mut HeaderMap) -> bool {
        let was_ours = self.take_off(request);
        if !was_ours {
            request.remove(header::IF_NONE_MATCH);
        }
        request.remove(header::IF_MODIFIED_SINCE);
        was_ours
    }

    /// Marks the entity tag of an answer, if it has one.
    pub(crate) fn put_on(&self, answer: &mut HeaderMap) {
        let Some(value) = answer.get_mut(header::ETAG) else {
            return;
        };
        let text = value.to_str().ok().and_then(|tag| tag.strip_suffix('"'));
        let marked = text.map(|tag| HeaderValue::try_from(format!("{tag}{}", self.ending)));
        if let Some(Ok(marked)) = marked {
            *value = marked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_marked_and_the_mark_taken_off_again() {
        let mark = Mark::new(17);
        let mut answer = HeaderMap::new();
        answer.insert(header::ETAG, HeaderValue::from_static("\"1a-2\""));
        mark.put_on(&mut answer);
        assert_eq!(answer[header::ETAG], "\"1a-2-live-11\"");
        for (asked, is_ours, want) in [
            ("\"1a-2-live-11\"", true, "\"1a-2\""),
            ("W/\"1a-2-live-11\", \"b\"", true, "W/\"1a-2\", \"b\""),
            ("\"1a-2-live-10\"", false, "\"1a-2-live-10\""),
            ("\"1a-2\"", false, "\"1a-2\""),
            ("*", false, "*"),
        ] {
            let mut request = HeaderMap::new();
            request.insert(header::IF_NONE_MATCH, asked.parse().unwrap());
            assert_eq!(mark.take_off(&mut request), is_ours, "{asked}");
            assert_eq!(request[header::IF_NONE_MATCH], want);
        }
        assert!(!mark.take_off(&mut HeaderMap::new()));
    }

    #[test]
    fn a_load_asks_for_the_page_of_this_version_or_for_the_whole() {
        for (asked, want) in [
            ("\"a-live-11\"", Some("\"a\"")),
            ("\"a-live-10\"", None),
            ("\"a\"", None),
        ] {
            let mut request = HeaderMap::new();
            request.insert(header::IF_NONE_MATCH, asked.parse().unwrap());
            let date = HeaderValue::from_static("Fri, 20 Nov 2026 10:00:00 GMT");
            request.insert(header::IF_MODIFIED_SINCE, date);
            assert_eq!(Mark::new(17).take_off_load(&mut request), want.is_some());
            let left = request.get(header::IF_NONE_MATCH);
            assert_eq!(left.map(|tag| tag.to_str().unwrap()), want, "{asked}");
            assert!(!request.contains_key(header::IF_MODIFIED_SINCE));
        }
    }
}
