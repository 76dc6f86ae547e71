//! A view, as its users write it. `TEXT` is what is edited.

use devserve::{Request, Response, Result};

fn app(_: &Request) -> Result<Response> {
    Ok(Response::text("TEXT"))
}

fn main() -> Result<()> {
    devserve::run(app)
}
