//! Forms, uploads and cookies.
//!
//! `devserve run --example forms`, then open http://127.0.0.1:8000/ or:
//!
//! ```text
//! curl -d name=Ada -d tea=green http://127.0.0.1:8000/order
//! curl -F note=hi -F file=@Cargo.toml http://127.0.0.1:8000/upload
//! curl -c jar -b jar http://127.0.0.1:8000/visits    # again and again
//! ```

use devserve::exceptions::HttpException;
use devserve::http::{Method, SetCookie};
use devserve::{Request, Response, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    name: String,
    tea: String,
    #[serde(default)]
    cups: u8,
}

pub(crate) fn app(request: &Request) -> Result<Response> {
    match (request.method(), &*request.path()) {
        (&Method::GET, "/") => Ok(Response::html(PAGE)),
        (&Method::POST, "/order") => order(request),
        (&Method::POST, "/upload") => upload(request),
        (&Method::GET, "/visits") => visits(request),
        _ => Err(HttpException::not_found().into()),
    }
}

/// A form into a type: what does not fit is a 400 that names the field.
fn order(request: &Request) -> Result<Response> {
    let order: Order = request.form_as()?;
    let cups = order.cups.max(1);
    Ok(Response::text(format!(
        "{cups} × {} tea for {}\n",
        order.tea, order.name
    )))
}

/// Files as they came: small ones are in memory, large ones in a temporary file.
fn upload(request: &Request) -> Result<Response> {
    let mut lines = String::new();
    for (name, value) in request.form()?.iter() {
        lines += &format!("field {name} = {value}\n");
    }
    for (name, file) in request.files()?.iter() {
        let kept = if file.is_in_memory() {
            "in memory"
        } else {
            "in a file"
        };
        lines += &format!(
            "file {name} = {:?}, {} bytes, {kept}\n",
            file.filename(),
            file.len()
        );
    }
    Ok(Response::text(lines))
}

fn visits(request: &Request) -> Result<Response> {
    let before: u32 = request
        .cookie("visits")
        .and_then(|count| count.parse().ok())
        .unwrap_or(0);
    let visits = before.saturating_add(1);
    let cookie = SetCookie::new("visits", visits.to_string()).http_only();
    Ok(Response::text(format!("visit number {visits}\n")).set_cookie(cookie))
}

const PAGE: &str = r#"<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Forms</title>
<h1>Forms</h1>
<form method="post" action="/order">
  <label>Name <input name="name" required></label>
  <label>Tea <input name="tea" value="green"></label>
  <label>Cups <input name="cups" type="number" value="1"></label>
  <button>Order</button>
</form>
<form method="post" action="/upload" enctype="multipart/form-data">
  <label>Note <input name="note"></label>
  <label>File <input name="file" type="file"></label>
  <button>Upload</button>
</form>
</html>
"#;

fn main() -> Result<()> {
    devserve::run(app)
}
