//! TLS clients and tokens from the files that the operator named.

use std::{fmt::Display, fs, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, IpAddr, PrivateKeyDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::SecretString;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Host;

use super::{Failure, connect_failure};
use crate::{
    call::Identity,
    target::{Endpoint, SetupError},
};

pub(super) type Secured = TlsStream<TcpStream>;

/// The client with the certificate, and the one without.
pub(super) struct TlsClients {
    name: ServerName<'static>,
    own: TlsConnector,
    nobody: TlsConnector,
}

impl TlsClients {
    pub(super) fn new(endpoint: &Endpoint, host: &Host<String>) -> Result<Self, SetupError> {
        let name = match host {
            Host::Domain(name) => {
                ServerName::try_from(name.clone()).map_err(|_| SetupError::Url {
                    url: name.clone(),
                    problem: "is not a name that a certificate can have",
                })?
            }
            Host::Ipv4(address) => ServerName::IpAddress(IpAddr::V4((*address).into())),
            Host::Ipv6(address) => ServerName::IpAddress(IpAddr::V6((*address).into())),
        };
        Ok(Self {
            name,
            own: client(endpoint, true)?,
            nobody: client(endpoint, false)?,
        })
    }

    pub(super) async fn connect(
        &self,
        identity: Identity,
        stream: TcpStream,
    ) -> Result<Secured, Failure> {
        let connector = match identity {
            Identity::Nobody => &self.nobody,
            Identity::Own | Identity::WrongToken => &self.own,
        };
        let secured = connector.connect(self.name.clone(), stream).await;
        secured.map_err(|error| connect_failure(&error))
    }
}

/// The bearer token, if there is a file with one.
pub(super) fn token(endpoint: &Endpoint) -> Result<Option<SecretString>, SetupError> {
    let Some(path) = &endpoint.token_file else {
        return Ok(None);
    };
    let text = fs::read_to_string(path).map_err(|problem| unusable(path, problem))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unusable(
            path,
            "no bearer token: visible ASCII without spaces",
        ));
    }
    Ok(Some(SecretString::from(token)))
}

fn client(endpoint: &Endpoint, with_certificate: bool) -> Result<TlsConnector, SetupError> {
    let provider = match CryptoProvider::get_default() {
        Some(installed) => installed.clone(),
        None => Arc::new(aws_lc_rs::default_provider()),
    };
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match &endpoint.server_ca {
        None => builder.with_platform_verifier()?,
        Some(path) => builder.with_root_certificates(authorities(path)?),
    };
    let mut config = match (&endpoint.client_certificate, &endpoint.client_private_key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(_), Some(_)) if !with_certificate => builder.with_no_client_auth(),
        (Some(chain), Some(key)) => {
            let private_key =
                PrivateKeyDer::from_pem_file(key).map_err(|problem| unusable(key, problem))?;
            builder.with_client_auth_cert(certificates(chain)?, private_key)?
        }
        _ => return Err(SetupError::HalfCertificate),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn authorities(path: &Path) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        roots
            .add(authority)
            .map_err(|problem| unusable(path, problem))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|problem| unusable(path, problem))?;
    if certificates.is_empty() {
        return Err(unusable(path, "no certificate in this file"));
    }
    Ok(certificates)
}

fn unusable(path: &Path, problem: impl Display) -> SetupError {
    SetupError::File {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}
