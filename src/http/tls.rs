//! TLS as BCP 195 and FAPI want it, on both sides: 1.2 and 1.3, forward secrecy and authenticated encryption only.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use rustls_platform_verifier::Verifier as SystemVerifier;

/// For both sides.
pub(super) const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];

#[derive(Debug, thiserror::Error)]
pub enum TlsProblem {
    #[error("an authority's certificate cannot be used: {0}")]
    Authority(rustls::Error),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("authorities: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The suites and groups of BCP 195; rustls has no weaker ones to begin with except CBC, left out here.
pub(super) fn bcp195_provider() -> Arc<CryptoProvider> {
    use aws_lc_rs::{cipher_suite as suite, kx_group as group};
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            suite::TLS13_AES_256_GCM_SHA384,
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![group::X25519, group::SECP256R1, group::SECP384R1],
        ..aws_lc_rs::default_provider()
    })
}

/// Makes it the process's choice, for clients that do not name one. A second call changes nothing.
pub fn install_crypto_provider() {
    // Somebody was faster: the same provider, so all is well.
    let _ = CryptoProvider::install_default((*bcp195_provider()).clone());
}

/// With `client_authorities`, a client certificate from one of them is required.
pub fn server_config(
    key: Arc<CertifiedKey>,
    client_authorities: Option<Vec<CertificateDer<'static>>>,
) -> Result<ServerConfig, TlsProblem> {
    let provider = bcp195_provider();
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&VERSIONS)?;
    let builder = match client_authorities {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let roots = roots(authorities)?.into();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Trusts servers of `authorities` only, or of the system's if there are none, and presents `key`.
pub fn client_config(
    authorities: Option<Vec<CertificateDer<'static>>>,
    key: Option<Arc<CertifiedKey>>,
) -> Result<ClientConfig, TlsProblem> {
    let provider = bcp195_provider();
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_protocol_versions(&VERSIONS)?;
    let builder = if let Some(authorities) = authorities {
        let roots = roots(authorities)?.into();
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider);
        builder.with_webpki_verifier(verifier.build()?)
    } else {
        let verifier = Arc::new(SystemVerifier::new(provider)?);
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    };
    let mut config = match key {
        Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(authorities: Vec<CertificateDer<'static>>) -> Result<RootCertStore, TlsProblem> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).map_err(TlsProblem::Authority)?;
    }
    Ok(roots)
}
