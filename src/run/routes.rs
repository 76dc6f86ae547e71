//! What `devserve routes` is told, in place of serving.

use std::fs;
use std::io;
use std::path::Path;

use crate::text::json::quote;
use crate::wsgi::{Result, Route};

/// Writes an app's routes to `file`, or why it has none.
pub(super) fn tell(routes: Result<Vec<Route>>, file: &Path) -> io::Result<()> {
    let answer = match routes {
        Ok(routes) => {
            let routes: Vec<_> = routes.iter().map(json_of).collect();
            format!("{{\"routes\":[{}]}}", routes.join(",\n"))
        }
        Err(error) => format!("{{\"error\":{}}}", quote(&error.to_string())),
    };
    fs::write(file, answer)
}

/// An object with the route's fields; marks have no `is_`.
fn json_of(route: &Route) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or("null".to_owned(), quote);
    let methods = route.methods.as_ref().map(|methods| {
        let names = methods.iter().map(|method| quote(method.as_str()));
        format!("[{}]", names.collect::<Vec<_>>().join(","))
    });
    let members = [
        ("rule", quote(&route.rule)),
        ("endpoint", text(&route.endpoint)),
        ("methods", methods.unwrap_or("null".to_owned())),
        ("domain", text(&route.domain)),
        ("variables", object(&route.variables)),
        ("defaults", object(&route.defaults)),
        ("redirect_to", text(&route.redirect_to)),
        ("websocket", route.is_websocket.to_string()),
        ("alias", route.is_alias.to_string()),
        ("build_only", route.is_build_only.to_string()),
        ("note", text(&route.note)),
    ];
    let members = members.map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", members.join(","))
}

fn object(pairs: &[(String, String)]) -> String {
    let members = pairs.iter();
    let members = members.map(|(name, value)| format!("{}:{}", quote(name), quote(value)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method;

    #[test]
    fn a_route_is_written_as_json() {
        let mut route = Route::new("/<int:id>", "a\"b").below("/café/");
        route.methods = Some(vec![Method::GET, Method::HEAD]);
        route.variables = vec![("id".to_owned(), "int".to_owned())];
        route.is_websocket = true;
        assert_eq!(
            json_of(&route),
            "{\"rule\":\"/café/<int:id>\",\"endpoint\":\"a\\\"b\",\"methods\":[\"GET\",\"HEAD\"],\
             \"domain\":null,\"variables\":{\"id\":\"int\"},\"defaults\":{},\"redirect_to\":null,\
             \"websocket\":true,\"alias\":false,\"build_only\":false,\"note\":null}"
        );
        let json = json_of(&Route::unknown("files").below("/static"));
        assert!(
            json.starts_with("{\"rule\":\"/static/…\",\"endpoint\":null,\"methods\":null,")
                && json.ends_with("\"note\":\"files\"}"),
            "{json}"
        );
    }
}
