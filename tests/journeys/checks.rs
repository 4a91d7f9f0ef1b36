//! The catalogue of checks, as a conformance run applies it, against this service.

use izin::lab::Clock;
use izin_simulator::checks::{Bench, Credentials, Verdict, catalogue, run_all};

use crate::harness::{Database, TOTP_SECRET, TestApp, on_both_databases};

on_both_databases!(every_check_of_the_catalogue_passes);

/// A demo customer's password is the user name.
pub fn credentials(username: &str) -> Credentials {
    Credentials {
        username: username.to_owned(),
        password: username.to_owned(),
        secret: TOTP_SECRET.to_owned(),
    }
}

async fn every_check_of_the_catalogue_passes(database: Database) {
    let app = TestApp::start(database).await;
    let clock = app.clock.clone();
    let bench = Bench::new(&app.simulator, "bank-contoh", credentials("paynet"))
        .unwrap()
        .with_other_customer(credentials("weiming"))
        .with_clock(move || u64::try_from(clock.now().timestamp()).unwrap());
    let mut failures = Vec::new();
    run_all(&catalogue(), &bench, |check, verdict| {
        if !matches!(verdict, Verdict::Passed(_)) {
            let expected = check.expected().unwrap_or_default();
            let told = format!("{}: {} {expected}\n    {verdict:?}", check.id, check.title);
            failures.push(told);
        }
    })
    .await;
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    app.stop().await;
}
