//! The wire profile: PayNet's open questions as data (docs/decisions/0001-wire-profile.md). Each field is described in
//! `config/default.toml`.

use izin_jose::Algorithm;
use serde::Deserialize;

use super::{Config, Environment};
use crate::consent::ReasonCode;

/// `[ofp.profile]`
#[derive(Debug, Clone, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SigningParty {
    Consumer,
    /// The consumer's if its set has the key, else PayNet's for the hop.
    Either,
    Paynet,
}

/// The algorithms that PayNet's material names. A list of its own, so that no other can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizeListener {
    Public,
    Webhooks,
}

/// The method of Update Consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UpdateMethod {
    Patch,
    Post,
}

/// What PayNet is told when nobody decided in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeoutUpdate {
    None,
    Rejected,
}

/// What a sealed answer looks like from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResponsePayload {
    /// `{iss, aud, iat, nbf, exp, jti, data}`; `data` is the JWE.
    Claims,
    /// The JWE itself.
    Jwe,
}

/// The amounts of a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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

impl Config {
    pub(super) fn wire_profile(&self, problems: &mut Vec<String>) {
        let mut wrong = Vec::new();
        let profile = &self.ofp.profile;
        bad_seconds(profile, &mut wrong);
        bad_lists(profile, &mut wrong);
        bad_texts(profile, &mut wrong);
        if self.environment() == Environment::Production {
            wrong.extend(
                profile
                    .dangers()
                    .map(|name| format!("{name} is refused with environment = \"production\"")),
            );
        }
        problems.extend(
            wrong
                .into_iter()
                .map(|problem| format!("ofp.profile.{problem}")),
        );
    }
}

fn bad_seconds(profile: &WireProfile, wrong: &mut Vec<String>) {
    let seconds = [
        ("issued_at_window", profile.issued_at_window, 1..=3600),
        ("clock_skew", profile.clock_skew, 0..=300),
        ("token_lifetime", profile.token_lifetime, 1..=3600),
    ];
    for (key, value, range) in seconds {
        if !range.contains(&value) {
            let (from, to) = (range.start(), range.end());
            wrong.push(format!("{key} must be between {from} and {to} seconds"));
        }
    }
}

fn bad_lists(profile: &WireProfile, wrong: &mut Vec<String>) {
    let lists = [
        (
            "signature_headers",
            is_plain_list(&profile.signature_headers),
        ),
        (
            "signature_algorithms",
            is_plain_list(&profile.signature_algorithms),
        ),
        (
            "authorize_listeners",
            is_plain_list(&profile.authorize_listeners),
        ),
    ];
    for (key, _) in lists.iter().filter(|(_, plain)| !plain) {
        wrong.push(format!("{key} must name at least one, and each only once"));
    }
    // What binds a call to its consumer, its request and one use are the claims that the consumer signs.
    if !profile.account_calls_may_carry(SigningParty::Consumer) {
        wrong.push(
            "signature_headers, x_signature_party and x_fapi_signature_party leave no header for the Data \
             Consumer's signature of account calls"
                .into(),
        );
    }
}

fn bad_texts(profile: &WireProfile, wrong: &mut Vec<String>) {
    let paths = [
        ("paynet_jwks_path", &profile.paynet_jwks_path),
        ("consumer_jwks_path", &profile.consumer_jwks_path),
    ];
    for (key, path) in paths {
        if !path.starts_with('/') {
            wrong.push(format!("{key} must start with /"));
        }
    }
    if !profile.consumer_jwks_path.contains("{dc_id}") {
        wrong.push("consumer_jwks_path must contain {dc_id}".into());
    }
    let names = [
        &profile.redirect_consent_id,
        &profile.redirect_error,
        &profile.redirect_error_description,
    ];
    if !is_plain_list(&names) || names.iter().any(|name| name.is_empty()) {
        wrong.push(
            "redirect_consent_id, redirect_error and redirect_error_description must be three different names"
                .into(),
        );
    }
}

/// Something is in it, and nothing twice.
fn is_plain_list<T: PartialEq>(list: &[T]) -> bool {
    let repeated = list
        .iter()
        .enumerate()
        .any(|(position, one)| list[..position].contains(one));
    !list.is_empty() && !repeated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(profile: &str) -> Vec<String> {
        let profile = format!("[ofp.profile]\n{profile}");
        let config = Config::from_layers(&[&profile]).unwrap();
        let mut problems = Vec::new();
        config.wire_profile(&mut problems);
        problems
    }

    #[test]
    fn the_default_and_every_alternative_can_be_used() {
        for profile in [
            "",
            "signature_headers = [\"x-fapi-signature\"]",
            "x_signature_party = \"either\"\nx_fapi_signature_party = \"paynet\"",
            "signature_algorithms = [\"PS256\", \"ES384\", \"ES512\"]",
            "update_method = \"POST\"",
            "timeout_update = \"none\"",
            "response_body = \"application/jose\"",
            "response_body = \"application/jwt\"\nresponse_payload = \"jwe\"",
            "balance_amount = \"nested\"",
            "jwks_mirror = false",
            "authorize_listeners = [\"webhooks\"]",
        ] {
            assert_eq!(problems(profile), Vec::<String>::new(), "{profile}");
        }
    }

    #[test]
    fn what_cannot_work_is_told_by_its_key() {
        for (profile, told) in [
            ("signature_headers = []", "signature_headers"),
            (
                "signature_headers = [\"x-signature\", \"x-signature\"]",
                "signature_headers",
            ),
            (
                "x_signature_party = \"paynet\"\nx_fapi_signature_party = \"paynet\"",
                "leave no header",
            ),
            ("signature_algorithms = []", "signature_algorithms"),
            ("authorize_listeners = []", "authorize_listeners"),
            ("issued_at_window = 0", "issued_at_window"),
            ("paynet_jwks_path = \"keys\"", "paynet_jwks_path"),
            ("consumer_jwks_path = \"/keys\"", "{dc_id}"),
            ("redirect_error = \"consent_id\"", "redirect_error"),
        ] {
            let told_of = problems(profile).join("\n");
            assert!(told_of.contains(told), "{profile}: {told_of:?}");
        }
    }

    #[test]
    fn no_other_algorithm_can_be_configured() {
        for name in ["RS256", "HS256", "none", "ES256", "ps256"] {
            let profile = format!("[ofp.profile]\nsignature_algorithms = [\"{name}\"]");
            assert!(Config::from_layers(&[&profile]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_danger_is_refused_in_production() {
        for name in ["danger_skip_qpm", "danger_skip_url", "danger_skip_replay"] {
            for (environment, refused) in [("demo", false), ("uat", false), ("production", true)] {
                let text = format!("environment = \"{environment}\"\n[ofp.profile]\n{name} = true");
                let config = Config::from_layers(&[&text]).unwrap();
                let mut problems = Vec::new();
                config.wire_profile(&mut problems);
                let told = problems.iter().any(|problem| problem.contains(name));
                assert_eq!(told, refused, "{name} in {environment}");
                assert_eq!(config.ofp.profile.dangers().collect::<Vec<_>>(), [name]);
            }
        }
    }
}
