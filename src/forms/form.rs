use std::io::Read;

use crate::forms::{FormError, FormLimits, Parts, Spool, Upload, read_body, urlencoded};
use crate::http::{ContentType, MultiDict};

/// The fields and files of a form.
#[derive(Debug, Default)]
pub struct Form {
    fields: MultiDict,
    files: MultiDict<Upload>,
}

impl Form {
    /// Whether a body of this type is a form.
    pub fn is_form(content_type: &ContentType) -> bool {
        matches!(
            content_type.essence(),
            "application/x-www-form-urlencoded" | "multipart/form-data"
        )
    }

    /// Reads a form to its end.
    ///
    /// # Errors
    /// [`FormError`], which says where the body is broken or which limit it passes.
    pub fn read(
        input: impl Read,
        content_type: &ContentType,
        limits: &FormLimits,
    ) -> Result<Self, FormError> {
        match content_type.essence() {
            "application/x-www-form-urlencoded" => {
                let body = read_body(input, limits.max_body_bytes)?;
                let fields = urlencoded::parse_limited(&body, limits)?;
                Ok(Self {
                    fields,
                    files: MultiDict::new(),
                })
            }
            "multipart/form-data" => {
                let parts = Parts::new(input, content_type, limits)?;
                read_parts(parts, Spool::new(limits.upload_memory_bytes))
            }
            other => Err(FormError::MediaType {
                media_type: other.to_owned(),
            }),
        }
    }

    /// The text fields, in the order sent.
    pub fn fields(&self) -> &MultiDict {
        &self.fields
    }

    /// The files, in the order sent.
    pub fn files(&self) -> &MultiDict<Upload> {
        &self.files
    }
}

fn read_parts(mut parts: Parts<impl Read>, mut spool: Spool) -> Result<Form, FormError> {
    let mut form = Form::default();
    while let Some(part) = parts.next_part()? {
        if part.is_file() {
            let upload = spool.store(part)?;
            form.files.add(upload.name().to_owned(), upload);
        } else {
            let (name, text) = part.into_field()?;
            form.fields.add(name, text);
        }
    }
    Ok(form)
}
