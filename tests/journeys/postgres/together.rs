//! Replicas that start at the same moment on an empty database.

use std::collections::BTreeSet;

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use izin::lab::Store;
use izin_simulator::{Simulator, SimulatorOptions};

use crate::harness::{Database, Process, pki, serve_file};

const REPLICAS: usize = 6;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Processes, each with the configuration of the others.
#[tokio::test(flavor = "multi_thread")]
async fn six_processes() {
    let database = Database::postgres().await;
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()));
    let simulator = simulator.await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = serve_file(folder.path(), &database.url, &simulator, None);
    let start = || {
        let file = file.clone();
        tokio::task::spawn_blocking(move || Process::serve(&file))
    };
    let starting: Vec<_> = (0..REPLICAS).map(|_| start()).collect();
    let mut addresses = BTreeSet::new();
    let mut replicas = Vec::new();
    for replica in starting {
        let replica = replica.await.unwrap();
        addresses.insert(replica.public);
        replicas.push(replica);
    }
    assert_eq!(addresses.len(), REPLICAS);
    let turns = "SELECT turns::bigint AS count FROM schema_guard";
    let turns: Count = diesel::sql_query(turns)
        .get_result(&mut database.admin().await)
        .await
        .unwrap();
    assert!(turns.count >= 1, "nobody took a turn");
    for replica in replicas {
        tokio::task::spawn_blocking(|| replica.stop())
            .await
            .unwrap();
    }
    simulator.stop().await;
}

/// Whatever a transaction may see of others: every migration is applied once, and nobody fails. Several times, because a race that is
/// there is not lost every time.
#[tokio::test(flavor = "multi_thread")]
async fn each_migration_is_applied_once() {
    for level in ["read committed", "repeatable read", "serializable"] {
        for _ in 0..4 {
            let database = Database::postgres().await.isolated(level).await;
            all_at_once(&database).await;
        }
    }
    for _ in 0..4 {
        all_at_once(&Database::sqlite()).await;
    }
}

async fn all_at_once(database: &Database) {
    let stores: Vec<_> = (0..REPLICAS)
        .map(|_| Store::open(&database.url, 1).unwrap())
        .collect();
    let known = stores[0].migrations().await.unwrap().pending;
    assert!(!known.is_empty());
    let migrating: Vec<_> = stores
        .into_iter()
        .map(|store| tokio::spawn(async move { store.migrate().await }))
        .collect();
    let mut applied = Vec::new();
    for replica in migrating {
        applied.extend(replica.await.unwrap().unwrap());
    }
    assert_eq!(applied, known);
}
