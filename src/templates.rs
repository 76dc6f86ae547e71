//! A folder of HTML templates, for [minijinja](https://docs.rs/minijinja).

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Names and values for a template: `context! { title => "Home", entries => Serde(&entries) }`.
pub use minijinja::context;
/// Wraps a value of yours that serde can write, so that a template can read it.
pub use minijinja::value::Serde;
use minijinja::{Environment, Error, Value, path_loader};

use crate::wsgi::Result;

/// The templates in a folder, rendered by name.
///
/// Values are escaped in templates whose name ends in `.html`, `.htm` or `.xml`, and written as
/// JSON in `.json`. A program built for debugging reads a template anew each time it is
/// rendered, so that an edit shows at once; a release build reads each once.
///
/// ```no_run
/// use devserve::templates::{Templates, context};
///
/// let templates = Templates::new("templates");
/// let page = templates.render("home.html", context! { name => "Ada" })?;
/// # Ok::<(), devserve::Error>(())
/// ```
#[derive(Debug)]
pub struct Templates {
    folder: PathBuf,
    environment: Environment<'static>,
}

impl Templates {
    /// The templates in `folder`. A relative path starts where the program was started, so
    /// most apps say `concat!(env!("CARGO_MANIFEST_DIR"), "/templates")`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            environment: environment(&folder),
            folder,
        }
    }

    /// Adds functions, filters and globals of your own. They hold in release builds and in
    /// debug builds alike.
    pub fn configure(mut self, configure: impl FnOnce(&mut Environment<'static>)) -> Self {
        configure(&mut self.environment);
        self
    }

    /// Renders the template `name` with these values: a [`context!`], or [`Serde`] around a
    /// struct of yours.
    ///
    /// # Errors
    /// [`TemplateError`], which holds minijinja's own: file, line and what is wrong there.
    #[track_caller]
    pub fn render(&self, name: &str, values: impl Into<Value>) -> Result<String> {
        let rendered = if cfg!(debug_assertions) {
            self.fresh()
                .get_template(name)
                .and_then(|template| template.render(values))
        } else {
            self.environment
                .get_template(name)
                .and_then(|template| template.render(values))
        };
        Ok(rendered.map_err(|error| TemplateError {
            place: place(&self.folder, name, &error),
            error,
        })?)
    }

    /// The same environment with nothing loaded yet.
    fn fresh(&self) -> Environment<'static> {
        let mut environment = self.environment.clone();
        environment.clear_templates();
        environment
    }
}

fn environment(folder: &Path) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_loader(path_loader(folder));
    // Errors then quote the lines around them.
    environment.set_debug(cfg!(debug_assertions));
    environment
}

fn place(folder: &Path, name: &str, error: &Error) -> String {
    let file = folder.join(error.name().unwrap_or(name));
    match error.line() {
        Some(line) => format!("{}:{line}", file.display()),
        None => file.display().to_string(),
    }
}

/// Why a template could not be rendered. Says all that minijinja says, in its place.
#[derive(Debug)]
pub struct TemplateError {
    /// The file, and the line where there is one.
    pub place: String,
    /// Minijinja's own error.
    pub error: Error,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:#}", self.place, self.error)
    }
}

// Minijinja's words are in the message already, so the causes begin behind them.
impl StdError for TemplateError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
