use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind};

use crate::wsgi::Environ;

/// Without feature `routing` there is no router to ask.
pub(super) fn url_for(_: Environ) -> Value {
    Value::from_function(|endpoint: String, _: Kwargs| -> Result<String, Error> {
        let words = format!("{endpoint:?} has no URL: devserve was built without `routing`");
        Err(Error::new(ErrorKind::InvalidOperation, words))
    })
}
