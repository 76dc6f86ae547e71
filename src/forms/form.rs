use std::io::Read;
use std::sync::Arc;

use crate::forms::body::{read_body, read_some};
use crate::forms::multipart::{Decoder, Event, MultipartError, PartHead};
use crate::forms::{FormError, FormLimits, Limit, Upload, urlencoded};
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
            "multipart/form-data" => read_multipart(input, content_type, limits),
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

fn read_multipart(
    mut input: impl Read,
    content_type: &ContentType,
    limits: &FormLimits,
) -> Result<Form, FormError> {
    let mut decoder = Decoder::new(content_type, limits)
        .map_err(|source| FormError::Multipart { at: 0, source })?;
    let mut form = Form::default();
    let mut part = Part::None;
    let mut field_bytes = 0;
    let mut body_bytes = 0;
    let mut buf = vec![0; 64 << 10];
    loop {
        let event = match decoder.next_event() {
            Ok(event) => event,
            Err(source) => return Err(place(source, decoder.position())),
        };
        match event {
            Event::NeedData => match read_some(&mut input, &mut buf)? {
                0 => decoder.finish(),
                count => {
                    body_bytes += count as u64;
                    if body_bytes > limits.max_body_bytes {
                        let max = limits.max_body_bytes;
                        return Err(FormError::TooLarge {
                            limit: Limit::Body,
                            max,
                        });
                    }
                    decoder.push(&buf[..count]);
                }
            },
            Event::Part(head) => part = Part::new(head),
            Event::Data(data) => match &mut part {
                Part::Field { data: held, .. } => {
                    field_bytes += data.len() as u64;
                    if field_bytes > limits.max_field_bytes {
                        let max = limits.max_field_bytes;
                        return Err(FormError::TooLarge {
                            limit: Limit::Fields,
                            max,
                        });
                    }
                    held.extend_from_slice(data);
                }
                Part::File(upload) => {
                    upload
                        .append(data, limits.upload_memory_bytes)
                        .map_err(|source| {
                            let filename = upload.filename().to_owned();
                            FormError::Store {
                                filename,
                                source: Arc::new(source),
                            }
                        })?;
                }
                Part::None => {}
            },
            Event::PartEnd => match std::mem::replace(&mut part, Part::None) {
                Part::Field { head, data } => {
                    let value = head.decode(&data);
                    form.fields.add(head.name, value);
                }
                Part::File(upload) => form.files.add(upload.name().to_owned(), *upload),
                Part::None => {}
            },
            // The epilogue stays unread: the server drains it, within its own limits.
            Event::End => return Ok(form),
        }
    }
}

enum Part {
    None,
    Field { head: PartHead, data: Vec<u8> },
    File(Box<Upload>),
}

impl Part {
    fn new(head: PartHead) -> Self {
        match head.filename {
            Some(filename) => Self::File(Box::new(Upload::new(
                head.name,
                filename,
                head.content_type,
            ))),
            None => Self::Field {
                head,
                data: Vec::new(),
            },
        }
    }
}

fn place(source: MultipartError, at: u64) -> FormError {
    match source {
        MultipartError::PartCount { max } => FormError::TooLarge {
            limit: Limit::Parts,
            max: max as u64,
        },
        source => FormError::Multipart { at, source },
    }
}
