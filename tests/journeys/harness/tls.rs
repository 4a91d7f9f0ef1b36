//! A bare TLS connection, for stories about what happens on one.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::pki;

pub type Tls = TlsStream<TcpStream>;

/// With the client certificate of that name.
pub async fn tls_connection(address: SocketAddr, client: &str) -> Tls {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(pki().certificate_file("ca")).unwrap();
    roots.add(ca).unwrap();
    let certificate = CertificateDer::from_pem_file(pki().certificate_file(client)).unwrap();
    let key = PrivateKeyDer::from_pem_file(pki().key_file(client)).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)
        .unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}
