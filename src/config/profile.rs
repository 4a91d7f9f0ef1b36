//! The wire profile: PayNet's open questions as data (docs/decisions/0001-wire-profile.md). Each field is described in
//! `config/default.toml`.

mod changes;
mod check;

use izin_jose::Algorithm;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::consent::ReasonCode;
pub use changes::ProfileChange;

/// `[ofp.profile]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct WireProfile {
    pub signature_headers: Vec<SignatureHeader>,
    pub x_signature_party: SigningParty,
    pub x_fapi_signature_party: SigningParty,
    pub signature_algorithms: Vec<SignatureAlgorithm>,
    /// Seconds.
    pub issued_at_window: i64,
    /// Seconds.
    pub clock_skew: i64,
    /// Seconds.
    pub token_lifetime: i64,
    pub danger_skip_qpm: bool,
    pub danger_skip_url: bool,
    pub danger_skip_replay: bool,
    pub paynet_jwks_path: String,
    pub consumer_jwks_path: String,
    pub jwks_mirror: bool,
    pub authorize_listeners: Vec<AuthorizeListener>,
    pub update_method: UpdateMethod,
    pub timeout_update: TimeoutUpdate,
    pub declined_reason: ReasonCode,
    pub no_account_reason: ReasonCode,
    pub response_body: ResponseBody,
    pub response_payload: ResponsePayload,
    pub envelope_status: String,
    pub envelope_error_message: String,
    pub balance_amount: BalanceAmount,
    pub redirect_consent_id: String,
    pub redirect_error: String,
    pub redirect_error_description: String,
}

/// Where a request carries a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SignatureHeader {
    #[serde(rename = "x-fapi-signature")]
    XFapiSignature,
    #[serde(rename = "x-signature")]
    XSignature,
}

impl SignatureHeader {
    pub const fn name(self) -> &'static str {
        match self {
            Self::XFapiSignature => "x-fapi-signature",
            Self::XSignature => "x-signature",
        }
    }
}

/// Whose signature a header of an account call may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SigningParty {
    Consumer,
    /// The consumer's if its set has the key, else PayNet's for the hop.
    Either,
    Paynet,
}

/// The algorithms that PayNet's material names. A list of its own, so that no other can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SignatureAlgorithm {
    Es384,
    Es512,
    Ps256,
}

impl From<SignatureAlgorithm> for Algorithm {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::Es384 => Self::Es384,
            SignatureAlgorithm::Es512 => Self::Es512,
            SignatureAlgorithm::Ps256 => Self::Ps256,
        }
    }
}

/// A listener that answers `GET /v1/oauth/authorize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizeListener {
    Public,
    Webhooks,
}

/// The method of Update Consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum UpdateMethod {
    Patch,
    Post,
}

/// What PayNet is told when nobody decided in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimeoutUpdate {
    None,
    Rejected,
}

/// What a sealed answer looks like from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ResponseBody {
    /// `{status, error_message, data}`; `data` is the JWS.
    #[serde(rename = "application/json")]
    Envelope,
    /// The JWS alone.
    #[serde(rename = "application/jose")]
    Jose,
    /// The JWS alone.
    #[serde(rename = "application/jwt")]
    Jwt,
}

impl ResponseBody {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Envelope => "application/json",
            Self::Jose => "application/jose",
            Self::Jwt => "application/jwt",
        }
    }
}

/// What our JWS of a sealed answer signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponsePayload {
    /// `{iss, aud, iat, nbf, exp, jti, data}`; `data` is the JWE.
    Claims,
    /// The JWE itself.
    Jwe,
}

/// The amounts of a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BalanceAmount {
    /// `{credit_debit_indicator, amount, currency}`
    Flat,
    /// `{credit_debit_indicator, amount: {amount, currency}}`
    Nested,
}

impl WireProfile {
    /// Whether `party` may sign account calls in some header that is read.
    fn account_calls_may_carry(&self, party: SigningParty) -> bool {
        self.signature_headers.iter().any(|header| {
            let allowed = self.party_of(*header);
            allowed == party || allowed == SigningParty::Either
        })
    }

    /// Whose signature this header of an account call may carry.
    pub fn party_of(&self, header: SignatureHeader) -> SigningParty {
        match header {
            SignatureHeader::XFapiSignature => self.x_fapi_signature_party,
            SignatureHeader::XSignature => self.x_signature_party,
        }
    }

    /// The settings in force that weaken a check.
    pub fn dangers(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("danger_skip_qpm", self.danger_skip_qpm),
            ("danger_skip_url", self.danger_skip_url),
            ("danger_skip_replay", self.danger_skip_replay),
        ];
        all.into_iter()
            .filter_map(|(name, in_force)| in_force.then_some(name))
    }
}
