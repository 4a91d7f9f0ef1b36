//! Reading what a client posts, and who posts it.

use std::collections::HashMap;

use poem::Request;

use super::error::ApiError;
use crate::listener::Peer;

const MAX_FORM: usize = 64 * 1024;

/// A form's fields; a repeated field is refused (RFC 6749 §3.2).
pub(super) type Form = HashMap<String, String>;

pub(super) fn field<'a>(form: &'a Form, name: &str) -> Result<&'a str, ApiError> {
    form.get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ApiError::invalid_request(format!("{name} is missing")))
}

pub(super) async fn read_form(request: &mut Request) -> Result<Form, ApiError> {
    let form = request
        .content_type()
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if !form {
        return Err(ApiError::invalid_request("a form is required"));
    }
    let body = request.take_body().into_bytes_limit(MAX_FORM).await;
    let body = body.map_err(|_| ApiError::invalid_request("the form is too large"))?;
    parse_form(&body)
}

pub(super) fn parse_form(body: &[u8]) -> Result<Form, ApiError> {
    let mut fields = Form::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        if fields
            .insert(name.to_string(), value.into_owned())
            .is_some()
        {
            return Err(ApiError::invalid_request(format!("{name} is repeated")));
        }
    }
    Ok(fields)
}

pub(super) fn peer(request: &Request) -> Peer {
    request
        .extensions()
        .get::<Peer>()
        .cloned()
        .unwrap_or_default()
}
