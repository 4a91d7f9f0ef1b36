//! `izin doctor --onboarding`.

use serde_json::Value;

use super::deployment::{Deployment, doctor};
use crate::harness::{Database, pki};
use crate::keys::key_id;

/// What has to be handed to PayNet.
#[tokio::test(flavor = "multi_thread")]
async fn what_paynet_needs() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let config = deployment.file(&[]);
    let text = doctor(&config, &["--onboarding"]);
    assert_eq!(text.status.code(), Some(0));
    let text = String::from_utf8(text.stdout).unwrap();
    let sheet: Value =
        serde_json::from_slice(&doctor(&config, &["--onboarding", "--json"]).stdout).unwrap();
    for (card, name) in [
        (&sheet["client_certificate"], "dp-client"),
        (&sheet["server_certificate"], "dp-server"),
        (&sheet["signing_certificates"][0], "dp-signing"),
    ] {
        let pem = String::from_utf8(pki().certificate(name).unwrap()).unwrap();
        assert_eq!(card["pem"], pem, "{name}");
        let thumbprint = key_id(name);
        assert_eq!(card["thumbprint"], thumbprint);
        assert!(text.contains(&pem) && text.contains(&thumbprint), "{text}");
    }
    assert_eq!(
        sheet["signing_certificates"][0]["kid"],
        key_id("dp-signing")
    );
    let public = format!("http://{}", deployment.service.public);
    assert_eq!(
        sheet["addresses"]["jwks"][0],
        format!("{public}/v1/oauth/jwks")
    );
    assert!(
        !text.contains("PRIVATE KEY") && !text.contains("NOT COMPLETE"),
        "{text}"
    );

    let uat = deployment.file(&[("environment", "environment = \"uat\"")]);
    let incomplete = doctor(&uat, &["--onboarding"]);
    assert_eq!(incomplete.status.code(), Some(1));
    let text = String::from_utf8(incomplete.stdout).unwrap();
    assert!(text.contains("NOT COMPLETE"), "{text}");
    assert!(text.contains("listeners.webhooks.base_url"), "{text}");
    deployment.stop().await;
}
