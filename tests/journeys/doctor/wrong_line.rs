//! One line of the configuration is another than it should be.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::deployment::Deployment;
use super::{file, key, signing};
use crate::harness::{Database, pki};

/// What is changed, and what is found.
struct Case {
    /// A line that begins like the first is the second; where the first is empty, the second is added.
    lines: Vec<(&'static str, String)>,
    expected: &'static [(&'static str, &'static str)],
    /// Of the first finding: what was seen, and what to do.
    words: [&'static str; 2],
}

impl Case {
    fn new(
        expected: &'static [(&'static str, &'static str)],
        words: [&'static str; 2],
        begin: &'static str,
        line: impl Into<String>,
    ) -> Self {
        Self {
            lines: vec![(begin, line.into())],
            expected,
            words,
        }
    }

    fn and(mut self, begin: &'static str, line: impl Into<String>) -> Self {
        self.lines.push((begin, line.into()));
        self
    }

    fn is_found(&self, deployment: &Deployment) {
        let lines: Vec<(&str, &str)> = self
            .lines
            .iter()
            .map(|(begin, line)| (*begin, &**line))
            .collect();
        let examination = deployment.examined_with(&lines);
        assert_eq!(
            examination.wrong(),
            self.expected,
            "{lines:?}: {:#?}",
            examination.findings
        );
        let failed = self
            .expected
            .iter()
            .any(|(_, verdict)| *verdict == "failed");
        assert_eq!(examination.code, i32::from(failed), "{lines:?}");
        let told = examination.told(self.expected[0].0);
        for word in self.words {
            assert!(told.contains(word), "{word} is missing in {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_certificates() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let open = deployment.path("open.key");
    std::fs::copy(pki().key_file("dp-client"), &open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let cases = [
        Case::new(
            &[("private-key", "failed")],
            ["0644", "chmod 600"],
            "client_private_key",
            format!("client_private_key = {}", json!(open)),
        ),
        Case::new(
            &[("private-key", "failed")],
            ["does not belong", "signing.keys[0].certificate"],
            "keys = ",
            signing(&file("dp-signing"), &key("paynet-signing")),
        ),
        Case::new(
            &[("webhooks-certificate", "failed")],
            ["another one", "kill -HUP"],
            "certificate",
            format!("certificate = {}", file("paynet-server")),
        )
        .and(
            "private_key",
            format!("private_key = {}", key("paynet-server")),
        ),
        // It was issued for TLS clients, and the service goes on with the one it has.
        Case::new(
            &[
                ("certificate-usage", "failed"),
                ("certificate-names", "failed"),
                ("webhooks-certificate", "failed"),
            ],
            ["not for TLS servers", "--purpose server"],
            "certificate",
            format!("certificate = {}", file("dp-client")),
        )
        .and("private_key", format!("private_key = {}", key("dp-client"))),
    ];
    for case in cases {
        case.is_found(&deployment);
    }
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let paynet = deployment.simulator.urls().authorization_server.clone();
    std::fs::write(deployment.path("empty.db"), "").unwrap();
    let empty = format!("sqlite:{}", deployment.path("empty.db").display());
    let bank = format!(
        "[sign_in]\nchecked_by = \"demo\"\n[bank]\nkind = \"http\"\nhttp = {{ url = \"http://127.0.0.1:9\", token_file = {} }}",
        json!(deployment.path("no-token"))
    );
    let cases = [
        Case::new(
            &[("paynet-discovery", "failed")],
            ["UnknownIssuer", "ofp.server_ca"],
            "server_ca",
            format!("server_ca = {}", file("rogue-ca")),
        ),
        Case::new(
            &[("paynet-discovery", "failed")],
            ["issuer", "exactly as PayNet gives it"],
            "authorization_server",
            format!(
                "authorization_server = {}",
                json!(paynet.replace("localhost", "127.0.0.1"))
            ),
        ),
        Case::new(
            &[("paynet-consents", "warning")],
            ["status 404", "ofp.resource_server"],
            "resource_server",
            format!("resource_server = {}", json!(paynet)),
        ),
        Case::new(
            &[("webhooks-base-url", "failed")],
            ["another certificate", "untouched"],
            "[listeners.webhooks]",
            format!("[listeners.webhooks]\nbase_url = {}", json!(paynet)),
        ),
        Case::new(
            &[("database-migrations", "failed")],
            ["not yet", "Restart"],
            "url = \"sqlite",
            format!("url = {}", json!(empty)),
        ),
        Case::new(
            &[("redirect-uri", "warning"), ("redirect-host", "warning")],
            ["every path", "ofp.redirect_uris"],
            "redirect_uris",
            "redirect_uris = [\"https://paynet.invalid/\"]",
        ),
        Case::new(&[("bank", "failed")], ["no-token", "chmod 600"], "", bank),
    ];
    for case in cases {
        case.is_found(&deployment);
    }
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let cases = [
        Case::new(
            &[("settings", "failed"), ("allowed-clients", "failed")],
            ["ofp.dp_id", "config/default.toml"],
            "dp_id",
            "",
        )
        .and("allowed_clients", "allowed_clients = [\"AB:CD\"]"),
        Case::new(
            &[("danger-settings", "warning")],
            ["danger_skip_url", "production"],
            "",
            "[ofp.profile]\ndanger_skip_url = true",
        ),
        Case::new(
            &[("paynet-token", "failed")],
            ["invalid_client", "ofp.client_id"],
            "client_id",
            "client_id = \"somebody-else\"",
        ),
    ];
    for case in cases {
        case.is_found(&deployment);
    }
    deployment.stop().await;
}
