//! The catalogue of checks, as a conformance run applies it, against this service.

use izin::lab::Clock;
use izin_simulator::checks::{Bench, Credentials, Verdict, catalogue, run};

use crate::harness::{Database, TOTP_SECRET, TestApp, on_both_databases};

on_both_databases!(every_check_of_the_catalogue_passes);

/// A demo customer's password is the user name.
fn credentials(username: &str) -> Credentials {
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
    for check in catalogue() {
        match run(&check, &bench).await {
            Verdict::Passed => {}
            verdict => failures.push(format!("{}: {}\n    {verdict:?}", check.id, check.title)),
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    app.stop().await;
}
