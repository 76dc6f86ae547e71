//! A page that asks for your name and remembers it. Run it with `devserve run --open`, then
//! change something and save.

use std::path::Path;
use std::time::Duration;

use devserve::http::SetCookie;
use devserve::router::Router;
use devserve::templates::{Templates, context};
use devserve::{Request, Response, Result};

/// Where this package is; its templates and static files are beside its sources.
const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

fn main() -> Result<()> {
    devserve::run(app()?)
}

/// Which view answers what; `devserve routes` shows it as a table.
fn app() -> Result<Router> {
    let router = Router::new()
        .state(Templates::new(Path::new(PACKAGE).join("templates")))
        .get("/", home)
        .post("/name", remember)
        .post("/forget", forget)
        .get("/static/<path:name>", static_file);
    Ok(router.build()?)
}

fn home(request: &Request) -> Result<Response> {
    let name = request.cookie("name");
    let templates: &Templates = request.state();
    Ok(Response::html(templates.render_for(request, "home.html", context! { name })?))
}

fn remember(request: &Request) -> Result<Response> {
    let form = request.form()?;
    let name = form.require("name")?.trim();
    if name.is_empty() {
        return Ok(Response::redirect("/"));
    }
    let month = Duration::from_secs(30 * 24 * 60 * 60);
    let cookie = SetCookie::new("name", name).max_age(month).http_only();
    Ok(Response::redirect("/").set_cookie(cookie))
}

fn forget(_: &Request) -> Response {
    Response::redirect("/").delete_cookie("name")
}

fn static_file(request: &Request, name: String) -> Response {
    Response::send_from_directory(Path::new(PACKAGE).join("static"), &name, request)
}

#[cfg(test)]
mod tests {
    use devserve::testing::Client;

    use super::*;

    #[test]
    fn a_name_is_asked_for_remembered_and_forgotten() -> Result<()> {
        let client = Client::new(app()?);
        assert!(client.get("/").send()?.text().contains("What is your name?"));

        let page = client.post("/name").field("name", "Ada <3").follow_redirects().send()?;
        assert!(page.text().contains("Hello, Ada &lt;3!"));
        assert!(client.get("/").send()?.text().contains("Hello, Ada"));

        let page = client.post("/forget").follow_redirects().send()?;
        assert!(page.text().contains("What is your name?"));
        Ok(())
    }

    #[test]
    fn a_form_without_a_name_is_the_clients_fault() -> Result<()> {
        assert_eq!(Client::new(app()?).post("/name").send()?.status(), 400);
        Ok(())
    }
}
