//! What the store costs, on both databases in one run: a consent looked up (among ten thousand and among a million), an event stored, a
//! decision, a line of the access log. Every write is on disk before it counts as done, on both.
//!
//! `cargo bench --bench store`; PostgreSQL's programs as for the tests. docs/performance.md has the figures of one run.

#[path = "../tests/journeys/harness/cluster.rs"]
#[expect(dead_code, reason = "the journeys' harness, of which a part is used")]
mod cluster;

use std::cell::Cell;
use std::hint::black_box;

use chrono::{TimeDelta, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use izin::lab::{
    Access, AccessLog, At, Change, Command, ConsentFilter, ConsentId, DcId, DecisionRecord, DpId,
    EventRow, NewConsent, Outcome, Purpose, ReasonCode, Receipt, Status, StatusReason, Store,
    apply, register,
};
use tokio::runtime::Runtime;

use cluster::Cluster;

const SIZES: [usize; 2] = [10_000, 1_000_000];

/// The same consents as in `tests/scale/million.sql`, in SQLite's words.
const SQLITE_FILL: &str = "
INSERT INTO consents (consent_id, dc_id, dp_id, consent_type, purpose, permissions, status, reason, expires_at, decide_by, customer_id,
                      created_at, platform_updated_at, changed_at, version)
WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :consents)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6))),
       'consumer-' || n % 20, 'bank-contoh', 'urn:openfinance-ml:account-access-consent:v1.2', 'pfm',
       jsonb('[\"read_accounts\", \"read_balances\", \"read_transactions\"]'),
       CASE WHEN n % 10 < 3 THEN 'authorized' ELSE 'revoked' END, NULL,
       1800000000000000 + n, 1800000000000000, 'CIF-' || n % (:consents / 2), 1790000000000000 + n % 1000 * 1000, NULL, 1790000000000000, 2
FROM s";

struct Subject {
    name: &'static str,
    consents: usize,
    store: Store,
}

/// Of each size one of each kind, and what they live in.
fn subjects(runtime: &Runtime, folder: &std::path::Path) -> (Vec<Subject>, Cluster) {
    let settings = "-c listen_addresses= -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_wal_size=1GB";
    let cluster = Cluster::start("bench", |_| (), settings);
    let mut subjects = Vec::new();
    for consents in SIZES {
        let place = folder.join(format!("{consents}.db"));
        let address = format!("sqlite:{}", place.display());
        let store = Store::open(&address, 1).unwrap();
        runtime.block_on(async {
            store.migrate().await.unwrap();
            let path = place.to_str().unwrap();
            let mut filler = SyncConnectionWrapper::<SqliteConnection>::establish(path)
                .await
                .unwrap();
            let fill = SQLITE_FILL.replace(":consents", &consents.to_string());
            filler.batch_execute(&fill).await.unwrap();
        });
        subjects.push(Subject {
            name: "SQLite",
            consents,
            store,
        });

        let name = format!("b{consents}");
        let address = cluster.url("postgres", &name);
        let store = Store::open(&address, 4).unwrap();
        runtime.block_on(async {
            let admin = cluster.url("postgres", "postgres");
            let mut admin = AsyncPgConnection::establish(&admin).await.unwrap();
            admin
                .batch_execute(&format!("CREATE DATABASE {name}"))
                .await
                .unwrap();
            store.migrate().await.unwrap();
            let mut filler = AsyncPgConnection::establish(&address).await.unwrap();
            let fill = include_str!("../tests/scale/million.sql");
            let fill = fill.split(";\n").next().unwrap();
            let fill = fill.replace(":consents", &consents.to_string());
            filler.batch_execute(&fill).await.unwrap();
            filler.batch_execute("VACUUM ANALYZE").await.unwrap();
        });
        subjects.push(Subject {
            name: "PostgreSQL",
            consents,
            store,
        });
    }
    (subjects, cluster)
}

/// A number that is another one each time.
fn next() -> usize {
    thread_local!(static COUNT: Cell<usize> = const { Cell::new(0) });
    COUNT.with(|count| count.replace(count.get() + 1))
}

fn announced() -> Change {
    let now = Utc::now();
    let new = NewConsent {
        id: ConsentId::parse(uuid::Uuid::new_v4().to_string()).unwrap(),
        dc_id: DcId::parse("kira-budget").unwrap(),
        dp_id: DpId::parse("bank-contoh").unwrap(),
        urn: "urn:openfinance-ml:account-access-consent:v1.2".into(),
        purpose: Purpose::PersonalFinance,
        permissions: serde_json::from_str("[\"read_accounts\", \"read_balances\"]").unwrap(),
        status: Status::AwaitingAuthorization,
        reason: None,
        expires_at: now + TimeDelta::days(180),
        created_at: now,
        updated_at: None,
        updated_by: None,
    };
    register(new, TimeDelta::minutes(5), now)
}

fn event(change: &Change) -> EventRow {
    EventRow {
        consent_id: change.consent.id.to_string(),
        event_type: "consent_created".into(),
        body_sha256: format!("{:064}", next()),
        body: "x".repeat(387),
        received_at: At(Utc::now()),
    }
}

fn decided(announced: &Change) -> (Change, DecisionRecord) {
    let reason = StatusReason {
        code: ReasonCode::NotAllowed,
        description: None,
    };
    let command = Command::Reject {
        reason,
        receipt_sha256: None,
    };
    let change = match apply(&announced.consent, command, Utc::now()) {
        Ok(Outcome::Changed(change)) => *change,
        other => panic!("a rejection is a change: {other:?}"),
    };
    let receipt = Receipt {
        consent_id: change.consent.id.clone(),
        language: "en".into(),
        template_hash: "0".repeat(64),
        text: "x".repeat(1031),
        created_at: Utc::now(),
    };
    let record = DecisionRecord {
        receipt: Some(receipt),
        ..DecisionRecord::default()
    };
    (change, record)
}

fn access() -> Access {
    let id = uuid::Uuid::new_v4().to_string();
    Access {
        at: At(Utc::now()),
        consent_id: id.clone(),
        dc_id: "kira-budget".into(),
        customer_id: Some("CIF-1001".into()),
        account_id: id.clone(),
        category: "balances".into(),
        outcome: "served".into(),
        interaction_id: id,
    }
}

fn store(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (subjects, _cluster) = subjects(&runtime, folder.path());
    for subject in &subjects {
        let store = &subject.store;
        let filter = ConsentFilter {
            limit: 5_000,
            ..ConsentFilter::default()
        };
        let known = runtime.block_on(store.find_consents(&filter)).unwrap();
        assert!(known.len() == 5_000, "they can be read");
        let name = format!("lookup/{}/{}", subject.name, subject.consents);
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| {
                let id = &known[next() % known.len()].id;
                let found = runtime.block_on(store.consent(black_box(id))).unwrap();
                assert!(found.is_some());
            });
        });
    }
    for subject in subjects
        .iter()
        .filter(|subject| subject.consents == SIZES[1])
    {
        let (store, name) = (&subject.store, subject.name);
        criterion.bench_function(&format!("event/{name}"), |bencher| {
            let new = || {
                let change = announced();
                (event(&change), change)
            };
            let record = |(event, change): (EventRow, Change)| {
                runtime
                    .block_on(store.record_event(event, Some(&change)))
                    .unwrap();
            };
            bencher.iter_batched(new, record, BatchSize::PerIteration);
        });
        criterion.bench_function(&format!("decision/{name}"), |bencher| {
            let new = || {
                let announced = announced();
                runtime.block_on(store.commit(&announced)).unwrap();
                decided(&announced)
            };
            let decide = |(change, record): (Change, DecisionRecord)| {
                runtime.block_on(store.decide(&change, &record)).unwrap();
            };
            bencher.iter_batched(new, decide, BatchSize::PerIteration);
        });
        criterion.bench_function(&format!("access log/{name}"), |bencher| {
            let log = runtime.block_on(async { AccessLog::start(store.clone()) });
            let append = |access| runtime.block_on(log.log(access)).unwrap();
            bencher.iter_batched(access, append, BatchSize::PerIteration);
        });
    }
}

criterion_group!(benches, store);
criterion_main!(benches);
