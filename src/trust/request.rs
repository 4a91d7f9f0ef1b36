//! The parts of a request that signatures are about, read without believing them.

use std::collections::BTreeMap;

use poem::Request;
use poem::http::HeaderMap;

use crate::config::SignatureHeader;
use crate::http::{ApiError, InteractionId};

/// Longest signature we look at, in characters (our own limit).
const MAX_SIGNATURE: usize = 16 * 1024;

/// Owned, so that it can be held while keys are fetched.
pub struct RequestFacts {
    pub path: String,
    /// Each name once: a repeated parameter could be read differently by whoever checks and whoever uses it.
    pub query: BTreeMap<String, String>,
    pub interaction_id: InteractionId,
    pub is_jwt: bool,
    headers: HeaderMap,
}

impl RequestFacts {
    pub fn of(request: &Request) -> Result<Self, ApiError> {
        let interaction_id = request
            .extensions()
            .get()
            .copied()
            .unwrap_or_else(InteractionId::fresh);
        let is_jwt = request
            .content_type()
            .and_then(|value| value.split(';').next())
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/jwt"));
        Ok(Self {
            path: request.uri().path().to_owned(),
            query: read_query(request.uri().query().unwrap_or_default())?,
            interaction_id,
            is_jwt,
            headers: request.headers().clone(),
        })
    }

    /// A header that must appear at most once and be short, visible text.
    pub fn header(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(
                ApiError::invalid_request(format!("the header {name} is repeated"))
                    .because("request.header_repeated"),
            );
        }
        match value.to_str() {
            Ok(text) if text.len() <= MAX_SIGNATURE => Ok(Some(text.trim())),
            _ => Err(
                ApiError::invalid_request(format!("the header {name} cannot be read"))
                    .because("request.header_unreadable"),
            ),
        }
    }

    /// The signatures present, in the order of the profile.
    pub fn signatures(
        &self,
        headers: &[SignatureHeader],
    ) -> Result<Vec<(SignatureHeader, &str)>, ApiError> {
        let mut found = Vec::new();
        for header in headers {
            if let Some(value) = self.header(header.name())? {
                found.push((*header, value));
            }
        }
        Ok(found)
    }
}

fn read_query(query: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let address = format!("http://localhost/?{query}");
    let url = reqwest::Url::parse(&address).map_err(|_| {
        ApiError::invalid_request("the query cannot be read").because("request.query_unreadable")
    })?;
    let mut parameters = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        if parameters
            .insert(name.to_string(), value.into_owned())
            .is_some()
        {
            return Err(
                ApiError::invalid_request(format!("the parameter {name:?} is repeated"))
                    .because("request.parameter_repeated"),
            );
        }
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_parameter_is_refused() {
        assert!(read_query("consent_id=a&consent_id=b").is_err());
        let query = read_query("consent_id=a%20b&x=1").unwrap();
        assert_eq!(query["consent_id"], "a b");
    }
}
