use devserve::site::Site;

use crate::args::StaticArgs;
use crate::failure::Failure;
use crate::output::Form;
use crate::run::{self, Stage};
use crate::signals;
use crate::style::Style;

/// `devserve static`.
pub(crate) fn serve(args: StaticArgs, style: Style) -> Result<(), Failure> {
    let Stage { sink, tls, .. } = run::prepare(&args.serving, &args.saying, style, Form::Words)?;
    let config = args.config(tls);
    let signals = signals::catch().map_err(signals::deaf)?;
    let site = Site::start(config, sink).map_err(|error| Failure::new(&error, error.help()))?;
    let stopper = site.stopper();
    let listening = signals::listen(signals, move || stopper.stop()).map_err(signals::deaf)?;
    site.wait();
    drop(listening);
    Ok(())
}
