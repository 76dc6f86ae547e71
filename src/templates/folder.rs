use std::path::{Path, PathBuf};

use minijinja::{Environment, Value, context, path_loader};

use crate::request::Request;
use crate::templates::{TemplateError, globals, rendering};
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

    /// Renders the template `name` with these values: a [`context!`], or
    /// [`Serde`](crate::templates::Serde) around a struct of yours.
    ///
    /// # Errors
    /// [`TemplateError`]: file, line and what is wrong there.
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
        Ok(rendered.map_err(|error| TemplateError::new(&self.folder, name, error))?)
    }

    /// Renders the template `name` for a request: with these values, and where they leave the
    /// names free, with
    /// - `request`: `method`, `scheme`, `path`, `full_path`, `script_root`, `query_string`,
    ///   `url`, `base_url`, `url_root`, `host`, `remote_addr`, and by name `args`, `cookies` and
    ///   `headers`;
    /// - `session`: what it keeps, by name;
    /// - `get_flashed_messages(with_categories=false, category_filter=[])`;
    /// - `url_for(endpoint, name=value)`: the URL that the app's router builds.
    ///
    /// Templates that are included or extended see them too. A macro that is imported sees its
    /// arguments, and may call the two functions.
    ///
    /// ```no_run
    /// use devserve::templates::{Templates, context};
    /// use devserve::{Request, Response};
    ///
    /// fn home(templates: &Templates, request: &Request) -> devserve::Result<Response> {
    ///     Ok(Response::html(templates.render_for(request, "home.html", context! {})?))
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`render`](Self::render).
    #[track_caller]
    pub fn render_for(
        &self,
        request: &Request<'_>,
        name: &str,
        values: impl Into<Value>,
    ) -> Result<String> {
        let (values, globals) = (values.into(), globals::of(request));
        let _page = rendering::begin(&globals);
        self.render(name, context! { ..values, ..globals })
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
    rendering::add_functions(&mut environment);
    // Errors then quote the lines around them.
    environment.set_debug(cfg!(debug_assertions));
    environment
}
