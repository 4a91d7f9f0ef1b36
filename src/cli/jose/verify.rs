//! `izin jose verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use izin_jose::{
    Algorithm, JwkSet, JwsError, KeyUse, UnverifiedJws, VerificationPolicy, VerifiedJws, base64url,
};

use super::input::{Input, Message, read};
use super::keys::PublicKeys;
use super::output::{Outcome, Report};

/// Verify compact JWSs, attached or detached
///
/// Prints `ok` or `refused: REASON`. The key is looked up by the header's kid, and must be one for the header's algorithm.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Verify {
    #[command(flatten)]
    keys: PublicKeys,
    /// An algorithm to accept: PS256, ES256, ES384, ES512; may be given several times
    #[arg(long = "alg", value_name = "ALG", default_value = "PS256")]
    algorithms: Vec<Algorithm>,
    /// A name that crit may list, because you process that header member; may be given several times
    #[arg(long = "crit", value_name = "NAME")]
    known_critical: Vec<String>,
    /// Detached: the file that is signed, for every token of a batch the same
    #[arg(long, value_name = "FILE")]
    payload: Option<PathBuf>,
    /// Detached, in a batch: each line is TOKEN PAYLOAD, the payload in base64url
    #[arg(long, requires = "batch", conflicts_with = "payload")]
    detached: bool,
    /// Print the payload once it is verified; in a batch `ok` and the payload in base64url
    #[arg(long)]
    print_payload: bool,
    #[command(flatten)]
    input: Input,
}

const EXAMPLES: &str = "Examples:
  izin jose verify --jwks paynet.json --alg PS256 --batch < tokens
  izin jose verify --certificate signing.pem --print-payload token
  izin jose verify --jwks paynet.json --crit b64 --payload body signature

Exit codes: 0 everything was accepted, 1 something was refused, 2 wrong usage or a file that cannot be used.";

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let [jwks, certificate] = self.keys.places();
        let payload = ("--payload", self.payload.as_deref());
        self.input.shares_nothing(&[jwks, certificate, payload])?;
        let keys = self.keys.load(KeyUse::Signature)?;
        let payload = self.payload.as_deref();
        let payload = payload.map(|path| read(path, UnverifiedJws::MAX_BYTES));
        let payload = payload.transpose()?;
        let mut messages = self.input.messages()?;
        let mut report = Report::new(self.input.batch);
        while let Some(message) = messages.next()? {
            let verified = self.verify(&keys, &message, payload.as_deref());
            if self.print_payload {
                report.bytes(verified.map(VerifiedJws::into_payload))?;
            } else {
                report.verdict(verified.map(drop))?;
            }
        }
        Ok(report.code())
    }

    fn verify(
        &self,
        keys: &JwkSet,
        message: &Message,
        payload: Option<&[u8]>,
    ) -> Outcome<VerifiedJws> {
        const MALFORMED: JwsError = JwsError::Malformed("not text");
        let Message::Bytes(bytes) = message else {
            return Err(JwsError::TooLarge.reason());
        };
        let line = std::str::from_utf8(bytes).map_err(|_| MALFORMED.reason())?;
        if !self.detached {
            return self.verify_one(keys, line, payload);
        }
        let (token, payload) = line.split_once(' ').ok_or(MALFORMED.reason())?;
        let payload = base64url::decode(payload).map_err(|_| MALFORMED.reason())?;
        self.verify_one(keys, token, Some(&payload))
    }

    /// The order of the service: the key of that name, for that algorithm, then the bytes.
    fn verify_one(
        &self,
        keys: &JwkSet,
        token: &str,
        payload: Option<&[u8]>,
    ) -> Outcome<VerifiedJws> {
        let known_critical: Vec<&str> = self.known_critical.iter().map(String::as_str).collect();
        let policy = VerificationPolicy {
            algorithms: &self.algorithms,
            known_critical: &known_critical,
            max_bytes: 2 * UnverifiedJws::MAX_BYTES,
        };
        let jws = UnverifiedJws::parse(token).map_err(|error| error.reason())?;
        let header = jws.header();
        let algorithm = header.alg.parse().ok();
        let algorithm = algorithm.filter(|algorithm| self.algorithms.contains(algorithm));
        let algorithm =
            algorithm.ok_or_else(|| JwsError::AlgorithmNotAllowed(header.alg.clone()).reason())?;
        let kid = header.kid.as_ref().ok_or(JwsError::KeyIdMissing.reason())?;
        let key = keys
            .verifying_key(kid, algorithm)
            .map_err(|error| error.reason())?;
        match payload {
            None => jws.verify(key, &policy),
            Some(payload) => jws.verify_detached(payload, key, &policy),
        }
        .map_err(|error| error.reason())
    }
}
