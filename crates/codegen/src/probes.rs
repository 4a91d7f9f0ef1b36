//! Requests made from a document, to test whoever serves it: valid ones, and for every constraint one that breaks it.
//!
//! Written for tests, and apart from the generator on purpose: it reads the document again, with other code, so that a
//! constraint the generator overlooks is one that a test finds.

mod broken;
mod request;
mod sample;
mod schemas;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::{request::Draft, schemas::Schemas};
use crate::{document, place::Place};

/// One request.
#[derive(Debug, Clone)]
pub struct Probe {
    pub operation: String,
    /// Which constraint is broken and where, such as `body.data.status: enum`. A request that breaks none is to be accepted,
    /// any other to be refused with 400.
    pub breaks: Option<String>,
    /// Upper case.
    pub method: String,
    /// Path and query, percent-encoded.
    pub uri: String,
    pub headers: Vec<(String, String)>,
    /// Media type and content.
    pub body: Option<(String, String)>,
}

/// The requests for the operations with these ids, from a document as JSON (the generated `DOCUMENT`).
///
/// Each valid value is the `example` of the document where it has one; what has neither an example nor an obvious value is an
/// error.
pub fn probes(document: &str, operations: &[&str]) -> Result<Vec<Probe>> {
    let place = Place::file("the document");
    let published: Value =
        serde_json::from_str(document).with_context(|| place.refusal("is not JSON"))?;
    let schemas = Schemas::new(document::understood(published, &place)?);
    let mut probes = Vec::new();
    for id in operations {
        let (draft, constraints) = request::operation(&schemas, id)?;
        let optional_left_out = request::minimal(&schemas, id)?;
        probes.push(draft.finish(None));
        probes.push(optional_left_out.finish(None));
        for (label, broken) in constraints {
            probes.push(broken.finish(Some(label)));
        }
    }
    if probes.is_empty() {
        bail!(place.refusal("no operation is asked for"));
    }
    Ok(probes)
}

/// Makes the requests of all `operations` and says of each answer that is not as the document has it what was asked.
///
/// `serve` answers the status, which for a request that came through to its handler is `reached`; `documents` says whether an
/// operation may answer with a status.
pub async fn misjudged(
    document: &str,
    operations: &[&str],
    reached: u16,
    serve: impl AsyncFn(&Probe) -> u16,
    documents: impl Fn(&str, u16) -> bool,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for probe in probes(document, operations)? {
        let status = serve(&probe).await;
        let as_expected = match probe.breaks.as_deref() {
            None => status == reached,
            // Without a body there is no media type either.
            Some("body: required") => [400, 415].contains(&status),
            Some(_) => status == 400,
        };
        if !as_expected || !documents(&probe.operation, status) {
            wrong.push(format!("{status} {probe:?}"));
        }
    }
    Ok(wrong)
}

impl Draft {
    fn finish(self, breaks: Option<String>) -> Probe {
        let mut uri = String::new();
        for segment in self.path.split('/').skip(1) {
            uri.push('/');
            let variable = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            match variable {
                None => uri.push_str(segment),
                Some(name) => {
                    let values = self.parameters.iter();
                    let mut values = values.filter(|it| it.location == "path" && it.name == name);
                    uri.push_str(&encoded(values.next().map_or("", |it| &it.value)));
                }
            }
        }
        let query: Vec<String> = self
            .of("query")
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        if !query.is_empty() {
            uri = format!("{uri}?{}", query.join("&"));
        }
        let headers = self.of("header");
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Probe {
            breaks,
            uri,
            headers: headers.collect(),
            body: self.body.as_ref().map(|(media, value)| {
                let text = match (media.as_str(), value) {
                    ("application/x-www-form-urlencoded", value) => form(value),
                    ("application/json", value) => value.to_string(),
                    (_, value) => value.as_str().unwrap_or_default().to_owned(),
                };
                (media.clone(), text)
            }),
            operation: self.operation,
            method: self.method,
        }
    }

    fn of(&self, location: &str) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .filter(move |given| given.location == location)
            .map(|given| (given.name.as_str(), given.value.as_str()))
    }
}

fn form(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let pairs: Vec<String> = members
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(&text_of(value))))
        .collect();
    pairs.join("&")
}

/// A simple value as it stands in a parameter.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(["%".to_owned(), format!("{byte:02X}")]);
        }
    }
    encoded
}
