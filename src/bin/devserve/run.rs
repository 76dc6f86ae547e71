use std::fs;
use std::os::unix::fs::FileTypeExt;

use devserve::dev::{Config, Notice, Sink, Supervisor};
use devserve::net::{Address, Identity};

use crate::args::{RunArgs, SayingArgs, ServingArgs};
use crate::browser;
use crate::failure::Failure;
use crate::output::{self, Terminal};
use crate::signals;
use crate::style::Style;

/// `devserve run`.
pub(crate) fn run(args: RunArgs, style: Style) -> Result<(), Failure> {
    let (sink, tls) = prepare(&args.serving, &args.saying, style)?;
    let (target, address) = (args.target(), args.serving.address());
    let (reload, live_reload) = (args.reloads(), args.reloads_browsers());
    let (engine, app_port) = (args.engine(), args.app_port());
    let variables = args.variables();
    // Where this program is not to be found, everything goes through cargo.
    let stand_in = std::env::current_exe().ok().filter(|_| args.is_fast());
    let (watch, ignore, args) = args.into_lists();
    let has_colors = style.has_colors;
    let config = Config {
        target,
        app_port,
        address,
        tls,
        reload,
        stand_in,
        live_reload,
        watch,
        ignore,
        engine,
        args,
        variables,
        has_colors,
    };
    // Before anything is started, so that whatever is started is ended.
    let signals = signals::catch().map_err(signals::deaf)?;
    let supervisor =
        Supervisor::start(config, sink).map_err(|error| Failure::new(&error, error.help()))?;
    let stopper = supervisor.stopper();
    let listening = signals::listen(signals, move || stopper.stop()).map_err(signals::deaf)?;
    supervisor.wait();
    drop(listening);
    Ok(())
}

/// What all that serves needs first: a terminal that shows notices, a browser at the right moment,
/// and what to show to clients that speak TLS.
pub(crate) fn prepare(
    serving: &ServingArgs,
    saying: &SayingArgs,
    style: Style,
) -> Result<(Sink, Option<Identity>), Failure> {
    check_inherited(&serving.address())?;
    output::show_log(saying.verbosity());
    let terminal = Terminal::new(style, saying.verbosity());
    let opens_browser = serving.opens_browser();
    let sink = Sink::new(move |notice| {
        terminal.show(&notice);
        if let Notice::Holding { url } = &notice
            && opens_browser
        {
            let opened = match url.starts_with("http") {
                true => browser::open(url).map_err(|error| error.to_string()),
                false => Err("it would need a port".to_owned()),
            };
            if let Err(why) = opened {
                terminal.complain(&format!("no browser was opened: {why}"));
            }
        }
    });
    let tls = serving
        .identity()
        .map_err(|error| Failure::new(&error, error.help()))?;
    Ok((sink, tls))
}

/// A descriptor to listen on must be there from the start: later its number may be that of
/// something devserve opened itself.
fn check_inherited(address: &Address) -> Result<(), Failure> {
    let Address::Fd(number) = address else {
        return Ok(());
    };
    let is_socket = fs::metadata(format!("/proc/self/fd/{number}"))
        .is_ok_and(|metadata| metadata.file_type().is_socket());
    match is_socket {
        true => Ok(()),
        false => Err(Failure::plain(
            format!("descriptor {number} is no socket"),
            "hand over a listening socket, or use --port",
        )),
    }
}
