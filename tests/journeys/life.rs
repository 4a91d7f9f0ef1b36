//! The service as a process: how it starts, and how it stops.

use std::net::{TcpListener, TcpStream};
use std::process::Command;

use izin_simulator::{Simulator, SimulatorOptions};

use crate::harness::{Database, Process, eventually, on_both_databases, pki, serve_file};

on_both_databases!(nobody_reads_what_it_says);

/// A closed standard output is no reason to end; SIGTERM is, and then all is well.
async fn nobody_reads_what_it_says(database: Database) {
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = || {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
    };
    let (public, webhooks) = (port(), port());
    let file = serve_file(
        folder.path(),
        &database.url,
        &simulator,
        Some((public, webhooks)),
    );
    let mut process = Process::serve_unheard(&file);
    eventually(
        || async { TcpStream::connect(public).is_ok() },
        "it listens",
    )
    .await;
    let id = process.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(asked.success());
    let ended = tokio::task::spawn_blocking(move || process.wait().unwrap())
        .await
        .unwrap();
    assert!(ended.success(), "{ended}");
    simulator.stop().await;
}
