use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;

use devserve::dev::{Config, Notice, Sink, Supervisor};
use devserve::net::Address;

use crate::args::RunArgs;
use crate::browser;
use crate::failure::Failure;
use crate::output::{self, Terminal};
use crate::signals;
use crate::style::Style;

/// `devserve run`.
pub(crate) fn run(args: RunArgs, style: Style) -> Result<(), Failure> {
    check_inherited(&args.address())?;
    output::show_log(args.verbosity());
    let terminal = Terminal::new(style, args.verbosity());
    let opens_browser = args.opens_browser();
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
    let tls = args
        .identity()
        .map_err(|error| Failure::new(&error, error.help()))?;
    let (choice, address, reload) = (args.choice(), args.address(), args.reloads());
    let engine = args.engine();
    let (watch, ignore, args) = args.into_lists();
    let has_colors = style.has_colors;
    let config = Config {
        choice,
        address,
        tls,
        reload,
        watch,
        ignore,
        engine,
        args,
        has_colors,
    };
    let deaf = |error: io::Error| {
        Failure::new(
            &error,
            "devserve needs to hear Ctrl-C: free some descriptors and threads",
        )
    };
    // Before anything is started, so that whatever is started is ended.
    let signals = signals::catch().map_err(deaf)?;
    let supervisor =
        Supervisor::start(config, sink).map_err(|error| Failure::new(&error, error.help()))?;
    let listening = signals::listen(signals, supervisor.stopper()).map_err(deaf)?;
    supervisor.wait();
    drop(listening);
    Ok(())
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
