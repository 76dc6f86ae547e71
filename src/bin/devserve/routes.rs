use std::io::{self, Write};

use devserve::dev::{Inquiry, InquiryError, Route, Sink};

use crate::args::{Order, RoutesArgs};
use crate::failure::Failure;
use crate::output::{self, Form, Terminal};
use crate::signals;
use crate::style::Style;
use crate::table::table;

/// `devserve routes`.
pub(crate) fn routes(args: &RoutesArgs, style: Style) -> Result<(), Failure> {
    output::show_log(args.saying.verbosity());
    let terminal = Terminal::new(style, args.saying.verbosity(), Form::Words);
    let sink = Sink::new(move |notice| terminal.show(&notice));
    // Before anything is started, so that whatever is started is ended.
    let signals = signals::catch().map_err(signals::deaf)?;
    let inquiry = Inquiry::prepare(args.question(style.has_colors), sink).map_err(explain)?;
    let stopper = inquiry.stopper();
    let listening = signals::listen(signals, move || stopper.stop()).map_err(signals::deaf)?;
    let routes = match inquiry.ask() {
        // As asked.
        Err(InquiryError::Stopped) => return Ok(()),
        other => other.map_err(explain)?,
    };
    drop(listening);
    if !routes.is_empty() && routes.iter().all(is_unknown) {
        return Err(Failure::plain(
            "this program's app has no map: it is not a Router",
            "write it with devserve::router::Router; middleware of your own passes App::routes on",
        ));
    }
    if routes.is_empty() && !args.json {
        output::done("the app is a Router without a route");
        return Ok(());
    }
    let routes = sorted(routes, args.sort);
    let text = match args.json {
        true => json(&routes)?,
        false => table(&routes, args.all),
    };
    // A reader that has had enough (`devserve routes | head`) is no failure.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    Ok(())
}

/// Whether all that the app can say is that it answers.
fn is_unknown(route: &Route) -> bool {
    route.endpoint.is_none() && route.rule == "/…"
}

fn explain(error: InquiryError) -> Failure {
    match error {
        InquiryError::NotBuilt => Failure::told(),
        error => Failure::new(&error, error.help()),
    }
}

fn json(routes: &[Route]) -> Result<String, Failure> {
    match serde_json::to_string_pretty(routes) {
        Ok(text) => Ok(text + "\n"),
        Err(error) => Err(Failure::new(&error, "report it as a bug of devserve")),
    }
}

/// Routes of one endpoint, or one rule, stay in the order in which they are tried.
fn sorted(mut routes: Vec<Route>, order: Order) -> Vec<Route> {
    match order {
        // Apps without a map come last.
        Order::Endpoint => routes.sort_by_key(|route| {
            let endpoint = route.endpoint.clone();
            (endpoint.is_none(), endpoint)
        }),
        Order::Rule => routes.sort_by_key(|route| route.rule.clone()),
        Order::Match => {}
    }
    routes
}
