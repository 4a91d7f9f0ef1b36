//! Which operation of a document a request means, by method and path.

use serde_json::Value;

use crate::generated::runtime::Operation;
use crate::ops::documents::Shelved;

/// An operation of a document.
pub struct Found<'a> {
    pub id: &'a str,
    /// Absent if we call it and do not serve it.
    pub served: Option<&'static Operation>,
    document: &'a Value,
    parameters: &'a [Value],
}

impl<'a> Found<'a> {
    /// Between templates that fit, the one with fewest parameters is meant.
    pub fn by(shelved: &'a Shelved, method: &str, path: &str) -> Option<Self> {
        let paths = shelved.content["paths"].as_object()?;
        let fitting = paths.iter().filter(|(template, _)| fits(template, path));
        let (_, item) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
        let operation = item.get(method.to_ascii_lowercase())?;
        let id = operation["operationId"].as_str()?;
        let served = &shelved.document.served;
        let parameters = operation["parameters"].as_array();
        Some(Self {
            id,
            served: served.iter().find(|operation| operation.id == id),
            document: &shelved.content,
            parameters: parameters.map(Vec::as_slice).unwrap_or_default(),
        })
    }

    /// Swagger UI fills parameters in with their examples; such a value is not the tester's.
    pub fn is_example(&self, name: &str, value: &str) -> bool {
        self.parameters
            .iter()
            .filter_map(|parameter| self.resolved(parameter))
            .any(|parameter| parameter["name"] == name && parameter["example"] == value)
    }

    fn resolved(&self, parameter: &'a Value) -> Option<&'a Value> {
        match parameter["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.strip_prefix('#')?),
            None => Some(parameter),
        }
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::documents::Library;

    #[test]
    fn operations_are_found_by_method_and_path() {
        let library = Library::load(true).unwrap();
        let document = library.find("ofp-dp-1.2.2").unwrap();
        let find = |method, path| Found::by(document, method, path);
        let id = |method, path| find(method, path).map(|found| found.id);
        assert_eq!(
            id("GET", "/v1/accounts/a/balances"),
            Some("getAccountBalances")
        );
        assert_eq!(id("GET", "/v1/oauth/jwks/paynet"), Some("getPaynetJwks"));
        assert_eq!(id("GET", "/v1/oauth/jwks/kira"), Some("getConsumerJwks"));
        assert_eq!(id("POST", "/v1/accounts/a/balances"), None);
        assert_eq!(id("GET", "/v1/accounts//balances"), None);
        let balances = find("GET", "/v1/accounts/a/balances").unwrap();
        assert!(balances.served.is_some_and(|operation| operation.sealed));
        assert!(balances.is_example("x-enc-kid", "0vlYgCw2yDqV2kmbVXvJ1vR2wQkqjSDzXvKVpZ0Gd3A"));
        assert!(!balances.is_example("x-enc-kid", "mine"));
        let consent = find("GET", "/v1/consents/c").unwrap();
        assert!(consent.served.is_none(), "we call it");
    }
}
