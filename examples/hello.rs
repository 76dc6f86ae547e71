//! The smallest app: a view is a function from a request to an answer.
//!
//! `devserve run --example hello`, then `curl 'http://127.0.0.1:8000/?name=Ada'` answers
//! `Hello, Ada!`. Without devserve's supervisor: `cargo run --example hello`.

use devserve::{Request, Response};

pub(crate) fn app(request: &Request) -> devserve::Result<Response> {
    let name = request.args().get("name").unwrap_or("World");
    Ok(Response::text(format!("Hello, {name}!\n")))
}

fn main() -> devserve::Result<()> {
    devserve::run(app)
}
