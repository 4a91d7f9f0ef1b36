//! The operations listener: what testers may do there, and what keeps that away from anything real.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, Environment};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ops {
    /// Swagger UI sends requests, signed by the test counterparties.
    pub try_it: bool,
    /// Their keys, as the simulator's development PKI has them.
    pub test_keys: Option<PathBuf>,
}

impl Config {
    pub(super) fn unsafe_operations(&self, problems: &mut Vec<String>) {
        let address = self.listeners.ops.address;
        if address.is_some_and(|address| !address.ip().is_loopback()) {
            let problem = "listeners.ops.address must be loopback: nobody is authenticated there";
            problems.push(problem.into());
        }
        if self.ops.try_it {
            self.try_it_out_of_place(problems);
        }
    }

    /// Whoever may "try it out" speaks as PayNet, which must never reach the real one's sphere.
    fn try_it_out_of_place(&self, problems: &mut Vec<String>) {
        let mut refuse = |problem: &str| problems.push(format!("ops.try_it {problem}"));
        if !cfg!(feature = "lab") {
            refuse("needs a build with the feature \"lab\"");
        }
        if self.environment() == Environment::Production {
            refuse("is refused with environment = \"production\"");
        }
        for (key, url) in self.paynet_servers() {
            if url.is_some_and(|url| !is_loopback(url)) {
                refuse(&format!(
                    "is refused unless {key} is loopback (the simulator)"
                ));
            }
        }
        if self.listeners.ops.address.is_none() {
            refuse("needs listeners.ops.address");
        }
        if self.ops.test_keys.is_none() {
            refuse("needs ops.test_keys");
        }
    }

    /// Whether none of PayNet's addresses leads off this machine.
    pub(super) fn paynet_is_simulated(&self) -> bool {
        let mut servers = self.paynet_servers().into_iter();
        servers.all(|(_, url)| url.is_none_or(is_loopback))
    }

    fn paynet_servers(&self) -> [(&'static str, Option<&str>); 2] {
        let ofp = &self.ofp;
        [
            (
                "ofp.authorization_server",
                ofp.authorization_server.as_deref(),
            ),
            ("ofp.resource_server", ofp.resource_server.as_deref()),
        ]
    }
}

fn is_loopback(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str);
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As far as the operations listener is concerned.
    fn problems(extra: &str) -> Vec<String> {
        const SIMULATOR: &str = r#"
environment = "uat"
[listeners.ops]
address = "127.0.0.1:0"
[ofp]
authorization_server = "https://localhost:1"
resource_server = "https://127.0.0.1:2"
[ops]
try_it = true
test_keys = "pki"
"#;
        let config = Config::from_layers(&[SIMULATOR, extra]).unwrap();
        let mut problems = Vec::new();
        config.unsafe_operations(&mut problems);
        if !cfg!(feature = "lab") {
            problems.retain(|problem| !problem.contains("feature"));
        }
        problems
    }

    #[test]
    fn trying_out_is_for_the_simulator_only() {
        assert_eq!(problems(""), Vec::<String>::new());
        let cases = [
            ("environment = \"production\"", "production"),
            (
                "ofp.authorization_server = \"https://as.paynet.example\"",
                "ofp.authorization_server",
            ),
            (
                "ofp.resource_server = \"https://localhost.paynet.example\"",
                "ofp.resource_server",
            ),
        ];
        for (extra, told) in cases {
            let problems = problems(extra);
            assert!(
                matches!(&problems[..], [one] if one.contains(told)),
                "{extra}: {problems:?}"
            );
        }
    }

    #[test]
    fn nobody_from_outside_reaches_the_operations_listener() {
        let told = problems("listeners.ops.address = \"0.0.0.0:9000\"");
        assert!(
            matches!(&told[..], [one] if one.contains("loopback")),
            "{told:?}"
        );
    }

    #[test]
    fn trying_out_names_what_it_needs() {
        let config = Config::from_layers(&["ops.try_it = true"]).unwrap();
        let told = config.check().unwrap_err().to_string();
        for key in ["listeners.ops.address", "ops.test_keys"] {
            assert!(told.contains(key), "{key} is missing in: {told}");
        }
    }
}
