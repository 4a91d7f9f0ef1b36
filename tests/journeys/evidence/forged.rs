//! Coverage, erasures and numbers that somebody made up.

use super::Scene;
use super::scene::assert_found;
use crate::harness::{Database, on_both_databases};

on_both_databases!(
    coverage_that_nobody_signed,
    coverage_beyond_the_end,
    an_erasure_of_no_run,
    numbers_that_no_entry_has,
);

/// A segment that is said to be of last year, under a checkpoint of the number 0.
async fn coverage_that_nobody_signed(database: Database) {
    let scene = Scene::new(database).await;
    let mut attacker = scene.attacker().await;
    let past = if scene.app.database_url().starts_with("sqlite:") {
        "at - 25920000000000"
    } else {
        "at - interval '300 days'"
    };
    attacker
        .does(&format!(
            "INSERT INTO access_log (segment, position, at, consent_id, dc_id, category, outcome, \
             interaction_id, customer_id, account_id, salt, personal_sha256, hash) \
             SELECT 'made-up', 1, {past}, consent_id, dc_id, category, outcome, \
             interaction_id, customer_id, account_id, salt, personal_sha256, hash \
             FROM access_log WHERE position = 1; \
             INSERT INTO checkpoints (number, at, jws) SELECT 0, at, jws FROM checkpoints WHERE number = 1; \
             INSERT INTO checkpoint_stretches (log, chain, last_seq, first_seq, head, checkpoint) \
             SELECT 'access', 'made-up', 1, 1, hash, 0 FROM access_log WHERE segment = 'made-up'"
        ))
        .await;
    let found = scene.finds();
    assert_found(&found, "checkpoint.forged", "checkpoint 0");
    assert_found(&found, "access.uncovered", "segment made-up, row 1");
    scene.app.stop().await;
}

/// So that what comes would never be covered.
async fn coverage_beyond_the_end(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[1];
    let mut attacker = scene.attacker().await;
    attacker
        .does(&format!(
            "INSERT INTO checkpoint_stretches (log, chain, last_seq, first_seq, head, checkpoint) \
             VALUES ('ledger', '{consent}', 2147483647, 1, 'x', 2)"
        ))
        .await;
    let made = scene.app.service.checkpoints.write().await;
    assert!(made.is_err(), "nothing is built upon it");
    assert_found(&scene.finds(), "checkpoint.coverage", "checkpoint 2");
    scene.app.stop().await;
}

/// An entry in due form says that retention erased the consent, and what is personal is taken away.
async fn an_erasure_of_no_run(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[0];
    let mut attacker = scene.attacker().await;
    attacker
        .does(&format!(
            "INSERT INTO ledger (chain, seq, kind, at, data, salt, data_sha256, hash) \
             SELECT chain, 4, 'erased', (SELECT max(at) FROM access_log), '{{\"run\":99}}', salt, '', '' \
             FROM ledger WHERE chain = '{consent}' AND seq = 3"
        ))
        .await;
    attacker
        .rewrites(&scene.app.store, consent, str::to_owned)
        .await;
    attacker
        .does(&format!(
            "DELETE FROM receipts WHERE consent_id = '{consent}'; \
             DELETE FROM consent_accounts WHERE consent_id = '{consent}'; \
             UPDATE access_log SET salt = NULL, customer_id = NULL, account_id = NULL \
             WHERE consent_id = '{consent}'"
        ))
        .await;
    let found = scene.finds();
    assert_found(
        &found,
        "ledger.erased",
        &format!("consent {consent}, entry 4"),
    );
    assert_found(&found, "receipt.edited", consent);
    assert_found(&found, "consent.edited", consent);
    assert_found(&found, "access.edited", "row 1");
    scene.app.stop().await;
}

/// The lowest there is: found, and no reason to panic.
async fn numbers_that_no_entry_has(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[0];
    let mut attacker = scene.attacker().await;
    attacker
        .does(&format!(
            "UPDATE ledger SET seq = -2147483648 WHERE chain = '{consent}' AND seq = 2; \
             UPDATE access_log SET position = -2147483648 WHERE position = 2"
        ))
        .await;
    let found = scene.finds();
    assert_found(&found, "ledger.edited", "entry -2147483648");
    assert_found(&found, "access.edited", "row -2147483648");
    scene.app.stop().await;
}
