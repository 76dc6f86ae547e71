//! What a map tells of itself.

use crate::routing::Map;
use crate::routing::bound::Bound;
use crate::routing::rule::RedirectTo;
use crate::wsgi::Route;

impl Map {
    /// The rules in the order in which a path is compared with them, those of the domains it
    /// may be for one after the other; rules for building come last.
    pub fn routes(&self) -> Vec<Route> {
        let order = self.matcher.order.iter().copied();
        let tried = order.map(|place| &self.bounds[place]);
        let build_only = self.bounds.iter().filter(|bound| bound.rule.is_build_only);
        let bounds = tried.chain(build_only);
        bounds.map(|bound| self.route(bound)).collect()
    }

    fn route(&self, bound: &Bound) -> Route {
        let rule = &bound.rule;
        let mut route = Route::new(rule.path(), rule.endpoint());
        route.methods = rule.allowed_methods();
        let usual = Some(&*self.settings.default_subdomain).filter(|usual| !usual.is_empty());
        let domain = rule.domain().or(usual);
        route.domain = domain.map(str::to_owned);
        let variables = bound.variables.iter();
        route.variables = variables
            .map(|variable| (variable.name.clone(), variable.written.clone()))
            .collect();
        let defaults = rule.defaults();
        route.defaults = defaults
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .collect();
        route.redirect_to = rule.redirect_to.as_ref().map(|to| match to {
            RedirectTo::Template(target) => target.clone(),
            RedirectTo::Function(_) => "(where a function says)".to_owned(),
        });
        route.is_websocket = rule.is_websocket();
        route.is_alias = rule.is_alias();
        route.is_build_only = rule.is_build_only();
        route
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Rule;

    #[test]
    fn converters_are_told_as_each_rule_writes_them() {
        let rules = [
            "/a/<id>",
            "/b/<string:id>",
            "/c/<int:id>",
            "/d/<int(min=1):id>",
        ];
        let map = Map::new(rules.map(|rule| Rule::new(rule, rule))).unwrap();
        for route in map.routes() {
            let want = match route.rule.as_str() {
                "/a/<id>" => "default",
                "/b/<string:id>" => "string",
                "/c/<int:id>" => "int",
                _ => "int(min=1)",
            };
            assert_eq!(route.variables, [("id".to_owned(), want.to_owned())]);
        }
    }
}
