//! Who may connect and how: certificates that are not a client's or not PayNet's, and TLS that is out of date.

use std::time::Duration;

use openssl::{
    pkey::PKey,
    ssl::{SslConnector, SslMethod, SslVersion},
    x509::X509,
};
use url::Url;

use super::{
    Bench, Check,
    finding::{Finding, Outcome, Seen},
    refusal::{CLIENT, Refusal},
    transport::{health, no_connection},
};
use crate::{
    pki::{Leaf, Usage},
    wire::{HTTP1, Received, connect},
};

const MUTUAL_TLS: &str = "v1.2.2, Mutual TLS; RFC 8705";
const VERSIONS: &str = "FAPI 2.0 §5.2.2; RFC 9325 §3.1 and §4.1";

const EXPIRED: Leaf = Leaf::trusted(
    "attack-expired-client",
    "PayNet simulator",
    Usage::ExpiredClient,
);

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "tls-expired-certificate",
            "a client certificate whose time is over",
            MUTUAL_TLS,
            "no connection",
            |bench| async {
                bench.simulator.pki().issue_in_memory(&EXPIRED)?;
                no_connection(bench, Some(EXPIRED.name)).await
            }
        ),
        attack!(
            "tls-server-certificate",
            "a certificate that is for servers only",
            "RFC 5280 §4.2.1.12; RFC 8705",
            "no connection",
            |bench| no_connection(bench, Some("paynet-server"))
        ),
        attack!(
            "tls-other-client",
            "the client certificate of somebody else from the same authority",
            MUTUAL_TLS,
            CLIENT,
            |bench, must| other_client(bench, must)
        ),
        attack!(
            "tls-old-version",
            "TLS 1.1 and TLS 1.0",
            VERSIONS,
            "no connection",
            |bench| old_version(bench)
        ),
        attack!(
            "tls-weak-cipher",
            "TLS 1.2 with CBC, or without forward secrecy",
            VERSIONS,
            "no connection",
            |bench| weak_cipher(bench)
        ),
        attack!(
            "tls-none",
            "HTTP without TLS at the mutual TLS listener",
            MUTUAL_TLS,
            "the connection is closed without an answer",
            |bench| none(bench)
        ),
    ]
}

async fn other_client(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for name in ["other-client", "dc-client"] {
        let answer = health(bench, Some(name), None).await?;
        seen.add(
            must.check(&answer, None)
                .map_err(|finding| finding.about(name))?,
        );
    }
    Ok(seen)
}

/// What a client offers, in OpenSSL's names.
#[derive(Clone, Copy)]
struct Offer {
    version: SslVersion,
    ciphers: &'static str,
}

/// What every provider has to take.
const GOOD: Offer = Offer {
    version: SslVersion::TLS1_2,
    ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
};

async fn old_version(bench: &Bench<'_>) -> Outcome<Seen> {
    let old = |version| Offer {
        version,
        ciphers: "ALL:@SECLEVEL=0",
    };
    refused(bench, [old(SslVersion::TLS1_1), old(SslVersion::TLS1)]).await
}

async fn weak_cipher(bench: &Bench<'_>) -> Outcome<Seen> {
    let weak = |ciphers| Offer { ciphers, ..GOOD };
    refused(
        bench,
        [
            weak("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES128-SHA"),
            weak("AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA"),
            weak("AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0"),
        ],
    )
    .await
}

/// The same client is let in with a good offer, so that the offer is the only reason.
async fn refused<const N: usize>(bench: &Bench<'_>, offers: [Offer; N]) -> Outcome<Seen> {
    handshake(bench, GOOD)
        .await?
        .map_err(|why| Finding::Wrong(format!("a good offer was refused: {why}")))?;
    for offer in offers {
        let Offer { version, ciphers } = offer;
        let taken = handshake(bench, offer).await?.is_ok();
        ensure!(!taken, "the connection was taken: {version:?} {ciphers}");
    }
    Ok(Seen::new("no connection"))
}

/// By OpenSSL, because rustls has nothing old in it. The inner error is the other side's refusal.
async fn handshake(bench: &Bench<'_>, offer: Offer) -> Outcome<Result<(), String>> {
    let pki = bench.simulator.pki();
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(offer.version))?;
    builder.set_max_proto_version(Some(offer.version))?;
    builder.set_cipher_list(offer.ciphers)?;
    builder
        .cert_store_mut()
        .add_cert(X509::from_pem(&pki.certificate("ca")?)?)?;
    builder.set_certificate(&*X509::from_pem(&pki.certificate("paynet-client")?)?)?;
    builder.set_private_key(&*PKey::private_key_from_pem(&pki.key("paynet-client")?)?)?;
    let connector = builder.build();
    let url = Url::parse(&bench.webhooks_url)?;
    bench.simulator.traffic().sent();
    let tcp = connect(&url).await?.into_std()?;
    tcp.set_nonblocking(false)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let outcome = tokio::task::spawn_blocking(move || {
        let shaken = connector.connect(&host, tcp);
        shaken.map(drop).map_err(|error| error.to_string())
    });
    Ok(outcome.await?)
}

const PATIENCE: Duration = Duration::from_secs(10);

async fn none(bench: &Bench<'_>) -> Outcome<Seen> {
    let plain = bench.webhooks_url.replacen("https://", "http://", 1);
    let mut wire = bench.simulator.wire(&plain, None, HTTP1).await?;
    wire.send("GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await?;
    let Received { bytes, closed } = wire.receive(PATIENCE).await;
    ensure!(
        closed && !bytes.starts_with(b"HTTP/"),
        "closed: {closed}, answer: {}",
        String::from_utf8_lossy(&bytes)
    );
    Ok(Seen::new("the connection was closed"))
}
