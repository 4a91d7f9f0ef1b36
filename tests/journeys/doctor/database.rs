//! A database that answers and in which the service could not write.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::Value;

use super::deployment::Deployment;
use crate::harness::Database;

async fn run(database: &Database, statements: &str) {
    let mut conn = AsyncPgConnection::establish(&database.url).await.unwrap();
    conn.batch_execute(statements).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_takes_no_writes() {
    let deployment = Deployment::new(Database::postgres().await).await;
    let database = &deployment.database;
    let (_, name) = database.url.rsplit_once('/').unwrap();
    let may = format!("{name}_may");
    let grants =
        format!("CREATE ROLE {may} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {may};");
    run(database, &grants).await;
    let examined_as = |role: &str| {
        let url = database.url.replace("postgres@", &format!("{role}@"));
        deployment.examined_with(&[("url = \"postgres", &format!("url = \"{url}\""))])
    };
    assert_eq!(examined_as(&may).wrong(), []);

    let read_only = format!("ALTER ROLE {may} SET default_transaction_read_only = on;");
    run(database, &read_only).await;
    let examination = examined_as(&may);
    assert_eq!(examination.wrong(), [("database-writable", "failed")]);
    let told = examination.told("database-writable");
    assert!(told.contains("default_transaction_read_only"), "{told}");
    let roles = format!("DROP OWNED BY {may}; DROP ROLE {may};");
    run(database, &roles).await;
    deployment.stop().await;
}

/// Nobody is another user; who is no superuser is himself one whom the mode stops.
#[tokio::test(flavor = "multi_thread")]
async fn an_sqlite_file_that_is_closed_to_us() {
    const NOBODY: u32 = 65_534;
    let deployment = Deployment::new(Database::sqlite()).await;
    let file = deployment.file(&[]);
    let database = deployment.database.url.trim_start_matches("sqlite:");
    let database = Path::new(database);
    let folder = database.parent().unwrap();
    let set_mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let is_superuser = std::fs::metadata(&file).unwrap().uid() == 0;
    let found = || -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
        command
            .args(["doctor", "--offline", "--json", "--config"])
            .arg(&file);
        if is_superuser {
            command.uid(NOBODY);
        }
        let output = command.output().unwrap();
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let found = findings
            .into_iter()
            .find(|one| one["check"] == "database-writable");
        found.unwrap()
    };
    set_mode(deployment.folder.path(), 0o755);
    set_mode(&file, 0o644);
    let beside = ["-wal", "-shm"].map(|end| format!("{}{end}", database.display()));
    for (of_folder, of_file, closed) in [
        (0o777, 0o666, None),
        (0o777, 0o444, Some(database)),
        (0o555, 0o666, Some(folder)),
    ] {
        set_mode(folder, of_folder);
        set_mode(database, of_file);
        for path in &beside {
            set_mode(Path::new(path), 0o666);
        }
        let finding = found();
        let expected = if closed.is_some() { "failed" } else { "ok" };
        assert_eq!(finding["verdict"], expected, "{finding}");
        if let Some(closed) = closed {
            let seen = format!("{} cannot be written", closed.display());
            assert_eq!(finding["seen"], seen);
        }
    }
    set_mode(folder, 0o755);
    deployment.stop().await;
}
