//! TLS towards a server whose certificate is known beforehand, whoever issued it: ourselves, looked at from outside.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::tls::{TlsProblem, VERSIONS, bcp195_provider};

/// Lets exactly one certificate pass, and remembers what was presented and whether its key was there. Validity, names and issuer are
/// not looked at: those are judged where the certificate is read.
#[derive(Debug)]
pub struct Pinned {
    expected: CertificateDer<'static>,
    last: Mutex<Option<Presented>>,
    provider: Arc<CryptoProvider>,
}

/// The server's own certificate of the last handshake.
#[derive(Debug, Clone)]
pub struct Presented {
    pub certificate: CertificateDer<'static>,
    /// The server signed with the certificate's key. Without that it is anybody who has seen the certificate.
    pub is_proved: bool,
}

impl Pinned {
    pub fn new(expected: CertificateDer<'static>) -> Arc<Self> {
        Arc::new(Self {
            expected,
            last: Mutex::default(),
            provider: bcp195_provider(),
        })
    }

    pub fn presented(&self) -> Option<Presented> {
        self.last().clone()
    }

    fn last(&self) -> MutexGuard<'_, Option<Presented>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn proved(
        &self,
        verified: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let (Ok(_), Some(presented)) = (&verified, &mut *self.last()) {
            presented.is_proved = true;
        }
        verified
    }

    /// TLS with this server only. Presents `key`, if the server asks for one.
    pub fn client_config(
        self: &Arc<Self>,
        key: Option<Arc<CertifiedKey>>,
    ) -> Result<ClientConfig, TlsProblem> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&VERSIONS)?
            .dangerous()
            .with_custom_certificate_verifier(self.clone());
        let mut config = match key {
            Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.last() = Some(Presented {
            certificate: presented.clone().into_owned(),
            is_proved: false,
        });
        if *presented == self.expected {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.proved(verify_tls12_signature(
            message,
            certificate,
            signature,
            algorithms,
        ))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.proved(verify_tls13_signature(
            message,
            certificate,
            signature,
            algorithms,
        ))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
