//! A million consents: what every operation of the store really sends is planned by PostgreSQL without reading a big table from one end
//! to the other. The plans are those of the executions (`auto_explain`), so that no query can be forgotten; a new operation must be
//! called here.

mod sample;

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use izin::lab::{OPERATIONS, Store};
use serde_json::Value;

use crate::harness::Cluster;
use sample::Sample;

const CONSENTS: usize = 1_000_000;

/// Of each operation.
const EXECUTIONS: usize = 8;

/// Tables with more rows are read by an index or not at all.
const BIG: i64 = 10_000;

/// Operations that may read a whole table, the table, and why.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    (
        "figures",
        "outbox",
        "everything that waits is counted, in a table that has nothing else",
    ),
    (
        "queue",
        "outbox",
        "an operator's look at everything that waits, in a table that has nothing else",
    ),
];

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
    let address = cluster.url("postgres", "postgres");
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
