//! Checkpoints: who makes them, with which key, and what becomes of a forged one.

use std::sync::Once;

use chrono::{SecondsFormat, TimeDelta};
use izin::lab::Clock as _;
use izin_jose::base64url;
use izin_simulator::{Leaf, Usage};
use serde_json::json;

use super::Scene;
use super::scene::assert_found;
use crate::harness::{Database, on_both_databases, pki};

on_both_databases!(
    a_forged_signature,
    entries_that_were_added_later,
    two_replicas,
    a_key_takes_over,
    one_a_day_when_nothing_happens,
);

/// The signed part changed under the old signature, or a checkpoint signed by somebody else's key.
async fn a_forged_signature(database: Database) {
    let scene = Scene::new(database).await;
    let jws = std::fs::read_to_string(scene.held()).unwrap();
    let parts: Vec<_> = jws.trim().split('.').collect();
    let payload = base64url::decode(parts[1]).unwrap();
    let mut payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    payload["up_to"] = json!("2020-01-01T00:00:00Z");
    let payload = base64url::encode(payload.to_string().as_bytes());
    let forged = format!("{}.{payload}.{}", parts[0], parts[2]);
    let mut attacker = scene.attacker().await;
    attacker
        .does(&format!(
            "UPDATE checkpoints SET jws = '{forged}' WHERE number = 2"
        ))
        .await;
    assert_found(&scene.finds(), "checkpoint.forged", "checkpoint 2");
    // Held outside, a forgery proves nothing, and is told as the wrong usage that it is.
    let file = scene.folder.path().join("forged.jws");
    std::fs::write(&file, &forged).unwrap();
    let arguments = [
        "ledger",
        "verify",
        "--config",
        scene.config.to_str().unwrap(),
        "--checkpoint",
        file.to_str().unwrap(),
    ];
    let output = crate::keys::command::izin(&arguments, None);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    scene.app.stop().await;
}

/// A consent that is said to be of last year, made up today.
async fn entries_that_were_added_later(database: Database) {
    let scene = Scene::new(database).await;
    let mut attacker = scene.attacker().await;
    let year = "(SELECT at FROM ledger WHERE seq = 1 ORDER BY at LIMIT 1)";
    let past = if scene.app.database_url().starts_with("sqlite:") {
        format!("{year} - 31536000000000")
    } else {
        format!("{year} - interval '365 days'")
    };
    attacker
        .does(&format!(
            "INSERT INTO ledger (chain, seq, kind, at, data, salt, data_sha256, hash) \
             SELECT 'c-made-up', seq, kind, {past}, data, salt, data_sha256, hash FROM ledger \
             WHERE chain = '{}' AND seq = 1",
            scene.consents[0]
        ))
        .await;
    assert_found(
        &scene.finds(),
        "ledger.uncovered",
        "consent c-made-up, entry 1",
    );
    scene.app.stop().await;
}

/// Both try at the same moment: each number is made once, and everything is covered once.
async fn two_replicas(database: Database) {
    let scene = Scene::new(database).await;
    let replica = scene.app.another_replica().await;
    for _ in 0..3 {
        scene.something_happens().await;
        let (one, other) = (&scene.app.service.checkpoints, &replica.checkpoints);
        let (one, other) = tokio::join!(one.write(), other.write());
        one.unwrap();
        other.unwrap();
        let (code, report) = scene.verify_with(&[]);
        assert_eq!(code, 0, "{report:#}");
        assert_eq!(report["not_covered_yet"], 0, "{report:#}");
    }
    replica.stop().await;
    scene.app.stop().await;
}

/// Checkpoints of before are proven by the old certificate, which need not be configured any more.
async fn a_key_takes_over(database: Database) {
    static ISSUED: Once = Once::new();
    let scene = Scene::new(database).await;
    let held = scene.held();
    let leaf = Leaf::trusted("dp-signing-evidence", "Bank Contoh", Usage::Signing);
    ISSUED.call_once(|| pki().issue(&leaf).unwrap());
    let entry = |name: &str, times: &str| {
        format!(
            "{{ certificate = {}, private_key = {}{times} }}",
            json!(pki().certificate_file(name)),
            json!(pki().key_file(name)),
        )
    };
    let now = scene.app.clock.now() - TimeDelta::seconds(1);
    let now = json!(now.to_rfc3339_opts(SecondsFormat::Secs, true));
    let old = entry("dp-signing", &format!(", until = {now}"));
    let new = entry("dp-signing-evidence", &format!(", from = {now}"));
    let signing = format!("[signing]\nkeys = [{old}, {new}]\n");
    scene.app.reload(&signing).await.unwrap();
    scene.something_happens().await;
    scene.checkpoint().await;

    // The file still has the old key alone.
    assert_found(
        &scene.finds(),
        "checkpoint.unknown_key",
        "checkpoints 3 to 3",
    );
    let certificate = pki().certificate_file("dp-signing-evidence");
    let certificate = certificate.to_str().unwrap();
    let held = held.to_str().unwrap();
    let both = ["--keys", certificate, "--checkpoint", held];
    assert_eq!(scene.finds_with(&both), [""; 0]);
    scene.app.stop().await;
}

async fn one_a_day_when_nothing_happens(database: Database) {
    let scene = Scene::empty(database).await;
    let mut attacker = scene.attacker().await;
    for (hours, checkpoints) in [(0, 1), (1, 1), (23, 2), (1, 2)] {
        scene.app.clock.advance(TimeDelta::hours(hours));
        scene.app.service.checkpoints.write().await.unwrap();
        assert_eq!(attacker.counts("checkpoints").await, checkpoints);
    }
    scene.app.stop().await;
}
