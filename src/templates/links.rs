use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind};

use crate::request::{Request, Routed};
use crate::wsgi::Environ;

/// `url_for("user", id=7)`: what the request's router makes of it.
pub(super) fn url_for(environ: Environ) -> Value {
    Value::from_function(move |endpoint: String, kwargs: Kwargs| {
        let failed = |words: String| Error::new(ErrorKind::InvalidOperation, words);
        if environ.extensions().get::<Routed>().is_none() {
            let words = format!("no router called this view, so {endpoint:?} has no URL");
            return Err(failed(words));
        }
        let mut values = Vec::new();
        for name in kwargs.args() {
            let value: Value = kwargs.get(name)?;
            values.push((name, value.to_string()));
        }
        Request::new(&environ)
            .url_for(&endpoint, values)
            .map_err(|error| failed(error.to_string()))
    })
}
