//! The connection to PostgreSQL is encrypted, and to nobody else.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::json;

use super::{database_file, doctor, izin};
use crate::doctor::certificate::ending;
use crate::harness::{
    Cluster, Database, TestApp, eventually, pki, write_secret, write_secret_bytes,
};

/// A cluster that speaks TLS on loopback, and asks `shown` for a certificate.
struct Secured {
    cluster: Cluster,
    port: u16,
}

impl Secured {
    async fn start(name: &'static str) -> Self {
        tokio::task::spawn_blocking(|| Self::started(name))
            .await
            .unwrap()
    }

    fn started(name: &str) -> Self {
        // Free a moment ago.
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let prepare = |folder: &Path| {
            for (from, to) in [
                (pki().certificate_file("dp-server"), "server.crt"),
                (pki().key_file("dp-server"), "server.key"),
                (pki().certificate_file("ca"), "ca.crt"),
                (ending(folder, "dp-server", -1), "expired.crt"),
            ] {
                std::fs::copy(from, folder.join(to)).unwrap();
            }
            let access = "local all all trust\n\
                          hostssl all shown all trust clientcert=verify-ca\n\
                          hostssl all postgres all trust\n\
                          hostssl all scram all scram-sha-256\n\
                          hostnossl all postgres all trust\n";
            std::fs::write(folder.join("data/pg_hba.conf"), access).unwrap();
        };
        let settings = format!(
            "-c listen_addresses=127.0.0.1,127.0.0.2 -c port={port} -c ssl_key_file=../server.key \
             -c ssl_ca_file=../ca.crt"
        );
        let cluster = Cluster::start(
            name,
            |folder| {
                prepare(folder);
                // Not on the command line, so that it can be changed.
                let file = folder.join("data/postgresql.conf");
                let text = std::fs::read_to_string(&file).unwrap();
                std::fs::write(file, text + "\nssl = on\nssl_cert_file = '../server.crt'\n")
                    .unwrap();
            },
            &settings,
        );
        Self { cluster, port }
    }

    /// Changed while it runs.
    async fn set(&self, setting: &str) {
        let mut admin = self.admin().await;
        for statement in [
            &format!("ALTER SYSTEM SET {setting}"),
            "SELECT pg_reload_conf()",
        ] {
            admin.batch_execute(statement).await.unwrap();
        }
    }

    async fn admin(&self) -> AsyncPgConnection {
        let socket = self.cluster.url("postgres", "postgres");
        let socket = socket.strip_suffix("/postgres").unwrap();
        let socket = format!("{socket}:{}/postgres", self.port);
        AsyncPgConnection::establish(&socket).await.unwrap()
    }

    fn url(&self, user: &str, host: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres", self.port)
    }
}

fn with_ca(url: &str, ca: &str) -> String {
    let ca = json!(pki().certificate_file(ca));
    format!("url = {}\ntls = \"verify-full\"\nca = {ca}", json!(url))
}

async fn asked(folder: &Path, settings: &str) -> (i32, String) {
    izin(&["migrate"], &database_file(folder, settings)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_server_is_spoken_to() {
    let database = Secured::start("tls").await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let right = with_ca(&database.url("postgres", "localhost"), "ca");
    let (code, said) = asked(folder, &right).await;
    assert_eq!(code, 0, "{said}");
    let (verdict, seen) = doctor("database-tls", &database_file(folder, &right)).await;
    assert!(verdict == "ok" && seen.contains("TLSv1.3"), "{seen}");

    let host = database.url("postgres", "127.0.0.2");
    for (settings, told) in [
        (
            with_ca(&database.url("postgres", "localhost"), "rogue-ca"),
            "UnknownIssuer",
        ),
        (with_ca(&host, "ca"), "not valid for name \"127.0.0.2\""),
        (
            format!("{right}\nprivate_key = \"absent.key\"\ncertificate = \"absent.crt\""),
            "absent.key",
        ),
    ] {
        let (code, said) = asked(folder, &settings).await;
        assert!(code == 1 && said.contains(told), "{told}: {said}");
    }

    database.set("ssl_cert_file = '../expired.crt'").await;
    is_refused_at_last(folder, &right, "certificate expired").await;
    database.set("ssl = off").await;
    is_refused_at_last(folder, &right, "server does not support TLS").await;
}

/// A running server takes its settings in its own time.
async fn is_refused_at_last(folder: &Path, settings: &str, told: &str) {
    let refused = || async {
        let (code, said) = asked(folder, settings).await;
        code == 1 && said.contains(told)
    };
    eventually(refused, told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_shown() {
    let database = Secured::start("shown").await;
    let mut admin = database.admin().await;
    admin
        .batch_execute("CREATE ROLE shown LOGIN SUPERUSER")
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plain = with_ca(&database.url("shown", "localhost"), "ca");
    let (code, said) = asked(folder.path(), &plain).await;
    assert!(code == 1 && said.contains("client certificate"), "{said}");

    let pem = (
        pki().certificate_file("dp-client"),
        pki().key_file("dp-client"),
    );
    let key = format!(
        "{plain}\ncertificate = {}\nprivate_key = {}",
        json!(pem.0),
        json!(pem.1)
    );
    let (code, said) = asked(folder.path(), &key).await;
    assert_eq!(code, 0, "{said}");

    let (container, passphrase) = pkcs12(folder.path());
    let key = format!(
        "{plain}\nprivate_key = {}\npassphrase_file = {}",
        json!(container),
        json!(passphrase)
    );
    let (code, said) = asked(folder.path(), &key).await;
    assert_eq!(code, 0, "{said}");
}

/// The proof of the password is bound to this connection, so that nobody between could pass it on.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_bound_to_the_connection() {
    let database = Secured::start("scram").await;
    let mut admin = database.admin().await;
    admin
        .batch_execute("CREATE ROLE scram LOGIN SUPERUSER PASSWORD 'rahsia'")
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (password, expected) in [("rahsia", 0), ("wrong", 1)] {
        let url = database.url(&format!("scram:{password}"), "localhost");
        let bound = with_ca(&format!("{url}?channel_binding=require"), "ca");
        let (code, said) = asked(folder.path(), &bound).await;
        assert_eq!(code, expected, "{said}");
    }
}

/// `dp-client` with its key as a container, and a file with the passphrase.
fn pkcs12(folder: &Path) -> (PathBuf, PathBuf) {
    use openssl::pkcs12::Pkcs12;
    use openssl::pkey::PKey;
    use openssl::x509::X509;
    let key = PKey::private_key_from_pem(&pki().key("dp-client").unwrap()).unwrap();
    let certificate = X509::from_pem(&pki().certificate("dp-client").unwrap()).unwrap();
    let container = Pkcs12::builder()
        .pkey(&key)
        .cert(&certificate)
        .build2("rahsia")
        .unwrap();
    let (file, passphrase) = (folder.join("client.p12"), folder.join("passphrase"));
    write_secret_bytes(&file, &container.to_der().unwrap());
    write_secret(&passphrase, "rahsia\n");
    (file, passphrase)
}

/// Sharing, a data call and the news to PayNet, and not one connection that is not encrypted.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_journey_over_tls() {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let cluster = Secured::start("journey").await;
    let address = cluster.url("postgres", "localhost");
    let ca = json!(pki().certificate_file("ca"));
    // Named, because the test has a connection of its own, which is a plain one.
    let named = json!(format!("{address}?application_name=service"));
    let extra = format!("[database]\nurl = {named}\ntls = \"verify-full\"\nca = {ca}");
    let database = Database::at(&address);
    let app = TestApp::start_with(database, &extra).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(consent.balance().await.status(), 200);

    let mut admin = cluster.admin().await;
    let count = "SELECT count(*) AS count FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE backend_type = 'client backend' AND application_name = 'service' AND ";
    let mut counted = async |which: &str| {
        let query = format!("{count}{which}");
        let row: Count = diesel::sql_query(query)
            .get_result(&mut admin)
            .await
            .unwrap();
        row.count
    };
    assert!(counted("ssl").await > 0);
    assert_eq!(counted("NOT ssl").await, 0);

    // Another authority is for the connections that are made from then on.
    let rogue = extra.replace(
        &ca.to_string(),
        &json!(pki().certificate_file("rogue-ca")).to_string(),
    );
    let ended =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'service'";
    for (extra, status) in [(&rogue, 503), (&extra, 200)] {
        app.reload(extra).await.unwrap();
        admin.batch_execute(ended).await.unwrap();
        let answered = || async { consent.balance().await.status() == status };
        eventually(answered, &format!("a data call is answered with {status}")).await;
    }
    app.stop().await;
}
