//! The toolkit beside the crates that do the same, and beside Werkzeug.
//!
//! `run` builds this, gives it a Python that has Werkzeug, and prints the tables; the method is
//! in `../README.md`.

mod apps;
mod fields;
mod forms;
mod python;
mod rounds;
mod routing;

use python::Python;
use rounds::{Case, Table};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let python = arguments
        .next()
        .expect("the path of a Python with Werkzeug");
    let folder = arguments.next().expect("a folder for the bodies");
    let only = arguments.next().unwrap_or_default();
    let python = Python::start(&python, &folder);
    let forms = Table::new(&["memmem", "multer", "form_urlencoded", "Werkzeug"]);
    let fields = Table::new(&["cookie", "mime", "httpdate", "http", "Werkzeug"]);
    let routing = Table::new(&["matchit", "Werkzeug"]);
    let apps = Table::new(&["bare", "minijinja", "Werkzeug", "Flask", "Jinja2"]);
    for (table, cases) in [
        (forms, forms::cases(&python)),
        (fields, fields::cases(&python)),
        (routing, routing::cases(&python)),
        (apps, apps::cases(&python)),
    ] {
        table.head();
        for case in cases
            .into_iter()
            .filter(|case: &Case| case.name.contains(&only))
        {
            table.row(case.measure());
        }
        println!();
    }
}
