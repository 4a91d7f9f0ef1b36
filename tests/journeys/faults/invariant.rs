//! What must hold after any cut, looked at from PayNet's side, from ours and in the ledger: no lost decision, no second one with
//! another meaning, no data after the stop or before PayNet has accepted.

use chrono::{DateTime, Utc};
use izin::lab::{ConsentId, LedgerLink, Store};
use izin_simulator::{ConsentStatus, ReceivedUpdate};

use super::plan::Journey;
use super::probe::Probe;
use super::world::World;

/// A story that has come to its end.
pub struct Told<'a> {
    pub consent: &'a str,
    pub journey: Journey,
    pub probes: &'a [Probe],
    /// When whoever stopped it had been told that it is stopped.
    pub stopped_at: Option<DateTime<Utc>>,
}

/// All that does not hold.
pub async fn violations(world: &World, told: &Told<'_>) -> Vec<String> {
    let store = world.store();
    let id = ConsentId::parse(told.consent).unwrap();
    let mut found = at_paynet(world, told);
    found.extend(here(&store, &id, told).await);
    found.extend(in_the_ledger(&store, &id, told).await);
    found
}

fn at_paynet(world: &World, told: &Told<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let snapshot = world.simulator().consent(told.consent).unwrap();
    let expected = match told.journey {
        Journey::Rejects => ConsentStatus::Rejected,
        Journey::Shares { .. } => ConsentStatus::Revoked,
    };
    if snapshot.status() != expected {
        found.push(format!("PayNet has it {}", snapshot.status()));
    }
    if snapshot.accepted_updates().count() != 1 {
        found.push(format!("PayNet took in {:?}", snapshot.updates));
    }
    let stopped_here = matches!(told.journey, Journey::Shares { by_operator: true });
    let revocations = snapshot.revocations.iter();
    let taken_in = revocations.filter(|one| one.refusal.is_none());
    if taken_in.count() != usize::from(stopped_here) {
        found.push(format!("PayNet took in {:?}", snapshot.revocations));
    }
    let meaning = |update: &ReceivedUpdate| {
        let body = &update.body;
        (
            body["status"].clone(),
            body["accounts"].clone(),
            body["status_reason"].clone(),
        )
    };
    let mut meanings: Vec<_> = snapshot.updates.iter().map(meaning).collect();
    meanings.dedup();
    if meanings.len() > 1 {
        found.push(format!("PayNet was told different things: {meanings:?}"));
    }
    found
}

async fn here(store: &Store, id: &ConsentId, told: &Told<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let consent = store.consent(id).await.unwrap().expect("it is there");
    let expected = match told.journey {
        Journey::Rejects => "rejected",
        Journey::Shares { .. } => "revoked",
    };
    if consent.status.as_str() != expected {
        found.push(format!("we have it {}", consent.status));
    }
    let waiting = store.deliveries(id).await.unwrap();
    if !waiting.is_empty() {
        found.push(format!("still to be told: {waiting:?}"));
    }
    let receipt = store.receipt(id).await.unwrap();
    if receipt.is_none() {
        found.push("there is no receipt of what the customer saw".to_owned());
    }
    found
}

async fn in_the_ledger(store: &Store, id: &ConsentId, told: &Told<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let entries = store.ledger_of(id).await.unwrap();
    let version = store
        .consent(id)
        .await
        .unwrap()
        .expect("it is there")
        .version;
    let mut previous = String::new();
    for (entry, seq) in entries.iter().zip(1..) {
        let link = LedgerLink {
            chain: told.consent,
            seq,
            kind: &entry.kind,
            at: entry.at.0,
            data_sha256: entry.data_sha256.as_deref().unwrap_or_default(),
        };
        let hash = link.hash(&previous);
        if entry.seq != seq || entry.hash != hash {
            found.push(format!("the chain breaks at {seq}"));
        }
        previous = hash;
    }
    if entries.last().map(|last| last.seq) != Some(version) {
        found.push("the ledger and the consent are of different versions".to_owned());
    }
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let decisions = kinds
        .iter()
        .filter(|kind| ["approved", "rejected"].contains(kind));
    if decisions.count() != 1 {
        found.push(format!("not one decision: {kinds:?}"));
    }
    let opened = entries.iter().find(|entry| {
        entry.kind == "accepted"
            || entry.kind == "reported"
                && (entry.data.as_ref()).is_some_and(|data| data.contains("\"to\":\"authorized\""))
    });
    let opened = opened.map(|entry| entry.at.0);
    let accesses = store.accesses(id).await.unwrap();
    for probe in told.probes.iter().filter(|probe| probe.was_served()) {
        if opened.is_none_or(|opened| probe.ended < opened) {
            found.push(format!("data at {} before it was authorized", probe.ended));
        }
        if told.stopped_at.is_some_and(|stopped| probe.begun > stopped) {
            found.push(format!("data at {} after the stop", probe.begun));
        }
        let interaction = probe.interaction.to_string();
        let logged = |outcome: &str| {
            let mut rows = accesses.iter();
            rows.any(|row| row.interaction_id == interaction && row.outcome == outcome)
        };
        if !logged("shared") {
            found.push(format!("the access log does not know of {interaction}"));
        }
    }
    for row in accesses.iter().filter(|row| row.outcome == "shared") {
        if opened.is_none_or(|opened| row.at.0 < opened) {
            found.push(format!("data was shared at {}, before", row.at.0));
        }
    }
    for probe in told.probes {
        if !matches!(probe.status, None | Some(200 | 403 | 503)) {
            found.push(format!("a data call is answered with {:?}", probe.status));
        }
    }
    found
}
