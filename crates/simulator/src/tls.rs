//! TLS on both ends: what our listeners present and demand, and HTTP clients with an arbitrary client certificate.

use std::{sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::WebPkiClientVerifier,
};

use tokio_rustls::TlsConnector;
use url::Url;

use crate::pki::{Pki, PkiError};

/// PayNet waits five seconds for a Data Provider; nobody here waits longer than a test would.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(15);

/// What a listener demands of those who connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientCertificate {
    /// Asked for, and verified if it comes; each operation decides whether it can do without.
    Optional,
    /// No certificate from the trusted authority, no connection.
    Required,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error("server name: {0}")]
    Name(#[from] rustls::pki_types::InvalidDnsNameError),
    #[error("PEM: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("client verifier: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// reqwest takes the process-wide provider; the first to install one wins, and any is fine with us.
pub(crate) fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // A lost race means that somebody else has just installed one.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}

pub(crate) fn server_config(
    pki: &Pki,
    name: &str,
    clients: ClientCertificate,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = Arc::new(authority(pki)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
    let verifier = match clients {
        ClientCertificate::Optional => verifier.allow_unauthenticated().build()?,
        ClientCertificate::Required => verifier.build()?,
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            certificates(&pki.certificate(name)?)?,
            PrivateKeyDer::from_pem_slice(&pki.key(name)?)?,
        )?;
    Ok(Arc::new(config))
}

/// Whether connections are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    Kept,
    /// Each request has one of its own.
    OfOneRequest,
}

/// An HTTP client that trusts the development authority only, presents `identity` if given, and follows no redirect.
pub(crate) fn client(pki: &Pki, identity: Option<&str>) -> Result<reqwest::Client, TlsError> {
    client_with(pki, identity, Connections::Kept)
}

pub(crate) fn client_with(
    pki: &Pki,
    identity: Option<&str>,
    connections: Connections,
) -> Result<reqwest::Client, TlsError> {
    install_crypto_provider();
    let authority = reqwest::Certificate::from_pem(&pki.certificate("ca")?)?;
    let mut builder = reqwest::Client::builder()
        .tls_certs_only([authority])
        .redirect(reqwest::redirect::Policy::none())
        .timeout(CLIENT_TIMEOUT);
    if connections == Connections::OfOneRequest {
        builder = builder.pool_max_idle_per_host(0);
    }
    if let Some(name) = identity {
        let mut pem = pki.certificate(name)?;
        pem.extend(pki.key(name)?);
        builder = builder.identity(reqwest::Identity::from_pem(&pem)?);
    }
    Ok(builder.build()?)
}

/// As [`client`], for connections on which anything is written. `protocol` is what the handshake announces.
pub(crate) fn raw_client(
    pki: &Pki,
    identity: Option<&str>,
    protocol: &[u8],
) -> Result<TlsConnector, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authority(pki)?);
    let mut config = match identity {
        Some(name) => builder.with_client_auth_cert(
            certificates(&pki.certificate(name)?)?,
            PrivateKeyDer::from_pem_slice(&pki.key(name)?)?,
        )?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that the server's certificate must have.
pub(crate) fn server_name(url: &Url) -> Result<ServerName<'static>, TlsError> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_matches(['[', ']']).to_owned();
    Ok(ServerName::try_from(host)?)
}

fn authority(pki: &Pki) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&pki.certificate("ca")?)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    Ok(CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?)
}
