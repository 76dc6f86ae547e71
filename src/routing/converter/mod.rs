//! Converters: what a variable of a rule takes, and what becomes of it.

mod any;
mod arguments;
mod number;
mod registry;
mod text;
mod uuid;

use std::fmt;

pub use arguments::{Argument, Arguments};
pub(super) use registry::{Converters, Factory};

use crate::routing::{Shape, Value};

/// What stands behind the `int` of `<int:id>`: text to value and back.
///
/// The shape says what to look for; [`read`](Self::read) may still refuse what it finds, and
/// then the next rule is tried. What [`write`](Self::write) writes must have the shape and be
/// read again, or building the URL fails.
///
/// ```
/// use devserve::routing::{Converter, Map, Rule, Value};
/// use std::fmt::{self, Write as _};
///
/// /// `<tags:wanted>` takes `red+blue`.
/// struct Tags;
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct TagList(Vec<String>);
///
/// impl fmt::Display for TagList {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str(&self.0.join("+"))
///     }
/// }
///
/// impl Converter for Tags {
///     fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
///         let tags = text.split('+').map(str::to_owned).collect();
///         Some(Value::other(TagList(tags)))
///     }
///
///     fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
///         write!(out, "{value}")
///     }
/// }
///
/// let map = Map::builder()
///     .converter("tags", |_| Ok(Tags))
///     .rules(Rule::new("/things/<tags:wanted>", "things"))
///     .build()?;
/// let urls = map.bind("example.test");
/// let found = urls.match_path("/things/red+blue")?;
/// let wanted = found.params().get::<Value>("wanted")?;
/// assert_eq!(wanted.downcast_ref::<TagList>().unwrap().0, ["red", "blue"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Converter: Send + Sync + 'static {
    /// What to look for. It is asked once.
    fn shape(&self) -> Shape {
        Shape::TEXT
    }

    /// How eagerly to try it among others in the same place: the lowest first. By default 50
    /// for numbers, 200 for a path and 100 for all others.
    fn weight(&self) -> i32 {
        self.shape().weight()
    }

    /// The value of a piece of a decoded path that has the shape; `None` where it is none.
    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>>;

    /// Whether [`read`](Self::read) has a value for it, for those that know sooner.
    fn accepts(&self, text: &str) -> bool {
        self.read(text).is_some()
    }

    /// Adds the value as text, not yet percent-encoded.
    ///
    /// # Errors
    /// [`fmt::Error`] where the value is of a kind this converter does not know.
    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result;
}
