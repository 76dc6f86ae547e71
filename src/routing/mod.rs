//! Routing: which rule takes a request, and which URL an endpoint has.
//!
//! A [`Map`] holds [`Rule`]s, which lead from paths to the names of endpoints. Bound to a
//! request it is an [`Adapter`], which finds the rule, with the values of its variables, or
//! says with a [`MatchError`] what to answer instead; and which builds URLs back.
//!
//! ```
//! use devserve::http::Method;
//! use devserve::routing::{Map, MatchError, Rule, Submount};
//!
//! let map = Map::builder()
//!     .rules(Rule::new("/", "index"))
//!     .rules(Submount::new(
//!         "/blog",
//!         [
//!             Rule::new("/", "blog.index"),
//!             Rule::new("/<int(fixed_digits=4):year>/<slug>", "blog.show"),
//!             Rule::new("/entries", "blog.create").methods([Method::POST]),
//!         ],
//!     ))
//!     .build()?;
//! let urls = map.bind("example.test");
//!
//! let found = urls.match_path("/blog/2026/hello")?;
//! assert_eq!(found.endpoint(), "blog.show");
//! assert_eq!(found.params().get::<u16>("year")?, 2026);
//! assert_eq!(found.params().get::<&str>("slug")?, "hello");
//!
//! match urls.match_path("/blog/entries").unwrap_err() {
//!     MatchError::MethodNotAllowed { allowed, .. } => assert_eq!(allowed, [Method::POST]),
//!     other => panic!("{other}"),
//! }
//!
//! let url = urls.build("blog.show").value("year", 2026).value("slug", "hello").url()?;
//! assert_eq!(url, "/blog/2026/hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which rule wins
//!
//! The most specific, whatever the order they were given in. Rules are compared segment by
//! segment, from the left: text before variables; then the segment with more pieces of text,
//! with longer ones, with more variables, with lighter converters (numbers, then others, then
//! `path`), with more asked of its converters. A rule that leads nowhere is taken back, and the
//! next one tried: `/<name>/edit` is found although `/static/<path:file>` also begins so. Only
//! between rules that are equal in all of this the first one given wins. Two rules that could
//! never be told apart are an error when the map is made, unless one of them names methods and
//! the other takes all.
//!
//! # Cost
//!
//! Rules become an automaton. A path costs a look into a table for each of its segments, and
//! as much again for each variable that could also take it; how many other rules there are
//! does not matter. Nothing is allocated for a path that matches, but where one segment has
//! several variables. Time is in proportion to the path's length, whatever is in it.

mod adapter;
mod bound;
mod build;
mod converter;
mod environ;
mod error;
mod factory;
mod given;
mod labels;
mod map;
mod matcher;
mod methods;
mod params;
mod pattern;
mod routes;
mod rule;
mod segment;
mod shape;
mod spans;
mod split;
mod template;
mod uuid;
mod value;

pub use adapter::Adapter;
pub use build::Build;
pub use converter::{Argument, Arguments, Converter};
pub use error::{BuildError, MatchError, ParamError, RuleError, RuleProblem};
pub use factory::{EndpointPrefix, RuleTemplate, Subdomain, Submount};
pub use map::{Map, MapBuilder};
pub use params::{Matched, Params};
pub use rule::Rule;
pub use shape::Shape;
pub use uuid::{Uuid, UuidError};
pub use value::{FromValue, OtherValue, Value};

#[cfg(test)]
mod tests;
