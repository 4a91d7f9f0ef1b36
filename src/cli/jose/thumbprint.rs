//! `izin jose thumbprint`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use izin_jose::{Jwk, JwkError, JwkSet, KeyId, KeyUse};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::input::read;
use super::output::{Outcome, Report};

/// Print the thumbprints of certificates and keys, 43 characters each
///
/// Of a certificate (PEM or DER; every one in the file) it is x5t#S256: what allow-lists and key ids are made of. Of a JWK or
/// of each key of a JWK set it is the thumbprint of RFC 7638, which is another value.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Thumbprint {
    /// Certificates, JWKs or JWK sets; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say after each thumbprint what kind it is and of which file
    #[arg(long)]
    names: bool,
}

const EXAMPLES: &str = "Examples:
  izin jose thumbprint client.pem
  izin jose thumbprint --names *.pem consumer.json";

impl Thumbprint {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        // As a batch: every result is a line of the output, a refusal, too.
        let mut report = Report::new(true);
        for path in &self.files {
            let (kind, thumbprints) = thumbprints(&read(path, JwkSet::MAX_BYTES)?);
            for thumbprint in thumbprints {
                report.text(thumbprint.map(|thumbprint| self.line(&thumbprint, kind, path)))?;
            }
        }
        Ok(report.code())
    }

    fn line(&self, thumbprint: &str, kind: &str, path: &Path) -> String {
        if self.names {
            format!("{thumbprint}  {kind}  {}", path.display())
        } else {
            thumbprint.to_owned()
        }
    }
}

const OF_CERTIFICATE: &str = "x5t#S256";
const OF_KEY: &str = "jwk";

/// The kind is told by the content.
fn thumbprints(bytes: &[u8]) -> (&'static str, Vec<Outcome<String>>) {
    if bytes.trim_ascii_start().starts_with(b"{") {
        return (OF_KEY, of_json(bytes));
    }
    if !bytes.starts_with(b"0") {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(bytes)
            .map(|der| match der {
                Ok(der) => of_certificate(&der),
                Err(_) => Err(JwkError::Certificate.reason()),
            })
            .collect();
        if !certificates.is_empty() {
            return (OF_CERTIFICATE, certificates);
        }
    }
    (OF_CERTIFICATE, vec![of_certificate(bytes)])
}

/// A certificate counts whatever its key, because it may serve for TLS alone.
fn of_certificate(der: &[u8]) -> Outcome<String> {
    match Jwk::from_certificate_der(der, KeyUse::Signature) {
        Err(error @ JwkError::Certificate) => Err(error.reason()),
        _ => Ok(KeyId::of_certificate(der).to_string()),
    }
}

fn of_json(bytes: &[u8]) -> Vec<Outcome<String>> {
    let Ok(set) = JwkSet::parse(bytes) else {
        return vec![Jwk::thumbprint_of(bytes).map_err(|error| error.reason())];
    };
    let usable = set.keys().iter().map(|key| Ok(key.thumbprint()));
    let skipped = set.skipped().iter().map(|key| Err(key.error.reason()));
    usable.chain(skipped).collect()
}
