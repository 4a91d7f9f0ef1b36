//! What the bank says that it offers.

use serde_json::Value;

use super::Bench;
use crate::{
    call::{Call, Contract},
    sheet::{Halt, Step},
};

/// `getCapabilities` of either contract, as far as it can be read; the judge has looked at the rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capabilities {
    pub(crate) version: String,
    pub(crate) operations: Vec<String>,
    pub(crate) features: Vec<String>,
    /// Second factors (`sign-in` only).
    pub(crate) methods: Vec<String>,
    pub(crate) history_months: u32,
}

impl Capabilities {
    fn read(body: &Value) -> Self {
        let history = body["history_months"].as_u64().unwrap_or(12);
        Self {
            version: body["contract_version"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            operations: names(&body["operations"]),
            features: names(&body["features"]),
            methods: names(&body["methods"]),
            history_months: u32::try_from(history).unwrap_or(12).clamp(1, 120),
        }
    }

    pub(crate) fn names(&self, operation: &str) -> bool {
        self.operations.iter().any(|name| name == operation)
    }

    pub(crate) fn has_feature(&self, feature: &str) -> bool {
        self.features.iter().any(|name| name == feature)
    }

    pub(crate) fn has_method(&self, method: &str) -> bool {
        self.methods.iter().any(|name| name == method)
    }

    /// Ends the check as "not applicable" where the bank does not offer the operation.
    pub(crate) fn needs(&self, operation: &str) -> Step {
        if self.names(operation) {
            return Ok(());
        }
        Err(Halt::not_applicable(format!(
            "{operation} is not among the bank's capabilities"
        )))
    }
}

impl Bench<'_> {
    /// Asked once.
    pub(crate) async fn capabilities(&self, contract: Contract) -> Step<Capabilities> {
        let (known, call) = match contract {
            Contract::CoreBank => (&self.capabilities, Call::core_capabilities()),
            Contract::SignIn => (&self.methods, Call::sign_in_capabilities()),
        };
        let asked = async {
            let (_, body) = self.fetch(call).await?;
            Ok(Capabilities::read(&body))
        };
        known.get_or_init(|| Box::pin(asked)).await.clone()
    }
}

fn names(value: &Value) -> Vec<String> {
    let names = value.as_array().into_iter().flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}
