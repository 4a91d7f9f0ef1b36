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

    // Everything is there, and of no use.
    let ended = super::certificate::ending(deployment.folder.path(), "dp-client", -1);
    let useless = deployment.file(&[
        (
            "client_certificate",
            &format!("client_certificate = {}", serde_json::json!(ended)),
        ),
        ("redirect_uris", "redirect_uris = []"),
    ]);
    let useless = doctor(&useless, &["--onboarding", "--json"]);
    assert_eq!(useless.status.code(), Some(1));
    let sheet: Value = serde_json::from_slice(&useless.stdout).unwrap();
    let missing = sheet["missing"].as_array().unwrap();
    let says = |word: &str| {
        missing
            .iter()
            .any(|one| one.as_str().unwrap().contains(word))
    };
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(
        says("ofp.client_certificate: CN=dp-client") && says("Renew it now"),
        "{missing:?}"
    );
    assert!(says("ofp.redirect_uris is required"), "{missing:?}");
    deployment.stop().await;
}
