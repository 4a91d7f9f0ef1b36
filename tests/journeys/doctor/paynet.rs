//! PayNet's side, one thing at a time.

use izin_simulator::{ClientAuthentication, Fault, Operation};

use super::deployment::{Deployment, Examination};
use crate::harness::{Database, pki};

/// Of each kind of call one run makes two at most; the next one takes what is left.
const EACH: usize = 2;

async fn stops(deployment: Deployment) {
    let Deployment { simulator, .. } = deployment;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_differ() {
    let deployment = Deployment::new(Database::sqlite()).await;
    for (seconds, verdict) in [(60, "failed"), (-60, "failed"), (7, "warning")] {
        let faults = [Fault::ClockOff(seconds); EACH];
        deployment
            .simulator
            .order_faults(Operation::Discovery, faults);
        let examination = deployment.examined();
        let wrong = examination.wrong();
        assert_eq!(wrong, [("clock", verdict)], "{:#?}", examination.findings);
        assert!(examination.told("clock").contains("NTP"));
        let _ = deployment.examined();
    }
    stops(deployment).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_does_not_answer() {
    let deployment = Deployment::new(Database::sqlite()).await;
    for (operation, check) in [
        (Operation::PaynetJwks, "paynet-keys"),
        (Operation::RetrieveConsent, "paynet-consents"),
        (Operation::Token, "paynet-token"),
    ] {
        let faults = [Fault::Status(503); EACH];
        deployment.simulator.order_faults(operation, faults);
        let examination = deployment.examined();
        let wrong = examination.wrong();
        assert_eq!(wrong, [(check, "failed")], "{:#?}", examination.findings);
        let told = examination.told(check);
        assert!(told.contains("503") && !told.contains("Compare"), "{told}");
        let _ = deployment.examined();
    }
    stops(deployment).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn something_else_is_registered() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let other = pki().certificate("other-client").unwrap();
    deployment.is_registered(|provider| provider.client_certificate(other));
    let examination = deployment.examined();
    assert_eq!(examination.wrong(), [("paynet-token", "failed")]);
    let told = examination.told("paynet-token");
    assert!(told.contains("--onboarding") && told.contains(&crate::keys::key_id("dp-signing")));
    assert_eq!(examination.with_verdict("skipped"), ["paynet-consents"]);

    deployment.is_registered(|provider| {
        provider.client_authentication(ClientAuthentication::TlsClientAuth)
    });
    let unsigned = [("[ofp]", "[ofp]\nclient_auth = \"tls_client_auth\"")];
    let examination = deployment.examined_with(&unsigned);
    assert_eq!(examination.wrong(), []);
    let told = examination.told("paynet-knows-our-key");
    assert!(told.contains("cannot be known"), "{told}");
    stops(deployment).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let file = deployment.file(&[]);
    let Deployment {
        simulator,
        service: _service,
        folder: _folder,
        database: _database,
        ..
    } = deployment;
    simulator.stop().await;
    let examination = Examination::of(&file, &["--json"]);
    assert_eq!(examination.wrong(), [("paynet-discovery", "failed")]);
    assert!(examination.told("paynet-discovery").contains("curl -v"));
    assert_eq!(
        examination.with_verdict("skipped"),
        ["clock", "paynet-keys", "paynet-token", "paynet-consents"]
    );
}
