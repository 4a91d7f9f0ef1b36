//! A million consents: what every operation of the store really sends is planned by PostgreSQL without reading a big table from one end
//! to the other. The plans are those of the executions (`auto_explain`), so that no query can be forgotten; a new operation must be
//! called here.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use izin::lab::{
    AccessRow, AccountId, AccountReference, At, Change, Command, ConsentFilter, ConsentId,
    CustomerId, DcId, DecisionRecord, EventRow, HandleRecord, Lease, OPERATIONS, Outcome,
    ReasonCode, Status, StatusReason, Store, apply,
};
use serde_json::{Value, json};

use super::conflicts::announced;
use crate::harness::{Cluster, url};

const CONSENTS: usize = 1_000_000;

/// Of each operation.
const EXECUTIONS: usize = 8;

/// Tables with more rows are read by an index or not at all.
const BIG: i64 = 10_000;

/// Operations that may read a whole table, the table, and why.
const EXCEPTIONS: [(&str, &str, &str); 1] = [(
    "queue",
    "outbox",
    "an operator's look at everything that waits, in a table that has nothing else",
)];

#[derive(diesel::QueryableByName)]
struct Size {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it fills a database with millions of rows, which takes minutes: ./test --all"]
async fn no_operation_reads_a_big_table_from_one_end_to_the_other() {
    let settings = "-c listen_addresses= -c shared_preload_libraries=auto_explain -c auto_explain.log_format=json \
                    -c auto_explain.log_nested_statements=on -c log_line_prefix='<%a>' -c max_wal_size=512MB \
                    -c shared_buffers=512MB -c maintenance_work_mem=256MB -c autovacuum=off -c wal_level=minimal \
                    -c max_wal_senders=0";
    let cluster = tokio::task::spawn_blocking(move || Cluster::start("scale", |_| (), settings));
    let cluster = cluster.await.unwrap();
    let address = url(&cluster.folder, "postgres", "postgres");
    let store = Store::open(&address, 1).unwrap();
    store.migrate().await.unwrap();
    let mut admin = AsyncPgConnection::establish(&address).await.unwrap();
    let fill = include_str!("../../scale/million.sql").replace(":consents", &CONSENTS.to_string());
    for statement in fill.split(";\n") {
        admin.batch_execute(statement).await.unwrap();
    }
    let sizes = "SELECT relname::text AS name, n_live_tup AS rows, pg_total_relation_size(relid) AS bytes \
                 FROM pg_stat_user_tables ORDER BY relname";
    let sizes: Vec<Size> = diesel::sql_query(sizes).load(&mut admin).await.unwrap();
    for size in &sizes {
        let each = size.bytes / size.rows.max(1);
        println!(
            "{:28} {:>9} rows, {:>6} bytes each with indexes",
            size.name, size.rows, each
        );
    }
    let big: Vec<&str> = sizes
        .iter()
        .filter(|size| size.rows > BIG)
        .map(|size| size.name.as_str())
        .collect();
    assert!(big.contains(&"consents") && big.contains(&"ledger") && big.contains(&"access_log"));

    for name in OPERATIONS {
        let address = format!(
            "{address}?application_name={name}&options=-c%20auto_explain.log_min_duration%3D0"
        );
        // On one connection: from the sixth execution on, PostgreSQL may take a plan that fits any parameters.
        let store = Store::open(&address, 1).unwrap();
        for number in 0..EXECUTIONS {
            Sample::new(number).call(&store, name).await;
        }
    }
    let log = std::fs::read_to_string(cluster.folder.join("log")).unwrap();
    let plans = plans(&log);
    let mut problems = Vec::new();
    for name in OPERATIONS {
        let plans = plans.get(name);
        let plans = plans.unwrap_or_else(|| panic!("{name} has no plan in the log"));
        for plan in plans {
            for table in read_whole(&plan["Plan"]) {
                let is_excepted = EXCEPTIONS
                    .iter()
                    .any(|(excepted, its, _)| excepted == name && *its == table);
                if big.contains(&table.as_str()) && !is_excepted {
                    problems.push(format!(
                        "{name} reads all of {table}: {}",
                        plan["Query Text"]
                    ));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// By the name of the connection that they were made for.
fn plans(log: &str) -> BTreeMap<&str, Vec<Value>> {
    let mut plans: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, rest)) = line.strip_prefix('<').and_then(|line| line.split_once('>'))
        else {
            continue;
        };
        if !rest.ends_with("plan:") {
            continue;
        }
        let mut text = String::new();
        while let Some(part) = lines.next_if(|line| line.starts_with('\t')) {
            text.push_str(part);
        }
        let plan = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        plans.entry(name).or_default().push(plan);
    }
    plans
}

fn read_whole(plan: &Value) -> Vec<String> {
    let mut tables = Vec::new();
    if plan["Node Type"] == "Seq Scan" {
        tables.push(plan["Relation Name"].as_str().unwrap().to_owned());
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        tables.extend(read_whole(inner));
    }
    tables
}

/// What the operations are called with: rows that are there, other ones each time, because some are used up.
struct Sample {
    number: usize,
}

impl Sample {
    fn new(number: usize) -> Self {
        Self { number }
    }

    /// `md5(…)::uuid` as the database has it.
    fn uuid(of: &str) -> String {
        let digest =
            openssl::hash::hash(openssl::hash::MessageDigest::md5(), of.as_bytes()).unwrap();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-")
    }

    fn hash(n: usize) -> String {
        let hex = |text: String| Self::uuid(&text).replace('-', "");
        hex(format!("a{n}")) + &hex(format!("b{n}"))
    }

    /// The n-th of those that await a decision.
    fn awaiting(&self, n: usize) -> ConsentId {
        let n = (self.number * 100 + n + 1) * 1000;
        ConsentId::parse(Self::uuid(&format!("consent{n}"))).unwrap()
    }

    fn consent(&self) -> ConsentId {
        ConsentId::parse(Self::uuid(&format!("consent{}", 10 + self.number))).unwrap()
    }

    fn account(&self) -> AccountId {
        AccountId::parse(Self::uuid(&format!("account{}", 20 + self.number))).unwrap()
    }

    fn customer(&self) -> CustomerId {
        CustomerId::parse(format!("CIF-{}", 10 + self.number)).unwrap()
    }

    fn new_consent(&self, operation: &str) -> Change {
        announced(&format!("{operation}-{}", self.number))
    }

    async fn rejected(&self, store: &Store, n: usize) -> Change {
        let consent = store.consent(&self.awaiting(n)).await.unwrap().unwrap();
        let reason = StatusReason {
            code: ReasonCode::NotAllowed,
            description: None,
        };
        let command = Command::Reject {
            reason,
            receipt_sha256: None,
        };
        match apply(&consent, command, Utc::now()) {
            Ok(Outcome::Changed(change)) => *change,
            other => panic!("a rejection is a change: {other:?}"),
        }
    }

    async fn lease(&self, store: &Store) -> Lease {
        let now = At(Utc::now());
        let mut claimed = store
            .claim_deliveries(1, now, TimeDelta::minutes(1))
            .await
            .unwrap();
        claimed.remove(0).unwrap().lease
    }

    #[expect(clippy::too_many_lines, reason = "one line for each operation")]
    async fn call(&self, store: &Store, operation: &str) {
        let now = At(Utc::now());
        let later = At(now.0 + TimeDelta::minutes(5));
        let (id, customer) = (self.consent(), self.customer());
        let subject = format!("customer-{}", 10 + self.number);
        let token = (
            format!("consumer-{}", 10 + self.number),
            Self::uuid(&format!("token{}", 10 + self.number)),
        );
        let session = Self::hash(200 + self.number);
        match operation {
            "consent" => assert!(store.consent(&id).await.unwrap().is_some()),
            "consented_accounts" => {
                assert!(!store.consented_accounts(&id).await.unwrap().is_empty())
            }
            "consented_references" => {
                assert!(!store.consented_references(&id).await.unwrap().is_empty())
            }
            "undecided" => drop(store.undecided(now, 100).await.unwrap()),
            "ending" => drop(store.ending(now, 100).await.unwrap()),
            "find_consents" => {
                let any = || ConsentFilter {
                    limit: 50,
                    ..ConsentFilter::default()
                };
                for wanted in [
                    any(),
                    ConsentFilter {
                        customer: Some(customer),
                        ..any()
                    },
                    ConsentFilter {
                        status: Some(Status::Authorized),
                        ..any()
                    },
                    ConsentFilter {
                        status: Some(Status::Deciding),
                        ..any()
                    },
                    ConsentFilter {
                        consumer: Some(DcId::parse("consumer-1").unwrap()),
                        ..any()
                    },
                ] {
                    assert!(
                        !store.find_consents(&wanted).await.unwrap().is_empty(),
                        "{wanted:?}"
                    );
                }
            }
            "record_event" => {
                let event = EventRow {
                    consent_id: id.to_string(),
                    event_type: "consent_updated".into(),
                    body_sha256: Self::hash(self.number),
                    body: "{}".into(),
                    received_at: now,
                };
                let change = self.rejected(store, 1).await;
                store.record_event(event, Some(&change)).await.unwrap();
            }
            "commit" => {
                store.commit(&self.new_consent(operation)).await.unwrap();
                store.commit(&self.rejected(store, 2).await).await.unwrap();
            }
            "decide" => {
                let change = self.rejected(store, 3).await;
                let record = DecisionRecord {
                    customer: Some(customer),
                    accounts: vec![self.account()],
                    ..DecisionRecord::default()
                };
                store.decide(&change, &record).await.unwrap();
            }
            "settle" => {
                let lease = self.lease(store).await;
                let change = self.rejected(store, 4).await;
                store.settle(&lease, Some(&change)).await.unwrap();
            }
            "account_id_for" => {
                for reference in ["SA-1", "SA-2"] {
                    let reference = AccountReference::parse(reference).unwrap();
                    store.account_id_for(&customer, &reference).await.unwrap();
                }
            }
            "bank_reference" => assert!(
                store
                    .bank_reference(&self.account())
                    .await
                    .unwrap()
                    .is_some()
            ),
            "claim_deliveries" => {
                let claimed = store
                    .claim_deliveries(16, now, TimeDelta::minutes(1))
                    .await
                    .unwrap();
                assert_eq!(claimed.len(), 16);
            }
            "postpone" => {
                let lease = self.lease(store).await;
                store.postpone(&lease, later, "unavailable").await.unwrap();
            }
            "park" => {
                let lease = self.lease(store).await;
                store.park(&lease, now, "refused").await.unwrap();
            }
            "is_undelivered" => drop(store.is_undelivered(&id).await.unwrap()),
            "queue" => {
                assert!(!store.queue(false, 50).await.unwrap().is_empty());
                assert!(!store.queue(true, 50).await.unwrap().is_empty());
            }
            "retry" => {
                let n = 500 + 1000 * self.number;
                let parked = format!("{}:2:paynet", Self::uuid(&format!("consent{n}")));
                assert!(store.retry(&parked, now).await.unwrap());
            }
            "accesses" => assert!(!store.accesses(&id).await.unwrap().is_empty()),
            "ledger_of" => assert!(!store.ledger_of(&id).await.unwrap().is_empty()),
            "receipt" => assert!(store.receipt(&id).await.unwrap().is_some()),
            "save_handle" => {
                let handle = HandleRecord {
                    consent_id: id,
                    redirect_uri: "https://paynet.example/back".into(),
                    expires_at: later.0,
                };
                store
                    .save_handle(&format!("{operation}{}", self.number), &handle)
                    .await
                    .unwrap();
            }
            "take_handle" => drop(store.take_handle(&session, now).await.unwrap()),
            "open_session" => {
                let sha256 = format!("{operation}{}", self.number);
                store
                    .open_session(&sha256, &id, json!({}), later)
                    .await
                    .unwrap();
            }
            "session" => assert!(store.session(&session, now).await.unwrap().is_some()),
            "save_session" => store.save_session(&session, json!({}), 4).await.unwrap(),
            "first_use" => {
                assert!(!store.first_use(&token.0, &token.1, later).await.unwrap());
            }
            "was_used" => assert!(store.was_used(&token.0, &token.1, now).await.unwrap()),
            "count_failure" => drop(store.count_failure(&subject, now, later).await.unwrap()),
            "failures" => drop(store.failures(&subject, now).await.unwrap()),
            "take_back_failure" => store.take_back_failure(&subject).await.unwrap(),
            "forget_failures" => store.forget_failures(&subject).await.unwrap(),
            "log_access" => {
                let row = AccessRow {
                    id: format!("{operation}{}", self.number),
                    at: now,
                    consent_id: id.to_string(),
                    dc_id: "consumer-1".into(),
                    customer_id: None,
                    account_id: "a".into(),
                    category: "balances".into(),
                    outcome: "served".into(),
                    interaction_id: "i".into(),
                };
                store.log_access(row).await.unwrap();
            }
            "installation_secret" => drop(store.installation_secret("sign-in", "x").await.unwrap()),
            "sweep" => {
                // Of the next minutes, too: another call has swept until now.
                let minutes = i64::try_from(self.number).unwrap() * 2;
                let then = At(now.0 + TimeDelta::minutes(minutes));
                assert!(store.sweep(then).await.unwrap() > 0);
            }
            "ping" => store.ping().await.unwrap(),
            other => panic!(
                "{other} is a new operation: call it here, with what it finds in a large database"
            ),
        }
    }
}
