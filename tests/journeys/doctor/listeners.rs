//! What runs at our addresses is not what the configuration says.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{SecondsFormat, TimeDelta, Utc};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::deployment::Deployment;
use super::{certificate, file, key, signing};
use crate::harness::{Database, pki};
use crate::keys::key_id;

/// The service was started when nobody was listed, and has not been reloaded.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_the_service_has_not_read() {
    let listed = format!("allowed_clients = [{}]", json!(key_id("paynet-client")));
    let change = |text: String, _, _| {
        assert!(text.contains(&listed), "{text}");
        text.replace(&listed, "allowed_clients = []")
    };
    let deployment = Deployment::changed(Database::sqlite(), change).await;
    assert_eq!(
        deployment.examined().wrong(),
        [("allowed-clients", "warning")]
    );
    let examination = deployment.examined_with(&[("allowed_clients", &listed)]);
    let expected = [("webhooks-other-certificate", "failed")];
    assert_eq!(examination.wrong(), expected);
    let told = examination.told("webhooks-other-certificate");
    assert!(told.contains("status 200"), "{told}");

    let ours = json!([key_id("paynet-client"), key_id("dp-client")]);
    let ours = format!("allowed_clients = {ours}");
    let examination = deployment.examined_with(&[("allowed_clients", &ours)]);
    let expected = [("webhooks-other-certificate", "warning")];
    assert_eq!(examination.wrong(), expected);
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_service_has_not_read() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let again = certificate::ending(deployment.folder.path(), "dp-signing", 200);
    let entry = |certificate: &serde_json::Value| {
        let key = key("dp-signing");
        format!("{{ certificate = {certificate}, private_key = {key} }}")
    };
    let both = format!(
        "keys = [{}, {}]",
        entry(&file("dp-signing")),
        entry(&json!(again))
    );
    let examination = deployment.examined_with(&[("keys = ", &both)]);
    let expected = [("distinct-keys", "warning"), ("key-set", "warning")];
    let wrong = examination.wrong();
    assert_eq!(wrong, expected, "{:#?}", examination.findings);
    assert!(examination.told("key-set").contains("Reload"));

    let other = signing(&json!(again), &key("dp-signing"));
    let examination = deployment.examined_with(&[("keys = ", &other)]);
    // PayNet has its copy of the set from us, and does not know the key either.
    let expected = [("paynet-token", "failed"), ("key-set", "failed")];
    assert_eq!(examination.wrong(), expected);
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_until_without_a_successor() {
    let deployment = Deployment::new(Database::sqlite()).await;
    for (days, expected) in [
        (3, Some("failed")),
        (20, Some("warning")),
        (-3, Some("failed")),
    ] {
        let until = Utc::now() + TimeDelta::days(days);
        let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
        let keys = signing(&file("dp-signing"), &key("dp-signing"));
        let keys = keys.replace(" }]", &format!(", until = \"{until}\" }}]"));
        let examination = deployment.examined_with(&[("keys = ", &keys)]);
        let check = if days < 0 {
            "signing-key"
        } else {
            "signing-successor"
        };
        let expected: Vec<_> = expected
            .map(|verdict| (check, verdict))
            .into_iter()
            .collect();
        assert_eq!(examination.wrong(), expected, "{days} days");
        assert!(examination.told(check).contains("izin keys rotate"));
    }
    deployment.stop().await;
}

/// Something else with our certificate, which lets everybody in.
async fn careless_server() -> SocketAddr {
    let chain = CertificateDer::from_pem_file(pki().certificate_file("dp-server")).unwrap();
    let key = PrivateKeyDer::from_pem_file(pki().key_file("dp-server")).unwrap();
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    serve(tls).await
}

/// Answers everything with a 200.
async fn serve(tls: ServerConfig) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lets_everybody_in() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let address = careless_server().await;
    let ours = format!("address = \"{}\"", deployment.service.webhooks);
    let theirs = format!("address = \"{address}\"");
    let examination = deployment.examined_with(&[(&ours, &theirs)]);
    let expected = [
        ("webhooks-no-certificate", "failed"),
        ("webhooks-other-certificate", "failed"),
    ];
    let wrong = examination.wrong();
    assert_eq!(wrong, expected, "{:#?}", examination.findings);

    // And one without the customers' pages.
    let ours = format!("address = \"{}\"", deployment.service.public);
    let ops = deployment.simulator.urls().pages.replace("http://", "");
    let theirs = format!("address = \"{ops}\"");
    let examination = deployment.examined_with(&[(&ours, &theirs)]);
    let expected = [("public-headers", "failed"), ("key-set", "failed")];
    let wrong = examination.wrong();
    assert_eq!(wrong, expected, "{:#?}", examination.findings);
    deployment.stop().await;
}

/// Accepts every connection, and says this or nothing before it closes it.
async fn foreign_server(banner: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(banner).await;
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_accepts_connections_is_not_izin() {
    let deployment = Deployment::new(Database::sqlite()).await;
    for banner in [&b""[..], b"SSH-2.0-OpenSSH_9.2\r\n"] {
        let ours = format!("address = \"{}\"", deployment.service.public);
        let theirs = format!("address = \"{}\"", foreign_server(banner).await);
        let examination = deployment.examined_with(&[(&ours, &theirs)]);
        let expected = [("public-headers", "failed"), ("key-set", "failed")];
        let wrong = examination.wrong();
        assert_eq!(wrong, expected, "{:#?}", examination.findings);
        for (check, _) in expected {
            let told = examination.told(check);
            assert!(told.contains("does not answer as izin"), "{told}");
        }
    }
    deployment.stop().await;
}

/// What stands in front has our certificate, with its key or without, and PayNet's client certificate is never asked for.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_front_ends_tls() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let in_front = |address: SocketAddr| {
        let url = format!("https://localhost:{}", address.port());
        let section = format!("[listeners.webhooks]\nbase_url = {}", json!(url));
        deployment.examined_with(&[("[listeners.webhooks]", &section)])
    };
    let expected = [("webhooks-base-url", "failed")];
    let examination = in_front(careless_server().await);
    assert_eq!(examination.wrong(), expected);
    let told = examination.told("webhooks-base-url");
    assert!(
        told.contains("status 200") && told.contains("untouched"),
        "{told}"
    );

    let impostor = impostor().await;
    let examination = in_front(impostor);
    assert_eq!(examination.wrong(), expected);
    let told = examination.told("webhooks-base-url");
    assert!(told.contains("without proof of its key"), "{told}");
    assert_eq!(in_front(deployment.service.webhooks).wrong(), []);

    let ours = format!("address = \"{}\"", deployment.service.webhooks);
    let theirs = format!("address = \"{impostor}\"");
    let examination = deployment.examined_with(&[(&ours, &theirs)]);
    assert_eq!(examination.wrong(), [("webhooks-certificate", "failed")]);
    deployment.stop().await;
}

/// Somebody who has seen our certificate.
async fn impostor() -> SocketAddr {
    let chain = CertificateDer::from_pem_file(pki().certificate_file("dp-server")).unwrap();
    let key = PrivateKeyDer::from_pem_file(pki().key_file("paynet-server")).unwrap();
    let key = any_supported_type(&key).unwrap();
    let certified = SingleCertAndKey::from(CertifiedKey::new(vec![chain], key));
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certified));
    serve(tls).await
}

/// Our own client certificate is of another authority than PayNet's, as it often is: then it says nothing of whom the list lets in.
#[tokio::test(flavor = "multi_thread")]
async fn refused_before_it_comes_to_the_list() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let examination = deployment.examined_with(&[
        (
            "client_certificate",
            &format!("client_certificate = {}", file("rogue-client")),
        ),
        (
            "client_private_key",
            &format!("client_private_key = {}", key("rogue-client")),
        ),
    ]);
    let mut all = examination.findings.iter();
    let found = all.find(|one| one["check"] == "webhooks-other-certificate");
    let seen = found.unwrap()["seen"].as_str().unwrap();
    assert!(seen.contains("not proven"), "{seen}");
    deployment.stop().await;
}
