//! A small real app: a guestbook with pictures, kept in a file so that a reload loses nothing.
//!
//! `devserve run --example guestbook`, then open the address it prints. Write an entry, then
//! edit this file or a template and save: the page follows. `/oops` shows what a fault looks
//! like. Entries are kept in `target/guestbook`, or in the folder `GUESTBOOK_DATA` names.

mod store;

use std::path::PathBuf;

use devserve::exceptions::HttpException;
use devserve::http::{Method, SameSite, SetCookie};
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
    let guestbook = Guestbook {
        store: Store::open(folder)?,
        templates: Templates::new(format!("{HERE}/templates")),
    };
    let app = devserve::app(move |request| guestbook.answer(request));
    Ok(sessions.wrap(app))
}

struct Guestbook {
    store: Store,
    templates: Templates,
}

impl Guestbook {
    fn answer(&self, request: &Request) -> Result<Response> {
        match (request.method(), &*request.path()) {
            (&Method::GET | &Method::HEAD, "/") => self.list(request, ""),
            (&Method::POST, "/") => self.post(request),
            (&Method::GET | &Method::HEAD, "/oops") => self.oops(),
            (&Method::GET | &Method::HEAD, path) => self.file(request, path),
            _ => Err(HttpException::method_not_allowed().into()),
        }
    }

    fn list(&self, request: &Request, mistake: &str) -> Result<Response> {
        let page = self.templates.render(
            "index.html",
            context! {
                entries => Serde(self.store.entries()),
                flashes => Serde(request.session().take_flashes()),
                mistake,
                name => request.cookie("name").unwrap_or_default(),
                longest_message => LONGEST_MESSAGE,
            },
        )?;
        Ok(Response::html(page))
    }

    fn post(&self, request: &Request) -> Result<Response> {
        let form = request.form()?;
        let text = |name| form.get(name).map(|value| value.trim()).unwrap_or_default();
        let (name, message) = (text("name"), text("message"));
        if name.is_empty() || message.is_empty() || message.chars().count() > LONGEST_MESSAGE {
            let mistake = "Please give a name and a message that fits.";
            return Ok(self.list(request, mistake)?.status(422));
        }
        let picture = request
            .files()?
            .get("picture")
            .filter(|picture| !picture.is_empty());
        let added = match self.store.add(name, message, picture) {
            Err(StoreError::NoPicture) => {
                return Ok(self
                    .list(request, &StoreError::NoPicture.to_string())?
                    .status(422));
            }
            added => added?,
        };
        let thanks = format!("Thank you, {name}! You are guest number {added}.");
        request.session().flash("thanks", thanks);
        let remembered = SetCookie::new("name", name)
            .http_only()
            .same_site(SameSite::Lax);
        Ok(Response::redirect_with(303, "/").set_cookie(remembered))
    }

    /// Pictures and the stylesheet.
    fn file(&self, request: &Request, path: &str) -> Result<Response> {
        let (folder, name) = match path
            .split_once('/')
            .and_then(|(_, path)| path.split_once('/'))
        {
            Some(("static", name)) => (PathBuf::from(HERE).join("static"), name),
            Some(("pictures", name)) => (self.store.pictures(), name),
            _ => return Err(HttpException::not_found().into()),
        };
        Ok(Response::send_from_directory(folder, name, request)
            .header("X-Content-Type-Options", "nosniff"))
    }

    /// A mistake, to be looked at: there is no entry number 1,000,000.
    fn oops(&self) -> Result<Response> {
        let entries = self.store.entries();
        let wanted = 1_000_000;
        let entry = &entries[wanted];
        Ok(Response::text(entry.message.clone()))
    }
}

fn main() -> Result<()> {
    let folder = std::env::var_os("GUESTBOOK_DATA").map(PathBuf::from);
    let folder =
        folder.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/target/guestbook").into());
    devserve::run(app(folder)?)
}
