//! Several processes on one port: one that dies takes only its own requests with it.
//!
//! `PORT=8000 cargo run --example processes`, then `curl http://127.0.0.1:8000/` tells which
//! process answered, and `curl http://127.0.0.1:8000/die` ends one; another takes its place.

use std::io::{self, Write};

use devserve::net::{Address, Listener};
use devserve::server::Server;
use devserve::{Request, Response, Result};

pub(crate) fn app(request: &Request) -> Result<Response> {
    let id = std::process::id();
    if request.path() == "/die" {
        std::process::abort();
    }
    let is_multiprocess = request.environ().server().is_multiprocess;
    Ok(Response::text(format!(
        "process {id}, one of several: {is_multiprocess}\n"
    )))
}

fn main() -> Result<()> {
    let port = std::env::var("PORT").unwrap_or("8000".into()).parse()?;
    let listener = Listener::bind(&Address::tcp("127.0.0.1", port))?;
    writeln!(io::stdout(), "http://{}/", listener.address())?;
    Ok(Server::new(app).processes(3, listener)?)
}
