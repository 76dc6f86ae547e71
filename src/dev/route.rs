use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One line of a program's map, as the program told it.
///
/// This is [`wsgi::Route`](crate::wsgi::Route) on this side of the border between the processes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Route {
    /// The path's pattern, with the places of mounts before it; it ends in `/…` where an app
    /// without a map has everything below.
    pub rule: String,
    /// The endpoint's name; `None` for an app without a map.
    pub endpoint: Option<String>,
    /// The methods in the order of the alphabet; `None` for every method.
    pub methods: Option<Vec<String>>,
    /// The host or subdomain.
    pub domain: Option<String>,
    /// The variables and their converters, by name.
    pub variables: BTreeMap<String, String>,
    /// The defaults, by name.
    pub defaults: BTreeMap<String, String>,
    /// Where requests are sent.
    pub redirect_to: Option<String>,
    /// Whether it answers WebSockets, and nothing else.
    #[serde(rename = "websocket")]
    pub is_websocket: bool,
    /// Whether it is another path of its endpoint.
    #[serde(rename = "alias")]
    pub is_alias: bool,
    /// Whether it only builds URLs.
    #[serde(rename = "build_only")]
    pub is_build_only: bool,
    /// What else there is to know.
    pub note: Option<String>,
}

/// What the program wrote.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Told {
    Routes(Vec<Route>),
    Error(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_tells_its_routes_or_why_there_are_none() {
        let text = r#"{"routes":[{"rule":"/…","endpoint":null,"methods":null,"domain":null,
            "variables":{},"defaults":{"page":"1"},"redirect_to":null,"websocket":true,
            "alias":false,"build_only":false,"note":"files"}]}"#;
        let Told::Routes(routes) = serde_json::from_str(text).unwrap() else {
            panic!("these are routes");
        };
        assert!(routes[0].is_websocket && routes[0].endpoint.is_none());
        assert_eq!(routes[0].defaults["page"], "1");
        let told = serde_json::from_str(r#"{"error":"rule \"a\": no"}"#).unwrap();
        assert!(matches!(told, Told::Error(why) if why == "rule \"a\": no"));
    }
}
