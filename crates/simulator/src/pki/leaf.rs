//! The certificates there are: whose, from whom, and what for.

use openssl::{
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
};

use super::certificates::elliptic_key;

const RSA_BITS: u32 = 2048;

/// What a certificate is for; decides key type, key usage and extended key usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// TLS client, P-256.
    Client,
    /// JWE recipient, RSA.
    Encryption,
    /// TLS client, P-256, whose time is over.
    ExpiredClient,
    /// TLS server for `localhost`, `127.0.0.1` and `::1`, P-256.
    Server,
    /// JWS, RSA.
    Signing,
    /// JWS, P-384.
    SigningP384,
    /// JWS, P-521.
    SigningP521,
    /// JWS, RSA with half the bits that are allowed.
    WeakSigning,
}

impl Usage {
    pub(super) fn generate_key(self) -> Result<PKey<Private>, ErrorStack> {
        match self {
            Self::Client | Self::ExpiredClient | Self::Server => {
                elliptic_key(Nid::X9_62_PRIME256V1)
            }
            Self::SigningP384 => elliptic_key(Nid::SECP384R1),
            Self::SigningP521 => elliptic_key(Nid::SECP521R1),
            Self::Encryption | Self::Signing => PKey::from_rsa(Rsa::generate(RSA_BITS)?),
            Self::WeakSigning => PKey::from_rsa(Rsa::generate(RSA_BITS / 2)?),
        }
    }
}

/// Who vouches for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// An authority nobody has configured.
    Rogue,
    /// The one both sides trust.
    Trusted,
}

impl Authority {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rogue => "rogue-ca",
            Self::Trusted => "ca",
        }
    }
}

/// A certificate to issue.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    pub name: &'static str,
    pub organization: &'static str,
    pub usage: Usage,
    pub authority: Authority,
}

impl Leaf {
    pub const fn trusted(name: &'static str, organization: &'static str, usage: Usage) -> Self {
        Self {
            name,
            organization,
            usage,
            authority: Authority::Trusted,
        }
    }

    const fn rogue(name: &'static str, organization: &'static str, usage: Usage) -> Self {
        Self {
            name,
            organization,
            usage,
            authority: Authority::Rogue,
        }
    }
}

pub(super) const LEAVES: [Leaf; 16] = [
    Leaf::trusted("dp-server", "Bank Contoh", Usage::Server),
    Leaf::trusted("dp-client", "Bank Contoh", Usage::Client),
    Leaf::trusted("dp-signing", "Bank Contoh", Usage::Signing),
    Leaf::trusted("paynet-server", "PayNet simulator", Usage::Server),
    Leaf::trusted("paynet-client", "PayNet simulator", Usage::Client),
    Leaf::trusted("paynet-signing", "PayNet simulator", Usage::Signing),
    Leaf::trusted("dc-client", "Kira Budget", Usage::Client),
    Leaf::trusted("dc-signing", "Kira Budget", Usage::Signing),
    Leaf::trusted("dc-encryption", "Kira Budget", Usage::Encryption),
    Leaf::trusted("dc2-client", "Pinjam Pantas", Usage::Client),
    Leaf::trusted("dc2-signing", "Pinjam Pantas", Usage::Signing),
    Leaf::trusted("dc2-encryption", "Pinjam Pantas", Usage::Encryption),
    Leaf::trusted("other-client", "Somebody else", Usage::Client),
    // The rogue calls itself PayNet: only the authority gives it away.
    Leaf::rogue("rogue-client", "PayNet simulator", Usage::Client),
    Leaf::rogue("rogue-signing", "PayNet simulator", Usage::Signing),
    Leaf::rogue("rogue-server", "PayNet simulator", Usage::Server),
];
