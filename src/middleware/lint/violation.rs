use std::fmt;

/// A rule of the contract that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {detail} ({}'s mistake, {})", .rule.side(), .rule.source())]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What was seen.
    pub detail: String,
}

/// The rules that are watched. Rust's types keep the others: what a header's value is, that a
/// body is closed once and not read afterwards, that chunks are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The environ has every key that it must have, each of its type.
    EnvironKeys,
    /// Text in the environ's CGI keys stands for bytes: no character is above U+00FF.
    NativeStrings,
    /// `REQUEST_METHOD` is a token.
    RequestMethod,
    /// `SCRIPT_NAME` is empty or begins with a slash, and does not end with one; `PATH_INFO` is
    /// empty or begins with one; and one of them is not empty, but for `OPTIONS *`.
    Paths,
    /// `wsgi.url_scheme` is `http` or `https`.
    UrlScheme,
    /// `CONTENT_LENGTH` is a number, and the body is framed by one thing only.
    ContentLength,
    /// `start_response` is called before the body is returned, and before `write`.
    HeadFirst,
    /// `start_response` is called once, or again with the error that forced it.
    HeadOnce,
    /// The status is a final one, or a 101 with `Upgrade`.
    FinalStatus,
    /// There is no `Status` field, and no name ends with `-` or `_`.
    HeaderNames,
    /// The app leaves to the server what is about the connection.
    HopByHop,
    /// An answer with content says what it is: `Content-Type`.
    ContentType,
    /// 1xx, 204 and 304 have no content, and no fields about it.
    NoContent,
    /// The body is as long as `Content-Length` says.
    BodyLength,
    /// An `ETag` is in quotes.
    EntityTag,
}

impl Rule {
    /// Who has to keep it: `server` or `app`.
    pub fn side(self) -> &'static str {
        match self {
            Self::EnvironKeys
            | Self::NativeStrings
            | Self::RequestMethod
            | Self::Paths
            | Self::UrlScheme
            | Self::ContentLength => "server",
            Self::HeadFirst
            | Self::HeadOnce
            | Self::FinalStatus
            | Self::HeaderNames
            | Self::HopByHop
            | Self::ContentType
            | Self::NoContent
            | Self::BodyLength
            | Self::EntityTag => "app",
        }
    }

    /// Where it is written.
    pub fn source(self) -> &'static str {
        match self {
            Self::EnvironKeys | Self::NativeStrings | Self::UrlScheme => {
                "PEP 3333, environ Variables"
            }
            Self::RequestMethod => "RFC 9110 §9.1",
            Self::Paths => "RFC 3875 §4.1.5 and §4.1.13",
            Self::ContentLength => "RFC 9112 §6.3",
            Self::HeadFirst | Self::HeadOnce | Self::HeaderNames => {
                "PEP 3333, The start_response() Callable"
            }
            Self::FinalStatus => "RFC 9110 §15.2",
            Self::HopByHop => "PEP 3333, Other HTTP Features",
            Self::ContentType => "RFC 9110 §8.3",
            Self::NoContent => "RFC 9110 §6.4.1 and §8.6",
            Self::BodyLength => "PEP 3333, Handling the Content-Length Header",
            Self::EntityTag => "RFC 9110 §8.8.3",
        }
    }
}

/// The rule in words.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EnvironKeys => "the environ has every key of PEP 3333, each of its type",
            Self::NativeStrings => "text in the environ stands for bytes",
            Self::RequestMethod => "a method is a token",
            Self::Paths => "a path in the environ is empty or begins with a slash",
            Self::UrlScheme => "a URL's scheme is http or https",
            Self::ContentLength => "a request's body has one length",
            Self::HeadFirst => "start_response comes before the body",
            Self::HeadOnce => "start_response is called twice only with an error",
            Self::FinalStatus => "an app answers with a final status",
            Self::HeaderNames => "a field has a name that every server can send",
            Self::HopByHop => "an app leaves fields about the connection to the server",
            Self::ContentType => "an answer with content has a Content-Type",
            Self::NoContent => "1xx, 204 and 304 have no content",
            Self::BodyLength => "a body is as long as its Content-Length says",
            Self::EntityTag => "an entity tag is in quotes",
        })
    }
}
