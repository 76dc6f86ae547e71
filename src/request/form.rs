use std::cell::{Cell, OnceCell};
use std::io::Cursor;

use serde::de::DeserializeOwned;

use crate::forms::{self, Form, FormError, Parts, TypedError, TypedFormError, Upload, urlencoded};
use crate::http::{CombinedMultiDict, Method, MultiDict};
use crate::request::Request;
use crate::wsgi::Input;

/// What was parsed of the query and the form.
#[derive(Debug, Default)]
pub(super) struct FormCache {
    args: OnceCell<MultiDict>,
    form: OnceCell<Result<Form, FormError>>,
    took_body: Cell<bool>,
}

impl FormCache {
    /// Whether the body's stream went into the form.
    pub(super) fn took_body(&self) -> bool {
        self.took_body.get()
    }
}

/// Queries and forms.
impl Request<'_> {
    /// The query's names and values.
    pub fn args(&self) -> &MultiDict {
        self.form
            .args
            .get_or_init(|| urlencoded::parse(self.environ.query_string()))
    }

    /// The fields of the form in the body; empty where the body is no form.
    ///
    /// # Errors
    /// [`FormError`]: 400 where the body is malformed, 413 where it passes a limit.
    pub fn form(&self) -> Result<&MultiDict, FormError> {
        self.parsed_form().map(Form::fields)
    }

    /// The files of the form in the body.
    ///
    /// # Errors
    /// As [`form`](Self::form).
    pub fn files(&self) -> Result<&MultiDict<Upload>, FormError> {
        self.parsed_form().map(Form::files)
    }

    /// The parts of a multipart form, each to be read as it arrives: for files that are too
    /// large to wait for, or that go elsewhere. [`form`](Self::form) and [`files`](Self::files)
    /// are then not to be had.
    ///
    /// ```no_run
    /// # fn store(_: &str, _: impl std::io::Read) -> devserve::Result<()> { Ok(()) }
    /// # fn view(request: &devserve::Request) -> devserve::Result<()> {
    /// let mut parts = request.parts()?;
    /// while let Some(part) = parts.next_part()? {
    ///     store(&part.name().to_owned(), part)?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`FormError`]: 415 where the body is of another type, 400 and 413 as for
    /// [`form`](Self::form); also where the form was read before.
    pub fn parts(&self) -> Result<Parts<Input>, FormError> {
        if self.form.took_body() {
            return Err(FormError::Taken);
        }
        let input = match self.data.get() {
            Some(data) => Input::new(Cursor::new(data.as_ref().map_err(Clone::clone)?.clone())),
            None => {
                self.check_length()?;
                self.form.took_body.set(true);
                self.stream()
            }
        };
        Parts::new(input, self.content_type(), &self.limits())
    }

    /// The query's names and values, then the form's.
    ///
    /// The form counts for `POST`, `PUT` and `PATCH` only, as in Werkzeug: a body means nothing
    /// elsewhere, and a cache that ignores it would keep the wrong answer.
    ///
    /// # Errors
    /// As [`form`](Self::form).
    pub fn values(&self) -> Result<CombinedMultiDict<'_>, FormError> {
        let has_form = [Method::POST, Method::PUT, Method::PATCH].contains(self.method());
        let form = has_form.then(|| self.form()).transpose()?;
        Ok(CombinedMultiDict::new(
            [self.args()].into_iter().chain(form),
        ))
    }

    /// The query as a value of yours.
    ///
    /// # Errors
    /// [`TypedError`], which names the field; 400.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, TypedError> {
        forms::from_pairs(self.args().iter())
    }

    /// The form's fields as a value of yours.
    ///
    /// # Errors
    /// [`TypedFormError`]: the form cannot be read, or a field, which is named, does not fit.
    pub fn form_as<T: DeserializeOwned>(&self) -> Result<T, TypedFormError> {
        Ok(forms::from_pairs(self.form()?.iter())?)
    }

    fn parsed_form(&self) -> Result<&Form, FormError> {
        self.form
            .form
            .get_or_init(|| self.parse_form())
            .as_ref()
            .map_err(Clone::clone)
    }

    fn parse_form(&self) -> Result<Form, FormError> {
        let content_type = self.content_type();
        if !Form::is_form(content_type) {
            return Ok(Form::default());
        }
        let limits = self.limits();
        if let Some(data) = self.data.get() {
            return Form::read(
                data.as_ref().map_err(Clone::clone)?.as_ref(),
                content_type,
                &limits,
            );
        }
        if self.form.took_body() {
            return Err(FormError::Taken);
        }
        self.check_length()?;
        self.form.took_body.set(true);
        Form::read(self.stream(), content_type, &limits)
    }
}
