//! The bank behind TLS: certificates, names, versions, and callers by certificate.

use std::{path::PathBuf, sync::Arc};

use izin_bank_check::{Endpoint, Report, Target, Verdict};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    x509::{
        X509, X509Builder, X509NameBuilder,
        extension::{BasicConstraints, SubjectAlternativeName},
    },
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::bank::{Bank, Quirk, Server, assert_not_met, options, run};

/// An authority, and what it signed, as PEM files.
struct Pki {
    folder: TempDir,
    key: PKey<Private>,
    authority: X509,
}

impl Pki {
    fn new() -> Self {
        let key = new_key();
        let authority = certificate("authority", &key, None);
        let pki = Self {
            folder: TempDir::new().unwrap(),
            key,
            authority,
        };
        std::fs::write(pki.path("ca.crt"), pki.authority.to_pem().unwrap()).unwrap();
        pki.sign("localhost");
        pki.sign("elsewhere.example");
        pki.sign("izin");
        pki
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sign(&self, name: &str) {
        let key = new_key();
        let signed = certificate(name, &key, Some((&self.authority, &self.key)));
        std::fs::write(self.path(&format!("{name}.crt")), signed.to_pem().unwrap()).unwrap();
        let pem = key.private_key_to_pem_pkcs8().unwrap();
        std::fs::write(self.path(&format!("{name}.key")), pem).unwrap();
    }

    fn acceptor(&self, name: &str, clients: bool) -> TlsAcceptor {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let chain = CertificateDer::from_pem_file(self.path(&format!("{name}.crt"))).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
        let builder = if clients {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_file(self.path("ca.crt")).unwrap())
                .unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        TlsAcceptor::from(Arc::new(
            builder.with_single_cert(vec![chain], key).unwrap(),
        ))
    }

    fn endpoint(&self, server: &Server) -> Endpoint {
        let mut endpoint = server.endpoint();
        endpoint.server_ca = Some(self.path("ca.crt"));
        endpoint
    }
}

fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn certificate(name: &str, key: &PKey<Private>, issuer: Option<(&X509, &PKey<Private>)>) -> X509 {
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial
        .rand(120, openssl::bn::MsbOption::MAYBE_ZERO, false)
        .unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_issuer_name(issuer.map_or(&subject, |(issuer, _)| issuer.subject_name()))
        .unwrap();
    builder.set_pubkey(key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(2).unwrap())
        .unwrap();
    if issuer.is_none() {
        builder
            .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
            .unwrap();
    } else {
        let context = builder.x509v3_context(issuer.map(|(issuer, _)| &**issuer), None);
        let names = SubjectAlternativeName::new()
            .dns(name)
            .build(&context)
            .unwrap();
        builder.append_extension(names).unwrap();
    }
    builder
        .sign(issuer.map_or(key, |(_, key)| key), MessageDigest::sha256())
        .unwrap();
    builder.build()
}

async fn check(endpoint: Endpoint) -> Report {
    let target = Target {
        core_bank: Some(endpoint),
        sign_in: None,
    };
    run(&target, &options()).await
}

#[tokio::test]
async fn a_right_bank_behind_tls_is_right() {
    let pki = Pki::new();
    let server = Server::start_with(Bank::right(), Some(pki.acceptor("localhost", false))).await;
    let report = check(pki.endpoint(&server)).await;
    assert_not_met(&report, &[]);
    let transport = report.entry("CB-01").unwrap();
    assert_eq!(transport.verdict, Verdict::Met, "{report}");
    assert!(transport.notes.is_empty(), "{report}");
}

#[tokio::test]
async fn callers_by_certificate_are_enough() {
    let pki = Pki::new();
    let bank = Bank::with(Quirk::AcceptsAnyCaller);
    let server = Server::start_with(bank, Some(pki.acceptor("localhost", true))).await;
    let mut endpoint = pki.endpoint(&server);
    endpoint.token_file = None;
    endpoint.client_certificate = Some(pki.path("izin.crt"));
    endpoint.client_private_key = Some(pki.path("izin.key"));
    let report = check(endpoint).await;
    assert_not_met(&report, &[]);
    assert_eq!(
        report.entry("CB-02").unwrap().verdict,
        Verdict::Met,
        "{report}"
    );
}

#[tokio::test]
async fn a_token_that_is_not_looked_at_beside_a_certificate_is_a_warning() {
    let pki = Pki::new();
    let bank = Bank::with(Quirk::AcceptsAnyCaller);
    let server = Server::start_with(bank, Some(pki.acceptor("localhost", true))).await;
    let mut endpoint = pki.endpoint(&server);
    endpoint.client_certificate = Some(pki.path("izin.crt"));
    endpoint.client_private_key = Some(pki.path("izin.key"));
    let report = check(endpoint).await;
    assert_not_met(&report, &[]);
    assert_eq!(
        report.entry("CB-02").unwrap().verdict,
        Verdict::Warning,
        "{report}"
    );
}

#[tokio::test]
async fn cb_01_a_certificate_of_another_name() {
    let pki = Pki::new();
    let server = Server::start_with(
        Bank::right(),
        Some(pki.acceptor("elsewhere.example", false)),
    )
    .await;
    let report = check(pki.endpoint(&server)).await;
    assert_not_met(&report, &["CB-01"]);
}

#[tokio::test]
async fn cb_01_a_certificate_of_nobody_s() {
    let pki = Pki::new();
    let server = Server::start_with(Bank::right(), Some(pki.acceptor("localhost", false))).await;
    let mut endpoint = pki.endpoint(&server);
    let other = Pki::new();
    endpoint.server_ca = Some(other.path("ca.crt"));
    assert_not_met(&check(endpoint).await, &["CB-01"]);
}

/// The first bytes of a `ServerHello` of TLS 1.1.
const OLD_HELLO: [u8; 11] = [22, 3, 2, 0, 80, 2, 0, 0, 76, 3, 2];

/// Passes on to the bank, except that it accepts whoever offers TLS 1.1 at most.
async fn old_fashioned(mut stream: TcpStream, bank: u16) {
    let mut head = [0; 11];
    while stream
        .peek(&mut head)
        .await
        .is_ok_and(|read| read < head.len())
    {
        tokio::task::yield_now().await;
    }
    // A newer client says 1.2 here and the rest in an extension.
    if head[9..] == [3, 2] {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(&OLD_HELLO).await;
    } else {
        let mut bank = TcpStream::connect(("127.0.0.1", bank)).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut bank).await;
    }
}

#[tokio::test]
async fn cb_01_a_server_that_speaks_tls_1_1() {
    let pki = Pki::new();
    let server = Server::start_with(Bank::right(), Some(pki.acceptor("localhost", false))).await;
    let mut endpoint = pki.endpoint(&server);
    let bank = endpoint.url.port().unwrap();
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    endpoint
        .url
        .set_port(Some(front.local_addr().unwrap().port()))
        .unwrap();
    let front = tokio::spawn(async move {
        while let Ok((stream, _)) = front.accept().await {
            tokio::spawn(old_fashioned(stream, bank));
        }
    });
    let report = check(endpoint).await;
    front.abort();
    assert_not_met(&report, &["CB-01"]);
    assert!(
        report.entry("CB-01").unwrap().details[0]
            .problem
            .contains("TLS 1.1")
    );
}
