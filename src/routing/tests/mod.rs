//! What Werkzeug's documentation and its own tests say of routing, as tables; where we decide
//! otherwise, the test says so.

mod building;
mod converters;
mod domains;
mod factories;
mod matching;
mod mistakes;
mod redirects;
mod round_trip;

use crate::http::Method;
use crate::routing::{Adapter, Map, MatchError, Rule};

fn map(rules: impl IntoIterator<Item = Rule>) -> Map {
    match Map::new(rules) {
        Ok(map) => map,
        Err(error) => panic!("{error}"),
    }
}

/// Rules whose endpoint is their own path.
fn rules(paths: &[&str]) -> Vec<Rule> {
    paths.iter().map(|path| Rule::new(*path, *path)).collect()
}

/// What becomes of a request: `METHOD path`, or a path for `GET`.
fn outcome(urls: &Adapter<'_>, request: &str) -> String {
    let (method, path) = match request.split_once(' ') {
        Some(both) if !request.starts_with('/') => both,
        _ => ("GET", request),
    };
    let method: Method = method.parse().unwrap();
    match urls.match_with(path, &method) {
        Ok(found) => {
            let values = found.params().iter();
            let values: Vec<_> = values
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            format!("{} {}", found.endpoint(), values.join(" "))
                .trim_end()
                .to_owned()
        }
        Err(MatchError::NotFound { .. }) => "404".to_owned(),
        Err(MatchError::MethodNotAllowed { allowed, .. }) => {
            let allowed: Vec<_> = allowed.iter().map(Method::as_str).collect();
            format!("405 {}", allowed.join(","))
        }
        Err(MatchError::RequestRedirect { url }) => format!("308 {url}"),
        Err(MatchError::WebsocketMismatch { .. }) => "400".to_owned(),
    }
}

#[track_caller]
fn check(urls: &Adapter<'_>, request: &str, want: &str) {
    assert_eq!(outcome(urls, request), want, "{request}");
}

/// One rule whose endpoint is `it`, at `example.test`.
#[track_caller]
fn check_one(rule: &str, path: &str, want: &str) {
    let map = map(Rule::new(rule, "it"));
    check(&map.bind("example.test"), path, want);
}
