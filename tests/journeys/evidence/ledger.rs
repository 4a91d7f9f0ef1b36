//! The ledger: what an attacker does to it, and what is found.

use izin::lab::Store;

use super::Scene;
use super::scene::assert_found;
use crate::harness::{Database, on_both_databases};

on_both_databases!(
    untouched_evidence_is_intact,
    an_edited_entry,
    entries_in_another_order,
    a_removed_entry,
    a_cut_tail,
    a_removed_consent,
    everything_computed_anew,
    consents_and_accounts_that_say_otherwise,
    swapped_receipts,
    a_verification_reads_one_moment,
    a_verification_changes_nothing,
);

async fn untouched_evidence_is_intact(database: Database) {
    let scene = Scene::new(database).await;
    let held = scene.held();
    assert_eq!(scene.finds(), [""; 0]);
    assert_eq!(scene.finds_holding(&held), [""; 0]);
    let (_, report) = scene.verify_with(&[]);
    for (name, count) in [
        ("chains", 2),
        ("entries", 6),
        ("segments", 1),
        ("accesses", 3),
    ] {
        assert_eq!(report[name], count, "{name} in {report:#}");
    }
    assert_eq!(report["not_covered_yet"], 0, "{report:#}");
    // What comes later changes nothing for what was held before.
    scene.something_happens().await;
    let (code, report) = scene.verify_with(&["--checkpoint", held.to_str().unwrap()]);
    assert_eq!(
        (code, &report["not_covered_yet"]),
        (0, &1.into()),
        "{report:#}"
    );
    scene.checkpoint().await;
    assert_eq!(scene.finds_holding(&held), [""; 0]);
    let told = scene.runs(&["ledger", "verify"]);
    assert!(
        told.contains("Intact") && told.contains("--checkpoint"),
        "{told}"
    );
    scene.app.stop().await;
}

/// In its data, its kind, its time, or its hash.
async fn an_edited_entry(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[0];
    let mut attacker = scene.attacker().await;
    attacker
        .does("CREATE TABLE kept AS SELECT * FROM ledger")
        .await;
    let edits = [
        "data = '{\"customer\":\"CIF-9\"}'",
        "kind = 'rejected'",
        "at = (SELECT at FROM kept WHERE seq = 1 ORDER BY at LIMIT 1)",
        "hash = '00'",
        "salt = NULL, data = NULL",
        "salt = NULL, data = data_sha256, data_sha256 = NULL",
    ];
    for edit in edits {
        attacker
            .does(&format!(
                "UPDATE ledger SET {edit} WHERE chain = '{consent}' AND seq = 2"
            ))
            .await;
        assert_found(
            &scene.finds(),
            "ledger.",
            &format!("consent {consent}, entry 2"),
        );
        attacker
            .does("DELETE FROM ledger; INSERT INTO ledger SELECT * FROM kept")
            .await;
    }
    assert_eq!(scene.finds(), [""; 0]);
    scene.app.stop().await;
}

async fn entries_in_another_order(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[0];
    let swap = [(2, 99), (3, 2), (99, 3)].map(|(from, to)| {
        format!("UPDATE ledger SET seq = {to} WHERE chain = '{consent}' AND seq = {from};")
    });
    scene.attacker().await.does(&swap.concat()).await;
    let found = scene.finds();
    for seq in [2, 3] {
        assert_found(
            &found,
            "ledger.edited",
            &format!("consent {consent}, entry {seq}"),
        );
    }
    scene.app.stop().await;
}

async fn a_removed_entry(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[0];
    let remove = format!("DELETE FROM ledger WHERE chain = '{consent}' AND seq = 2");
    scene.attacker().await.does(&remove).await;
    assert_found(
        &scene.finds(),
        "ledger.removed",
        &format!("consent {consent}, entry 3"),
    );
    scene.app.stop().await;
}

/// The last entry, with the consent put back to where it was: nothing in the chain itself shows it.
async fn a_cut_tail(database: Database) {
    let scene = Scene::new(database).await;
    let held = scene.held();
    let consent = &scene.consents[0];
    let mut attacker = scene.attacker().await;
    attacker
        .does(&format!(
            "DELETE FROM ledger WHERE chain = '{consent}' AND seq = 3; \
             UPDATE consents SET version = 2, status = 'deciding', changed_at = \
             (SELECT at FROM ledger WHERE chain = '{consent}' AND seq = 2) \
             WHERE consent_id = '{consent}'"
        ))
        .await;
    let found = scene.finds();
    assert_found(&found, "ledger.removed", consent);
    assert_eq!(found.len(), 1, "{found:#?}");
    // And the checkpoints that know of it.
    attacker
        .does(
            "DELETE FROM checkpoint_stretches; \
             DELETE FROM checkpoints WHERE number > 1",
        )
        .await;
    assert_eq!(scene.finds(), [""; 0], "only somebody else's copy can tell");
    assert_found(
        &scene.finds_holding(&held),
        "checkpoint.gone",
        "checkpoint 2",
    );
    scene.app.stop().await;
}

/// Every row of it in every table.
async fn a_removed_consent(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[1];
    let mut attacker = scene.attacker().await;
    for table in [
        "consent_accounts",
        "consent_events",
        "decisions",
        "receipts",
        "outbox",
        "authorization_sessions",
        "consents",
    ] {
        attacker
            .does(&format!(
                "DELETE FROM {table} WHERE consent_id = '{consent}'"
            ))
            .await;
    }
    attacker
        .does(&format!("DELETE FROM ledger WHERE chain = '{consent}'"))
        .await;
    let found = scene.finds();
    assert_found(&found, "ledger.removed", &format!("consent {consent}"));
    // And from the list of what the checkpoint covers.
    attacker
        .does(&format!(
            "DELETE FROM checkpoint_stretches WHERE chain = '{consent}'"
        ))
        .await;
    let found = scene.finds();
    assert_found(&found, "checkpoint.coverage", "checkpoint 2");
    assert_eq!(found.len(), 1, "{found:#?}");
    scene.app.stop().await;
}

/// Another customer is put in the place of the one who approved, in every table; the hashes are computed anew; the checkpoints are taken
/// away, so that our own service signs new ones. Only a checkpoint from outside shows it.
async fn everything_computed_anew(database: Database) {
    let scene = Scene::new(database).await;
    let held = scene.held();
    let consent = scene.consents[0].clone();
    let mut attacker = scene.attacker().await;
    let customer = {
        let id = scene.app.known(&consent).key();
        let kept = scene.app.store.consent(&id).await.unwrap().unwrap();
        kept.customer.unwrap().to_string()
    };
    attacker
        .rewrites(&scene.app.store, &consent, |data| {
            data.replace(&customer, "CIF-9")
        })
        .await;
    attacker
        .does(&format!(
            "UPDATE consents SET customer_id = 'CIF-9' WHERE consent_id = '{consent}'; \
             UPDATE decisions SET customer_id = 'CIF-9' WHERE consent_id = '{consent}'"
        ))
        .await;
    assert_found(&scene.finds(), "ledger.recomputed", &consent);

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
    scene.something_happens().await;
    scene.app.service.checkpoints.write().await.unwrap();
    assert_eq!(scene.finds(), [""; 0]);
    assert_found(
        &scene.finds_holding(&held),
        "checkpoint.replaced",
        "checkpoint 2",
    );
    let kept = std::fs::read_to_string(&held).unwrap();
    assert!(kept.starts_with("eyJ"), "the file of before is still there");
    scene.app.stop().await;
}

/// The tables that the service acts on.
async fn consents_and_accounts_that_say_otherwise(database: Database) {
    let scene = Scene::new(database).await;
    let (consent, other) = (&scene.consents[0], &scene.consents[1]);
    let mut attacker = scene.attacker().await;
    attacker
        .does(
            "CREATE TABLE kept AS SELECT * FROM consents; \
             CREATE TABLE kept_accounts AS SELECT * FROM consent_accounts; \
             INSERT INTO accounts (account_id, customer_id, bank_reference) VALUES ('a-9', 'CIF-9', 'r-9')",
        )
        .await;
    let edits = [
        "status = 'suspended'",
        "dc_id = 'pinjam-pantas'",
        "customer_id = 'CIF-9'",
        "permissions = (SELECT permissions FROM edited)",
        "version = 2",
        "expires_at = changed_at",
    ];
    let json = if scene.app.database_url().starts_with("sqlite:") {
        "jsonb('[\"read_balances\",\"read_transactions\"]')"
    } else {
        "'[\"read_balances\",\"read_transactions\"]'::jsonb"
    };
    attacker
        .does(&format!(
            "CREATE TABLE edited AS SELECT {json} AS permissions"
        ))
        .await;
    for edit in edits {
        let sql = format!("UPDATE consents SET {edit} WHERE consent_id = '{consent}'");
        attacker.does(&sql).await;
        assert_found(&scene.finds(), "consent.edited", consent);
        let columns = [
            "status",
            "dc_id",
            "customer_id",
            "permissions",
            "version",
            "expires_at",
        ];
        let restore: Vec<_> = columns
            .iter()
            .map(|column| {
                format!("{column} = (SELECT {column} FROM kept WHERE kept.consent_id = consents.consent_id)")
            })
            .collect();
        attacker
            .does(&format!("UPDATE consents SET {}", restore.join(", ")))
            .await;
    }
    for edit in [
        format!("INSERT INTO consent_accounts (consent_id, account_id) VALUES ('{other}', 'a-9')"),
        format!("DELETE FROM consent_accounts WHERE consent_id = '{other}'"),
    ] {
        attacker.does(&edit).await;
        assert_found(&scene.finds(), "consent.edited", other);
        attacker
            .does("DELETE FROM consent_accounts; INSERT INTO consent_accounts SELECT * FROM kept_accounts")
            .await;
    }
    assert_eq!(scene.finds(), [""; 0]);
    scene.app.stop().await;
}

/// What one customer saw in the place of what another did, and none at all.
async fn swapped_receipts(database: Database) {
    let scene = Scene::new(database).await;
    let (one, other) = (&scene.consents[0], &scene.consents[1]);
    let mut attacker = scene.attacker().await;
    attacker
        .does(&format!(
            "CREATE TABLE kept AS SELECT * FROM receipts; \
             UPDATE receipts SET \
             text = (SELECT text FROM kept WHERE kept.consent_id = '{other}') || ' ', \
             sha256 = (SELECT sha256 FROM kept WHERE kept.consent_id = '{other}') \
             WHERE consent_id = '{one}'"
        ))
        .await;
    assert_found(&scene.finds(), "receipt.edited", one);
    attacker
        .does("UPDATE receipts SET sha256 = (SELECT sha256 FROM kept WHERE kept.consent_id = receipts.consent_id)")
        .await;
    assert_found(&scene.finds(), "receipt.edited", one);
    attacker
        .does(&format!("DELETE FROM receipts WHERE consent_id = '{one}'"))
        .await;
    assert_found(&scene.finds(), "receipt.edited", one);
    scene.app.stop().await;
}

/// While the service goes on: a verification must not take for a change what was written while it read. And it could not write.
async fn a_verification_reads_one_moment(database: Database) {
    let scene = Scene::new(database).await;
    let reader = Store::open(scene.app.database_url(), 1).unwrap();
    reader.freeze().await.unwrap();
    let newest = reader.newest_entry().await.unwrap();
    scene.something_happens().await;
    assert_eq!(reader.newest_entry().await.unwrap(), newest);
    assert_ne!(scene.app.store.newest_entry().await.unwrap(), newest);
    let at = newest.unwrap();
    assert!(reader.append_act("exported", at, "{}").await.is_err());
    drop(reader);
    scene.app.stop().await;
}

/// It needs no right to write: it does not even try.
async fn a_verification_changes_nothing(database: Database) {
    let scene = Scene::new(database).await;
    let mut attacker = scene.attacker().await;
    let mut before = Vec::new();
    let tables = [
        "ledger",
        "access_log",
        "checkpoints",
        "checkpoint_stretches",
    ];
    for table in tables {
        before.push(attacker.counts(table).await);
    }
    scene.app.service.stop().await;
    let held = scene.folder.path().join("checkpoints");
    let config = scene.config.to_str().unwrap();
    let arguments = ["ledger", "verify", "--config", config];
    let missing = [&arguments[..], &["--checkpoint", "nowhere.jws"]].concat();
    let output = crate::keys::command::izin(&missing, None);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(held.is_dir());
    for table in tables.iter().zip(before) {
        assert_eq!(attacker.counts(table.0).await, table.1, "{}", table.0);
    }
    scene.app.simulator.stop().await;
}
