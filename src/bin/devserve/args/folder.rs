use std::path::PathBuf;

use devserve::net::Identity;
use devserve::site;

use crate::args::groups::{SayingArgs, ServingArgs};

/// Serve a folder as it is; reload pages when files change
///
/// Files come with their types, entity tags and ranges, and packed twins (app.css.br) where the
/// browser takes them. A folder with an index.html answers with that, another with a list of
/// what is in it; where nothing is found, a 404.html answers. A link that leads out of the
/// folder is not followed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = STATIC_EXAMPLES)]
pub(crate) struct StaticArgs {
    /// The folder [default: here]
    #[arg(value_name = "DIR", hide_default_value = true)]
    folder: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) serving: ServingArgs,

    /// Answer to this name, too; with a dot before it, also to those below it
    ///
    /// On 127.0.0.1 only requests for localhost and for that address are answered, so that no
    /// page of the Web reads your files by a name of its own that leads here. The name of a
    /// tunnel, or one in your hosts file, has to be given.
    #[arg(
        long,
        value_name = "NAME",
        hide_short_help = true,
        help_heading = "Address"
    )]
    allow_host: Vec<String>,

    /// Leave open pages alone when files change
    ///
    /// Otherwise every HTML page gets a script that reloads it; a changed stylesheet is swapped
    /// in place.
    #[arg(long, overrides_with = "livereload", help_heading = "Files")]
    no_livereload: bool,

    /// Reload open pages when files change (the default)
    #[arg(
        long,
        overrides_with = "no_livereload",
        hide_short_help = true,
        help_heading = "Files"
    )]
    livereload: bool,

    /// Show no lists of folders
    #[arg(long, overrides_with = "listing", help_heading = "Files")]
    no_listing: bool,

    /// List folders that have no index.html (the default)
    #[arg(
        long,
        overrides_with = "no_listing",
        hide_short_help = true,
        help_heading = "Files"
    )]
    listing: bool,

    /// Serve names that begin with a dot, too
    ///
    /// Without it only .well-known is served of these.
    #[arg(long, overrides_with = "no_hidden", help_heading = "Files")]
    hidden: bool,

    /// Serve no names that begin with a dot (the default)
    #[arg(
        long,
        overrides_with = "hidden",
        hide_short_help = true,
        help_heading = "Files"
    )]
    no_hidden: bool,

    /// Answer paths without a file with index.html
    ///
    /// For apps of a single page, whose script knows the paths. A missing file that no page is
    /// expected of, such as a script, is still answered with 404.
    #[arg(long, overrides_with = "no_spa", help_heading = "Files")]
    spa: bool,

    /// Answer them with 404 (the default)
    #[arg(
        long,
        overrides_with = "spa",
        hide_short_help = true,
        help_heading = "Files"
    )]
    no_spa: bool,

    /// Let pages of every origin read the files (CORS)
    #[arg(long, overrides_with = "no_cors", help_heading = "Files")]
    cors: bool,

    /// Let other origins read nothing (the default)
    #[arg(
        long,
        overrides_with = "cors",
        hide_short_help = true,
        help_heading = "Files"
    )]
    no_cors: bool,

    #[command(flatten)]
    pub(crate) saying: SayingArgs,
}

impl StaticArgs {
    /// What to serve, to whoever is shown `tls`.
    pub(crate) fn config(self, tls: Option<Identity>) -> site::Config {
        let folder = self.folder.as_ref().or(self.serving.behind_adhoc());
        site::Config {
            folder: folder.cloned().unwrap_or_else(|| PathBuf::from(".")),
            address: self.serving.address(),
            hosts: self.allow_host,
            tls,
            live_reload: !self.no_livereload,
            listing: !self.no_listing,
            hidden: self.hidden,
            single_page: self.spa,
            cors: self.cors,
        }
    }
}

const STATIC_EXAMPLES: &str = "\
Examples:
  devserve static --open           serve this folder, and show it
  devserve static dist --spa --port 0
                                   try a built app of one page, on any free port
  devserve static --host 0.0.0.0 --no-livereload
                                   give files to others on the network

Environment:
  BROWSER   what --open starts
  NO_COLOR  no colors, unless --color says otherwise";
