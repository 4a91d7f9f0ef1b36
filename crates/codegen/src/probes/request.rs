//! A request with every part as documented, and what to change in it.

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

use super::{broken, sample, schemas::Schemas, text_of};

#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) operation: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) parameters: Vec<Given>,
    pub(super) body: Option<(String, Value)>,
}

#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) location: String,
    pub(super) value: String,
}

/// A valid request, and the same with one constraint broken at a time.
pub(super) fn operation(schemas: &Schemas, id: &str) -> Result<(Draft, Vec<(String, Draft)>)> {
    let described = find(schemas, id)?;
    let valid = described.draft(schemas, true)?;
    let mut broken = Vec::new();
    for parameter in &described.parameters {
        let parameter = schemas.resolved(parameter);
        for (label, values) in broken_parameter(schemas, parameter)? {
            let mut draft = valid.clone();
            draft.replace(parameter, &values);
            broken.push((label, draft));
        }
    }
    if let Some((media, schema, required)) = described.body(schemas)? {
        if required {
            let mut draft = valid.clone();
            draft.body = None;
            broken.push(("body: required".to_owned(), draft));
        }
        for (label, value) in broken::values(schemas, schema, "body", 0)? {
            if media != "application/json" && !is_sendable(&media, &label, &value) {
                continue;
            }
            let mut draft = valid.clone();
            draft.body = Some((media.clone(), value));
            broken.push((label, draft));
        }
    }
    Ok((valid, broken))
}

/// Only what is required.
pub(super) fn minimal(schemas: &Schemas, id: &str) -> Result<Draft> {
    find(schemas, id)?.draft(schemas, false)
}

struct Described<'a> {
    id: &'a str,
    method: &'a str,
    path: &'a str,
    parameters: Vec<&'a Value>,
    operation: &'a Value,
}

fn find<'a>(schemas: &'a Schemas, id: &'a str) -> Result<Described<'a>> {
    for (path, item) in schemas.paths() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if operation["operationId"] == id {
                let parameters = [item, operation].into_iter();
                let parameters = parameters.filter_map(|it| it["parameters"].as_array());
                return Ok(Described {
                    id,
                    method,
                    path,
                    parameters: parameters.flatten().collect(),
                    operation,
                });
            }
        }
    }
    Err(anyhow!("the document has no operation `{id}`"))
}

impl Described<'_> {
    fn draft(&self, schemas: &Schemas, full: bool) -> Result<Draft> {
        let mut parameters = Vec::new();
        for parameter in &self.parameters {
            let parameter = schemas.resolved(parameter);
            if !full && parameter["required"] != Value::Bool(true) {
                continue;
            }
            let value = match parameter.get("example") {
                Some(example) => example.clone(),
                None => sample::value(schemas, &parameter["schema"], full, 0)?,
            };
            parameters.extend(given(parameter, &values_of(value)));
        }
        let body = match self.body(schemas)? {
            None => None,
            Some((media, schema, _)) => Some((media, sample::value(schemas, schema, full, 0)?)),
        };
        Ok(Draft {
            operation: self.id.to_owned(),
            method: self.method.to_uppercase(),
            path: self.path.to_owned(),
            parameters,
            body,
        })
    }

    /// Media type, schema, and whether a body has to be there.
    fn body<'s>(&'s self, schemas: &'s Schemas) -> Result<Option<(String, &'s Value, bool)>> {
        let Some(body) = self.operation.get("requestBody") else {
            return Ok(None);
        };
        let body = schemas.resolved(body);
        let content = body["content"].as_object();
        let json = content.and_then(|content| content.get_key_value("application/json"));
        let Some((media, described)) = json.or_else(|| content?.iter().next()) else {
            bail!("{}: the body has no media type", self.id);
        };
        let required = body["required"] == Value::Bool(true);
        Ok(Some((media.clone(), &described["schema"], required)))
    }
}

impl Draft {
    fn replace(&mut self, parameter: &Value, values: &[String]) {
        self.parameters.retain(|it| {
            parameter["name"] != it.name.as_str() || parameter["in"] != it.location.as_str()
        });
        self.parameters.extend(given(parameter, values));
    }
}

fn given(parameter: &Value, values: &[String]) -> Vec<Given> {
    let text = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
    let values = values.iter();
    values
        .map(|value| Given {
            name: text("name"),
            location: text("in"),
            value: value.clone(),
        })
        .collect()
}

/// Path and constraint, and the values to send instead.
fn broken_parameter(schemas: &Schemas, parameter: &Value) -> Result<Vec<(String, Vec<String>)>> {
    let location = parameter["in"].as_str().unwrap_or_default();
    let name = parameter["name"].as_str().unwrap_or_default();
    let path = format!("{location} {name}");
    let mut broken = Vec::new();
    if parameter["required"] == Value::Bool(true) && location != "path" {
        broken.push((format!("{path}: required"), Vec::new()));
    }
    for (label, value) in broken::values(schemas, &parameter["schema"], &path, 0)? {
        // In a parameter everything is a text, and one of no length at all is not there.
        let values = values_of(value.clone());
        let is_text = schemas.whole(&parameter["schema"])["type"] == "string";
        let lost = values.is_empty() || (location == "path" && values == [""]);
        if lost || value.is_object() || (is_text && label.ends_with(": type")) {
            continue;
        }
        if schemas.whole(&parameter["schema"])["type"] == "array" && !value.is_array() {
            continue;
        }
        if value
            .as_array()
            .is_some_and(|items| items.iter().any(Value::is_object))
        {
            continue;
        }
        broken.push((label, values));
    }
    Ok(broken)
}

fn values_of(value: Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text_of).collect(),
        value => vec![text_of(&value)],
    }
}

/// Whether a form, or a text, can hold the value at all. In a form everything is a text.
fn is_sendable(media: &str, label: &str, value: &Value) -> bool {
    let text_of_other_type = label
        .strip_suffix(": type")
        .and_then(|path| path.strip_prefix("body."))
        .is_some_and(|name| value[name].is_number() || value[name].is_boolean());
    if text_of_other_type {
        return false;
    }
    match (media, value) {
        ("application/x-www-form-urlencoded", Value::Object(members)) => members
            .values()
            .all(|member| !member.is_object() && !member.is_null() && !member.is_array()),
        _ => false,
    }
}
