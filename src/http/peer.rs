//! Who is at the other end of a connection.

use std::net::SocketAddr;

use izin_jose::KeyId;

/// Put into every request's extensions by the accept loop.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: SocketAddr,
    /// The client certificate, verified against the listener's authority. `None` without mutual TLS.
    pub certificate: Option<PeerCertificate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    /// x5t#S256, by which allow-lists name a certificate.
    pub thumbprint: KeyId,
}

impl PeerCertificate {
    pub fn from_der(der: &[u8]) -> Self {
        Self {
            thumbprint: KeyId::of_certificate(der),
        }
    }
}
