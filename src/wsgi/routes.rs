use http::Method;

/// One line of an app's map, as [`App::routes`](crate::wsgi::App::routes) tells it: a rule and
/// the endpoint that answers it, or a place that belongs to an app without a map.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The path's pattern: `/user/<int:id>`. It ends in `/…` where an app has everything at
    /// and below it.
    pub rule: String,
    /// The endpoint's name; `None` for an app without a map.
    pub endpoint: Option<String>,
    /// The methods it answers, in the order of the alphabet; `None` for every method.
    pub methods: Option<Vec<Method>>,
    /// The host or subdomain it is for; `None` for all.
    pub domain: Option<String>,
    /// The names of the rule's variables and their converters, as they are written.
    pub variables: Vec<(String, String)>,
    /// The names and values of its defaults.
    pub defaults: Vec<(String, String)>,
    /// Where its requests are sent.
    pub redirect_to: Option<String>,
    /// Whether it answers WebSockets, and nothing else.
    pub is_websocket: bool,
    /// Whether it is another path of its endpoint, whose requests are sent to the first.
    pub is_alias: bool,
    /// Whether no request comes to it: it is there to build URLs.
    pub is_build_only: bool,
    /// What else a reader should know, in a word or two.
    pub note: Option<String>,
}

impl Route {
    /// A rule that answers every method.
    pub fn new(rule: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: Some(endpoint.into()),
            ..Self::opaque(rule)
        }
    }

    /// All paths, answered by an app without a map, and what that is.
    pub fn unknown(note: impl Into<String>) -> Self {
        Self {
            note: Some(note.into()),
            ..Self::opaque("/…")
        }
    }

    /// The same for an app that is mounted at `prefix`.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        self.rule.insert_str(0, prefix.trim_end_matches('/'));
        self
    }

    fn opaque(rule: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            endpoint: None,
            methods: None,
            domain: None,
            variables: Vec::new(),
            defaults: Vec::new(),
            redirect_to: None,
            is_websocket: false,
            is_alias: false,
            is_build_only: false,
            note: None,
        }
    }
}
