//! A small real app: a guestbook with pictures, kept in a file so that a reload loses nothing.
//!
//! `devserve run --example guestbook`, then open the address it prints. Write an entry, then
//! edit this file or a template and save: the page follows. `/oops` shows what a fault looks
//! like. Entries are kept in `target/guestbook`, or in the folder `GUESTBOOK_DATA` names.

mod store;

use std::path::PathBuf;

use devserve::http::{SameSite, SetCookie};
use devserve::router::Router;
use devserve::session::{Key, Sessions};
use devserve::templates::{Serde, Templates, context};
use devserve::wsgi::App;
use devserve::{Request, Response, Result};

use store::{Store, StoreError};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/guestbook");
const LONGEST_MESSAGE: usize = 500;

/// The app, with its entries in `folder`.
pub(crate) fn app(folder: PathBuf) -> Result<impl App> {
    let sessions = Sessions::new(Key::from_secret(&store::secret(&folder)?)?);
    let router = Router::new()
        .state(Guestbook {
            store: Store::open(folder)?,
            templates: Templates::new(format!("{HERE}/templates")),
        })
        .get("/", index)
        .post("/", sign)
        .get("/static/<path:name>", static_file)
        .get("/pictures/<path:name>", picture)
        .get("/oops", oops);
    Ok(sessions.wrap(router.build()?))
}

/// What all views share.
struct Guestbook {
    store: Store,
    templates: Templates,
}

fn index(request: &Request) -> Result<Response> {
    page(request, "")
}

/// The book, and what was wrong with the last entry.
fn page(request: &Request, mistake: &str) -> Result<Response> {
    let Guestbook { store, templates } = request.state();
    let page = templates.render_for(
        request,
        "index.html",
        context! {
            entries => Serde(store.entries()),
            flashes => Serde(request.session().take_flashes()),
            mistake,
            name => request.cookie("name").unwrap_or_default(),
            longest_message => LONGEST_MESSAGE,
        },
    )?;
    Ok(Response::html(page))
}

fn sign(request: &Request) -> Result<Response> {
    let form = request.form()?;
    let text = |name| form.get(name).map(|value| value.trim()).unwrap_or_default();
    let (name, message) = (text("name"), text("message"));
    if name.is_empty() || message.is_empty() || message.chars().count() > LONGEST_MESSAGE {
        let mistake = "Please give a name and a message that fits.";
        return Ok(page(request, mistake)?.status(422));
    }
    let picture = request
        .files()?
        .get("picture")
        .filter(|picture| !picture.is_empty());
    let Guestbook { store, .. } = request.state();
    let number = match store.add(name, message, picture) {
        Err(mistake @ StoreError::NoPicture) => {
            return Ok(page(request, &mistake.to_string())?.status(422));
        }
        added => added?,
    };
    let thanks = format!("Thank you, {name}! You are guest number {number}.");
    request.session().flash("thanks", thanks);
    let remembered = SetCookie::new("name", name)
        .http_only()
        .same_site(SameSite::Lax);
    Ok(Response::redirect_with(303, "/").set_cookie(remembered))
}

fn static_file(request: &Request, name: String) -> Response {
    file(request, format!("{HERE}/static").into(), &name)
}

fn picture(request: &Request, name: String) -> Response {
    let Guestbook { store, .. } = request.state();
    file(request, store.pictures(), &name)
}

fn file(request: &Request, folder: PathBuf, name: &str) -> Response {
    Response::send_from_directory(folder, name, request).header("X-Content-Type-Options", "nosniff")
}

/// A mistake, to be looked at: there is no entry number 1,000,000.
fn oops(request: &Request) -> String {
    let Guestbook { store, .. } = request.state();
    let entries = store.entries();
    let wanted = 1_000_000;
    let entry = &entries[wanted];
    entry.message.clone()
}

fn main() -> Result<()> {
    let folder = std::env::var_os("GUESTBOOK_DATA").map(PathBuf::from);
    let folder =
        folder.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/target/guestbook").into());
    devserve::run(app(folder)?)
}
