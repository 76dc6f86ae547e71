//! Header fields of the client's choice.

use devserve::exceptions::HttpException;
use devserve::http::{HeaderName, HeaderValue, header};
use devserve::{Request, Response, Result};
use serde_json::{Value, json};

use super::json::{Json, Members, pretty};

/// Sets the query's names and values as fields, and shows all fields there then are.
pub(crate) fn response_headers(request: &Request) -> Result<Response> {
    let asked = request.args();
    let lists: Vec<_> = asked.lists().collect();
    let mut response = shown(request, pretty(&json!(lists)).len()).response();
    for (name, value) in asked.iter() {
        let (name, value) = (field_name(name)?, field_value(value)?);
        // Where the message ends is not the client's to choose.
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            response = response.add_header(name.as_str(), value);
        }
    }
    Ok(response)
}

/// The fields of the answer, among them the length of what is shown, which depends on itself.
fn shown(request: &Request, mut length: usize) -> Json {
    loop {
        let length_field = length.to_string();
        let mut fields = vec![
            ("Content-Type", "application/json"),
            ("Content-Length", &length_field),
        ];
        fields.extend(request.args().iter());
        let told = Json(tell(&fields));
        match pretty(&told.0).len() {
            same if same == length => return told,
            other => length = other,
        }
    }
}

/// Each name with its value, or a list of them where it comes more than once in any case.
fn tell(fields: &[(&str, &str)]) -> Value {
    let values_of = |name: &str| {
        let named = fields
            .iter()
            .filter(|(of, _)| of.eq_ignore_ascii_case(name));
        let values: Vec<_> = named.map(|(_, value)| *value).collect();
        match values[..] {
            [only] => only.into(),
            _ => values.into(),
        }
    };
    let members = fields
        .iter()
        .map(|(name, _)| ((*name).to_owned(), values_of(name)));
    members.collect::<Members>().into()
}

fn field_name(name: &str) -> Result<HeaderName> {
    Ok(name.parse().map_err(|_| {
        HttpException::bad_request().with_description(format!("no field can be named {name:?}"))
    })?)
}

/// A value that somebody sent, as a field's.
pub(crate) fn field_value(value: &str) -> Result<HeaderValue> {
    Ok(value.parse().map_err(|_| {
        HttpException::bad_request().with_description(format!("no field can hold {value:?}"))
    })?)
}
