//! `izin ledger export`: everything that belongs together, and enough of it to compute the hashes again.

use serde_json::Value;

use super::{LedgerHashes, Scene};
use crate::harness::{Database, on_both_databases};

on_both_databases!(
    what_is_exported_can_be_computed_again,
    one_customers_and_one_periods
);

const WHO: [&str; 4] = [
    "--operator",
    "siti",
    "--reason",
    "Letter 12 of the bank's regulator",
];

fn export(scene: &Scene, what: &[&str]) -> Vec<Value> {
    let text = scene.runs(&[&["ledger", "export"], what, &WHO[..]].concat());
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_type<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == name).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn what_is_exported_can_be_computed_again(database: Database) {
    let scene = Scene::new(database).await;
    let consent = &scene.consents[0];
    let lines = export(&scene, &["--consent", consent]);
    let counts = [
        ("ledger", 3),
        ("access", 3),
        ("receipt", 1),
        ("decision", 1),
        ("checkpoint", 1),
    ];
    for (name, count) in counts {
        assert_eq!(of_type(&lines, name).len(), count, "{name}: {lines:#?}");
    }
    assert!(!of_type(&lines, "event").is_empty());
    let mut previous = String::new();
    for line in of_type(&lines, "ledger") {
        let sealed = LedgerHashes::data(text(&line["salt"]), text(&line["data"]));
        assert_eq!(sealed, text(&line["data_sha256"]));
        let seq = i32::try_from(line["seq"].as_i64().unwrap()).unwrap();
        let at = text(&line["at"]).parse().unwrap();
        let place = (text(&line["chain"]), seq, text(&line["kind"]), at);
        previous = LedgerHashes::entry(&previous, place, &sealed);
        assert_eq!(previous, text(&line["hash"]));
    }
    let receipt = of_type(&lines, "receipt")[0];
    assert!(text(&receipt["text"]).contains("Everyday Savings"));
    let others = lines.iter().filter(|line| !line["consent_id"].is_null());
    assert!(
        others
            .into_iter()
            .all(|line| line["consent_id"] == consent.as_str())
    );
    // That it was exported is evidence as well.
    scene.checkpoint().await;
    assert_eq!(scene.finds(), [""; 0]);
    let period = ["--from", "2026-01-01", "--to", "2099-12-31"];
    let acts = export(&scene, &period);
    let acts: Vec<_> = acts
        .iter()
        .filter(|line| line["kind"] == "exported")
        .collect();
    assert_eq!(acts.len(), 2);
    assert!(text(&acts[0]["data"]).contains("siti"));
    scene.app.stop().await;
}

async fn one_customers_and_one_periods(database: Database) {
    let scene = Scene::new(database).await;
    let id = scene.app.known(&scene.consents[0]).key();
    let customer = scene.app.store.consent(&id).await.unwrap().unwrap();
    let customer = customer.customer.unwrap().to_string();
    let lines = export(&scene, &["--customer", &customer]);
    assert_eq!(of_type(&lines, "receipt").len(), 2);
    assert_eq!(of_type(&lines, "ledger").len(), 6);
    assert!(export(&scene, &["--customer", "CIF-9"]).is_empty());
    let all = export(&scene, &["--from", "2026-01-01", "--to", "2099-12-31"]);
    for (name, count) in [
        ("receipt", 2),
        ("decision", 2),
        ("access", 3),
        ("checkpoint", 2),
    ] {
        assert_eq!(of_type(&all, name).len(), count, "{name}");
    }
    assert!(export(&scene, &["--from", "2020-01-01", "--to", "2020-12-31"]).is_empty());

    let file = scene.folder.path().join("evidence.jsonl");
    let arguments = [
        "ledger",
        "export",
        "--consent",
        id.as_str(),
        "--output",
        file.to_str().unwrap(),
    ];
    scene.runs(&[&arguments[..], &WHO[..]].concat());
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.lines().count() > 8);
    let config = ["--config", scene.config.to_str().unwrap()];
    for (wrong, code) in [
        // Never over a file that is there.
        ([&arguments[..], &WHO[..]].concat(), 2),
        // Nobody, and for no reason.
        (vec!["ledger", "export", "--consent", id.as_str()], 2),
        (
            [&["ledger", "export", "--consent", "c-9"], &WHO[..]].concat(),
            1,
        ),
        (
            [&["ledger", "export", "--from", "2026-01-01"], &WHO[..]].concat(),
            2,
        ),
    ] {
        let output = crate::keys::command::izin(&[&wrong[..], &config[..]].concat(), None);
        assert_eq!(output.status.code(), Some(code), "{wrong:?}: {output:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept);
    scene.app.stop().await;
}
