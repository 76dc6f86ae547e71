use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::sync::{Arc, OnceLock};

use devserve::dev::{Config, Notice, Sink, Supervisor};
use devserve::net::{Address, Identity};

use crate::args::{RunArgs, SayingArgs, ServingArgs};
use crate::browser;
use crate::failure::Failure;
use crate::json;
use crate::keys::{self, Key, Keys};
use crate::output::{self, Form, Terminal};
use crate::signals;
use crate::style::Style;

/// `devserve run`.
pub(crate) fn run(args: RunArgs, style: Style) -> Result<(), Failure> {
    let form = args.form();
    // Colors are for eyes.
    let has_colors = style.has_colors && form == Form::Words;
    let done = serve(
        args,
        Style {
            has_colors,
            ..style
        },
        form,
    );
    match form {
        Form::Words => done,
        Form::Json => done.map_err(|failure| {
            if !failure.chain.is_empty() {
                output::done(&json::failure(&failure));
            }
            Failure::told()
        }),
    }
}

fn serve(args: RunArgs, style: Style, form: Form) -> Result<(), Failure> {
    let Stage {
        sink,
        tls,
        terminal,
        url,
    } = prepare(&args.serving, &args.saying, style, form)?;
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
    let keys = match form {
        Form::Words => listen_to_keys(&supervisor, &terminal, url),
        Form::Json => None,
    };
    supervisor.wait();
    drop(keys);
    drop(listening);
    Ok(())
}

/// Does what keys ask for, where there are any.
fn listen_to_keys(
    supervisor: &Supervisor,
    terminal: &Arc<Terminal>,
    url: Arc<OnceLock<String>>,
) -> Option<Keys> {
    let (remote, stopper) = (supervisor.remote(), supervisor.stopper());
    let screen = Arc::clone(terminal);
    let act = move |key| match key {
        Key::Rebuild => remote.rebuild(),
        Key::Open => open(&screen, url.get().map_or("", String::as_str)),
        Key::Clear => screen.clear(),
        Key::Quit => stopper.stop(),
        Key::Help => screen.remark(keys::HELP),
    };
    match Keys::listen(act) {
        Ok(keys) => {
            if keys.is_some() {
                terminal.greet();
            }
            keys
        }
        Err(error) => {
            terminal.complain(&format!("no keys are heard: {error}"));
            None
        }
    }
}

/// What all that serves needs first.
pub(crate) struct Stage {
    /// Shows notices, and starts a browser at the right moment.
    pub(crate) sink: Sink,
    /// What to show to clients that speak TLS.
    pub(crate) tls: Option<Identity>,
    pub(crate) terminal: Arc<Terminal>,
    /// Where it is served, once that is known.
    pub(crate) url: Arc<OnceLock<String>>,
}

/// Makes it ready.
pub(crate) fn prepare(
    serving: &ServingArgs,
    saying: &SayingArgs,
    style: Style,
    form: Form,
) -> Result<Stage, Failure> {
    check_inherited(&serving.address())?;
    if form == Form::Words {
        output::show_log(saying.verbosity());
    }
    let terminal = Arc::new(Terminal::new(style, saying.verbosity(), form));
    let url = Arc::new(OnceLock::new());
    let opens_browser = serving.opens_browser();
    let (screen, known) = (Arc::clone(&terminal), Arc::clone(&url));
    let sink = Sink::new(move |notice| {
        screen.show(&notice);
        if let Notice::Holding { url } = &notice {
            // It is said once.
            let _ = known.set(url.clone());
            if opens_browser {
                open(&screen, url);
            }
        }
    });
    let tls = serving
        .identity()
        .map_err(|error| Failure::new(&error, error.help()))?;
    Ok(Stage {
        sink,
        tls,
        terminal,
        url,
    })
}

fn open(terminal: &Terminal, url: &str) {
    let opened = match url.starts_with("http") {
        true => browser::open(url).map_err(|error| error.to_string()),
        false => Err("it would need a port".to_owned()),
    };
    if let Err(why) = opened {
        terminal.complain(&format!("no browser was opened: {why}"));
    }
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
