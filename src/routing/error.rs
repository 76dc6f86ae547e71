use crate::http::{Method, StatusCode};
use crate::routing::Rule;

/// Why a map could not be made: the rule, the place in it, and the mend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleError {
    /// The rule's path as it was written, or the host or subdomain the problem is in.
    pub rule: String,
    /// At which character of it, from 0; `None` where it is about the rule as a whole.
    pub at: Option<usize>,
    /// What is wrong.
    pub problem: RuleProblem,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rule {:?}", self.rule)?;
        if let Some(at) = self.at {
            write!(f, " at character {}", at + 1)?;
        }
        write!(f, ": {}", self.problem)
    }
}

// The problem is part of the message, so it is no cause besides.
impl std::error::Error for RuleError {}

impl RuleError {
    pub(super) fn whole(rule: &Rule, problem: RuleProblem) -> Self {
        Self {
            rule: rule.path().to_owned(),
            at: None,
            problem,
        }
    }

    /// `at` counts bytes here.
    pub(super) fn at(text: &str, at: usize, problem: RuleProblem) -> Self {
        Self {
            rule: text.to_owned(),
            at: Some(text[..at].chars().count()),
            problem,
        }
    }
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleProblem {
    /// A path begins with a slash.
    #[error("a rule must start with \"/\"; write {mend:?}")]
    NoSlash {
        /// The rule with a slash.
        mend: String,
    },
    /// A variable has no end.
    #[error("\"<\" is not closed; write \"<name>\" or \"<converter:name>\"")]
    Unclosed,
    /// A variable has no name that it could have.
    #[error(
        "{name:?} cannot be the name of a variable; write letters, digits and \"_\", no digit first"
    )]
    Name {
        /// What stands there.
        name: String,
    },
    /// Two variables have one name.
    #[error("<{name}> is there twice; give one of the two another name")]
    Twice {
        /// The name.
        name: String,
    },
    /// The map knows no such converter.
    #[error("there is no converter {name:?}; known are {known}, and those you give the map")]
    UnknownConverter {
        /// The name.
        name: String,
        /// All that are known.
        known: String,
    },
    /// A converter's parentheses hold what it cannot use.
    #[error("{converter}: {sentence}")]
    Arguments {
        /// The converter's name.
        converter: String,
        /// What is wrong, and the mend.
        sentence: String,
    },
    /// A host or a subdomain has a slash, or a variable that takes slashes.
    #[error("a host is no path; write labels and variables, as \"<user>.example.com\"")]
    Host,
    /// A rule names a subdomain, and its map matches hosts.
    #[error("the map matches whole hosts; write .host(…) in place of .subdomain(…)")]
    Subdomain,
    /// A rule names a host, and its map matches subdomains.
    #[error(
        "the map matches subdomains; call host_matching() on its builder, or leave .host(…) out"
    )]
    NoHostMatching,
    /// A rule that takes no method.
    #[error("it takes no method and could never match; name one, or leave .methods(…) out")]
    NoMethods,
    /// A WebSocket begins with a `GET` (RFC 6455 §4.1).
    #[error("a WebSocket begins with GET; leave {method} out")]
    WebsocketMethod {
        /// The method it cannot begin with.
        method: Method,
    },
    /// A default for what the path says anyway.
    #[error("<{name}> is in the path and cannot have a default; leave one of the two out")]
    Default {
        /// The name.
        name: String,
    },
    /// A redirect's target asks for what the rule does not know.
    #[error("it redirects to {target:?}, but has no <{name}>; add it to the path or the defaults")]
    RedirectTo {
        /// The template.
        target: String,
        /// The name in it.
        name: String,
    },
    /// An alias of nothing.
    #[error(
        "it is an alias, but no other rule of endpoint {endpoint:?} can be built from its variables; add that rule, or leave .alias() out"
    )]
    Alias {
        /// The endpoint.
        endpoint: String,
    },
    /// A template's placeholder that was not filled.
    #[error("${name} is not filled; give its value, or write \"$$\" for a dollar sign")]
    Placeholder {
        /// The placeholder.
        name: String,
    },
    /// Two rules match the same requests.
    #[error("endpoint {other:?} has the same rule for {method}; take it out of one of them")]
    Conflict {
        /// The endpoint of the rule that was there first.
        other: String,
        /// A method that both take, or `every method`.
        method: String,
    },
}

/// Why a request has no rule: a client's mistake, or a place it should go to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatchError {
    /// No rule matches: 404.
    #[error("no rule matches {path:?}")]
    NotFound {
        /// The path.
        path: String,
    },
    /// Rules match, but none of them for this method: 405.
    #[error("{path:?} does not take {method}")]
    MethodNotAllowed {
        /// The path.
        path: String,
        /// The method of the request.
        method: Method,
        /// What goes into the `Allow` field, in the order of the alphabet (RFC 9110 §10.2.1).
        allowed: Vec<Method>,
    },
    /// The request belongs elsewhere: 308, which keeps method and body.
    #[error("the request belongs to {url}")]
    RequestRedirect {
        /// The absolute URL, encoded.
        url: String,
    },
    /// The only rule that matches is for WebSockets and the request is none, or the other way
    /// round: 400.
    #[error("{path:?} is {}a WebSocket", if *.websocket { "not " } else { "" })]
    WebsocketMismatch {
        /// The path.
        path: String,
        /// Whether the request asks for a WebSocket.
        websocket: bool,
    },
}

impl MatchError {
    /// The status that answers it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestRedirect { .. } => StatusCode::PERMANENT_REDIRECT,
            Self::WebsocketMismatch { .. } => StatusCode::BAD_REQUEST,
        }
    }
}

/// Why a URL could not be built: a mistake of the app, not of its client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No rule has this endpoint.
    #[error("there is no endpoint {endpoint:?}{}", did_you_mean(.nearest))]
    UnknownEndpoint {
        /// What was asked for.
        endpoint: String,
        /// The one that is written most like it.
        nearest: Option<String>,
    },
    /// The nearest rule needs values that were not given.
    #[error("{rule:?} of endpoint {endpoint:?} needs {}; give it by .value(…)", .missing.join(" and "))]
    Missing {
        /// The endpoint.
        endpoint: String,
        /// The rule.
        rule: String,
        /// The names of the values.
        missing: Vec<String>,
    },
    /// The endpoint's rules do not take this method.
    #[error("{rule:?} of endpoint {endpoint:?} does not take {method}")]
    Method {
        /// The endpoint.
        endpoint: String,
        /// The rule.
        rule: String,
        /// The method.
        method: Method,
    },
    /// The only rule that would do has another value as its default.
    #[error("{rule:?} of endpoint {endpoint:?} has another {name:?} than {value:?}")]
    Default {
        /// The endpoint.
        endpoint: String,
        /// The rule.
        rule: String,
        /// The name of the value.
        name: String,
        /// The value that was given.
        value: String,
    },
    /// A value is none that the rule would match again.
    #[error("<{name}> in {rule:?} of endpoint {endpoint:?} cannot be {value:?}")]
    Value {
        /// The endpoint.
        endpoint: String,
        /// The rule.
        rule: String,
        /// The name of the variable.
        name: String,
        /// The value that was given.
        value: String,
    },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean {nearest:?}?"),
        None => String::new(),
    }
}

/// Why a matched rule's value could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// The rule has no such variable. A mistake of the app.
    #[error("{rule:?} has no <{name}>")]
    Missing {
        /// The rule.
        rule: String,
        /// The name.
        name: String,
    },
    /// The value does not fit the type, as 300 does not fit `u8`: for the client there is
    /// nothing here.
    #[error("<{name}> in {rule:?} is {value:?}, which is no {wanted}")]
    Unfit {
        /// The rule.
        rule: String,
        /// The name.
        name: String,
        /// The value.
        value: String,
        /// The type's name.
        wanted: &'static str,
    },
}
