use std::path::PathBuf;

/// Make a small app to begin with
///
/// A page with a form, a cookie, a template, a stylesheet and a test, in a new folder. It runs
/// at once:
///
///     devserve new shop && cd shop && devserve run --open
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct NewArgs {
    /// The folder to make; its last part is the package's name
    #[arg(value_name = "NAME")]
    pub(crate) path: PathBuf,

    /// Depend on the devserve in this folder, not on the published one
    #[arg(
        long,
        value_name = "DIR",
        overrides_with = "devserve_path",
        help_heading = "Dependency"
    )]
    pub(crate) devserve_path: Option<PathBuf>,
}
