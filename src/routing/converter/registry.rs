use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::routing::{Arguments, Converter};

use super::any::Any;
use super::number::{Float, Int};
use super::text::Text;
use super::uuid::UuidConverter;

/// Makes a converter of what stands in its parentheses, or says in a sentence what is wrong.
pub(in crate::routing) type Factory =
    Arc<dyn Fn(&mut Arguments) -> Result<Arc<dyn Converter>, String> + Send + Sync>;

/// The converters of a map by the names that rules call them by.
#[derive(Clone)]
pub(in crate::routing) struct Converters {
    factories: BTreeMap<String, Factory>,
}

impl Default for Converters {
    fn default() -> Self {
        let mut converters = Self {
            factories: BTreeMap::new(),
        };
        converters.add("string", Text::string);
        // The same one, so that two rules are seen to be alike.
        let string = Arc::clone(&converters.factories["string"]);
        converters.factories.insert("default".to_owned(), string);
        converters.add("path", Text::path);
        converters.add("int", Int::new);
        converters.add("float", Float::new);
        converters.add("uuid", |_| Ok(UuidConverter));
        converters.add("any", Any::new);
        converters
    }
}

impl Converters {
    /// Adds one, in the place of the one that has its name.
    pub(in crate::routing) fn add<C: Converter>(
        &mut self,
        name: &str,
        factory: impl Fn(&mut Arguments) -> Result<C, String> + Send + Sync + 'static,
    ) {
        let factory: Factory = Arc::new(move |arguments| Ok(Arc::new(factory(arguments)?)));
        self.factories.insert(name.to_owned(), factory);
    }

    pub(in crate::routing) fn get(&self, name: &str) -> Option<&Factory> {
        self.factories.get(name)
    }

    pub(in crate::routing) fn names(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }
}

impl fmt::Debug for Converters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
