//! A login: passwords kept as hashes, who is logged in kept in a session, a word for the next
//! page.
//!
//! `devserve run --example login`, then open http://127.0.0.1:8000/ or:
//!
//! ```text
//! curl -L -c jar -b jar -d user=ada -d password=first http://127.0.0.1:8000/login
//! curl -L -c jar -b jar -X POST http://127.0.0.1:8000/logout
//! ```

use std::collections::HashMap;

use devserve::exceptions::HttpException;
use devserve::http::Method;
use devserve::security::{check_password_hash, generate_password_hash};
use devserve::session::{Key, Sessions};
use devserve::wsgi::App;
use devserve::{Request, Response, Result};

/// Names and password hashes, as a database would have them.
struct Users {
    hashes: HashMap<String, String>,
    /// Checked for a name that is unknown, so that it takes as long as for one that is known.
    nobody: String,
}

pub(crate) fn app() -> Result<impl App> {
    let users = Users {
        hashes: HashMap::from([("ada".to_owned(), generate_password_hash("first")?)]),
        nobody: generate_password_hash("")?,
    };
    // With a random key a restart logs everybody out; a real app reads `Key::from_secret`.
    let sessions = Sessions::new(Key::generate());
    Ok(sessions.wrap(devserve::app(move |request| answer(request, &users))))
}

fn answer(request: &Request, users: &Users) -> Result<Response> {
    match (request.method(), &*request.path()) {
        (&Method::GET, "/") => Ok(home(request)),
        (&Method::POST, "/login") => login(request, users),
        (&Method::POST, "/logout") => logout(request),
        _ => Err(HttpException::not_found().into()),
    }
}

fn home(request: &Request) -> Response {
    let session = request.session();
    let mut text = String::new();
    for flash in session.take_flashes() {
        text += &format!("[{}] {}\n", flash.category, flash.message);
    }
    text += &match session.get::<String>("user") {
        Some(user) => format!("You are {user}.\n"),
        None => "You are nobody yet.\n".to_owned(),
    };
    Response::text(text)
}

fn login(request: &Request, users: &Users) -> Result<Response> {
    let form = request.form()?;
    let (user, password) = (form.require("user")?, form.require("password")?);
    let session = request.session();
    let known = users.hashes.get(user);
    let is_right = check_password_hash(known.unwrap_or(&users.nobody), password)?;
    if is_right && known.is_some() {
        session.clear();
        session.insert("user", user)?;
        session.set_permanent(true);
        session.flash("info", "Welcome back.");
    } else {
        session.flash("error", "No such user, or another password.");
    }
    Ok(Response::redirect_with(303, "/"))
}

fn logout(request: &Request) -> Result<Response> {
    request.session().clear();
    Ok(Response::redirect_with(303, "/"))
}

fn main() -> Result<()> {
    devserve::run(app()?)
}
