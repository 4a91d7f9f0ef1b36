//! The access log: what an attacker does to it, and what is found.

use super::Scene;
use super::scene::assert_found;
use crate::harness::{Database, on_both_databases};

on_both_databases!(
    an_edited_access,
    accesses_in_another_order,
    a_removed_access,
    the_last_accesses_cut_off,
    a_removed_segment,
    accesses_computed_anew,
);

/// In any of its columns.
async fn an_edited_access(database: Database) {
    let scene = Scene::new(database).await;
    let mut attacker = scene.attacker().await;
    attacker
        .does("CREATE TABLE kept AS SELECT * FROM access_log")
        .await;
    for edit in [
        "outcome = 'refused'",
        "dc_id = 'pinjam-pantas'",
        "customer_id = 'CIF-9'",
        "account_id = 'a-9'",
        "salt = NULL",
        "salt = NULL, customer_id = NULL, account_id = NULL",
        "interaction_id = 'x'",
    ] {
        attacker
            .does(&format!("UPDATE access_log SET {edit} WHERE position = 2"))
            .await;
        assert_found(&scene.finds(), "access.edited", "row 2");
        attacker
            .does("DELETE FROM access_log; INSERT INTO access_log SELECT * FROM kept")
            .await;
    }
    assert_eq!(scene.finds(), [""; 0]);
    scene.app.stop().await;
}

async fn accesses_in_another_order(database: Database) {
    let scene = Scene::new(database).await;
    let swap = [(1, 99), (2, 1), (99, 2)].map(|(from, to)| {
        format!("UPDATE access_log SET position = {to} WHERE position = {from};")
    });
    scene.attacker().await.does(&swap.concat()).await;
    let found = scene.finds();
    for row in ["row 1", "row 2"] {
        assert_found(&found, "access.edited", row);
    }
    scene.app.stop().await;
}

async fn a_removed_access(database: Database) {
    let scene = Scene::new(database).await;
    let mut attacker = scene.attacker().await;
    attacker
        .does("DELETE FROM access_log WHERE position = 2")
        .await;
    assert_found(&scene.finds(), "access.removed", "row 3");
    scene.app.stop().await;
}

async fn the_last_accesses_cut_off(database: Database) {
    let scene = Scene::new(database).await;
    let mut attacker = scene.attacker().await;
    attacker
        .does("DELETE FROM access_log WHERE position > 1")
        .await;
    let found = scene.finds();
    assert_found(&found, "access.removed", "segment");
    assert_eq!(found.len(), 1, "{found:#?}");
    scene.app.stop().await;
}

async fn a_removed_segment(database: Database) {
    let scene = Scene::new(database).await;
    let mut attacker = scene.attacker().await;
    attacker.does("DELETE FROM access_log").await;
    assert_found(&scene.finds(), "access.removed", "segment");
    attacker
        .does("DELETE FROM checkpoint_stretches WHERE log = 'access'")
        .await;
    assert_found(&scene.finds(), "checkpoint.coverage", "checkpoint 2");
    scene.app.stop().await;
}

/// As if another consumer had read the data.
async fn accesses_computed_anew(database: Database) {
    let scene = Scene::new(database).await;
    let held = scene.held();
    let mut attacker = scene.attacker().await;
    attacker
        .rewrites_accesses(&scene.app.store, &scene.consents[0], "pinjam-pantas")
        .await;
    let found = scene.finds();
    assert_found(&found, "access.recomputed", "segment");
    assert_eq!(found.len(), 1, "{found:#?}");
    attacker
        .does("DELETE FROM checkpoint_stretches; DELETE FROM checkpoints")
        .await;
    scene.app.service.checkpoints.write().await.unwrap();
    assert_eq!(scene.finds(), [""; 0], "our own signature is on it");
    assert_found(
        &scene.finds_holding(&held),
        "checkpoint.gone",
        "checkpoint 2",
    );
    scene.app.stop().await;
}
