//! The claims of a signed data call (ADR 0001): for whom, when, about which resource.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::config::WireProfile;
use crate::http::{ApiError, ErrorCode};
use crate::ids::{DcId, DpId};

const MAX_JTI: usize = 256;

/// As they come: times are real numbers, because PayNet's samples have fractions of a second.
#[derive(Debug, Clone, Deserialize)]
pub struct CallClaims {
    iss: Option<String>,
    aud: Option<Audience>,
    iat: Option<f64>,
    nbf: Option<f64>,
    exp: Option<f64>,
    jti: Option<String>,
    qpm: Option<BTreeMap<String, Value>>,
    url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn contains(&self, id: &str) -> bool {
        match self {
            Self::One(audience) => audience == id,
            Self::Many(audiences) => audiences.iter().any(|audience| audience == id),
        }
    }
}

/// What the claims must agree with.
pub struct Expected<'a> {
    pub profile: &'a WireProfile,
    pub issuer: &'a DcId,
    pub audience: &'a DpId,
    pub path: &'a str,
    pub query: &'a BTreeMap<String, String>,
    pub now: DateTime<Utc>,
}

/// A token id that must not come a second time before `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeUse {
    pub jti: String,
    pub until: DateTime<Utc>,
}

impl CallClaims {
    pub fn parse(payload: &[u8]) -> Result<Self, ApiError> {
        // A derived reader would also take a list of the values, and bytes that are no text in members that it does not know.
        let text = std::str::from_utf8(payload).ok();
        let object = text.filter(|text| text.trim_ascii_start().starts_with('{'));
        object
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| invalid("claims.malformed", "the signature's claims cannot be read"))
    }

    /// Every claim of the wire profile's row "account-call claims".
    ///
    /// `None`: whether it comes a second time is not asked (`danger_skip_replay`).
    pub fn check(&self, expected: &Expected<'_>) -> Result<Option<OneTimeUse>, ApiError> {
        if self.iss.as_deref() != Some(expected.issuer.as_str()) {
            return Err(invalid(
                "claims.iss",
                "iss must be the Data Consumer of the consent",
            ));
        }
        if !self
            .aud
            .as_ref()
            .is_some_and(|aud| aud.contains(expected.audience.as_str()))
        {
            return Err(invalid("claims.aud", "aud must contain this Data Provider"));
        }
        let until = self.check_times(expected)?;
        let profile = expected.profile;
        if !profile.danger_skip_qpm {
            self.check_query(expected.query)?;
        }
        if !profile.danger_skip_url {
            self.check_url(expected.path)?;
        }
        if profile.danger_skip_replay {
            return Ok(None);
        }
        match &self.jti {
            Some(jti) if is_token_id(jti) => Ok(Some(OneTimeUse {
                jti: jti.clone(),
                until,
            })),
            _ => Err(invalid(
                "claims.jti",
                "jti must have 1 to 256 visible characters",
            )),
        }
    }

    fn check_times(&self, expected: &Expected<'_>) -> Result<DateTime<Utc>, ApiError> {
        let profile = expected.profile;
        let (Some(iat), Some(exp)) = (self.iat, self.exp) else {
            return Err(invalid("claims.times_missing", "iat and exp are required"));
        };
        let now = seconds(expected.now);
        #[expect(
            clippy::cast_precision_loss,
            reason = "settings are small numbers of seconds"
        )]
        let (skew, life) = (profile.clock_skew as f64, profile.token_lifetime as f64);
        if !exp.is_finite() || !self.nbf.is_none_or(f64::is_finite) {
            return Err(invalid("claims.times", "nbf and exp must be numbers"));
        }
        check_issued_at(iat, expected.now, profile)?;
        if self.nbf.is_some_and(|nbf| nbf > now + skew) {
            return Err(invalid("claims.nbf", "nbf is in the future"));
        }
        if exp <= now - skew {
            return Err(invalid("claims.exp", "the signature has expired"));
        }
        if exp - iat > life {
            return Err(invalid("claims.lifetime", "exp is too long after iat"));
        }
        // Remembered for as long as the token could be accepted again.
        let longest = profile.issued_at_window + profile.token_lifetime + profile.clock_skew;
        Ok(expected.now + TimeDelta::seconds(longest))
    }

    /// The query as the consumer signed it; PayNet adds `consent_id` on the way.
    fn check_query(&self, query: &BTreeMap<String, String>) -> Result<(), ApiError> {
        let empty = BTreeMap::new();
        let signed = self.qpm.as_ref().unwrap_or(&empty);
        let mine = |name: &&String| name.as_str() != "consent_id";
        let same_names = signed.keys().filter(mine).eq(query.keys().filter(mine));
        let same_values = signed
            .iter()
            .filter(|(name, _)| mine(name))
            .all(|(name, value)| query.get(name).map(String::as_str) == value.as_str());
        if same_names && same_values {
            Ok(())
        } else {
            Err(invalid(
                "claims.qpm",
                "qpm is not the query of this request",
            ))
        }
    }

    /// By path only: the host is PayNet's, and its samples malform it.
    fn check_url(&self, path: &str) -> Result<(), ApiError> {
        let signed = self.url.as_deref().unwrap_or_default();
        let signed = signed.split(['?', '#']).next().unwrap_or_default();
        if signed.ends_with(path) {
            Ok(())
        } else {
            Err(invalid(
                "claims.url",
                "url is not the resource of this request",
            ))
        }
    }
}

/// `iat`, of claims or of a protected header, is about now.
pub fn check_issued_at(
    iat: f64,
    now: DateTime<Utc>,
    profile: &WireProfile,
) -> Result<(), ApiError> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "settings are small numbers of seconds"
    )]
    let window = profile.issued_at_window as f64;
    if iat.is_finite() && (iat - seconds(now)).abs() <= window {
        Ok(())
    } else {
        Err(invalid("claims.iat", "iat is too far from the present"))
    }
}

fn is_token_id(jti: &str) -> bool {
    (1..=MAX_JTI).contains(&jti.len()) && jti.bytes().all(|byte| byte.is_ascii_graphic())
}

fn seconds(at: DateTime<Utc>) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit 52 bits"
    )]
    let millis = at.timestamp_millis() as f64;
    millis / 1000.0
}

fn invalid(reason: &'static str, description: &'static str) -> ApiError {
    ApiError::new(ErrorCode::InvalidClaim, description).because(reason)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PATH: &str = "/v1/accounts/a-1/balances";

    fn check(claims: &Value, query: &[(&str, &str)]) -> Result<Option<OneTimeUse>, String> {
        check_with("", claims, query)
    }

    /// `profile` goes over the default.
    fn check_with(
        profile: &str,
        claims: &Value,
        query: &[(&str, &str)],
    ) -> Result<Option<OneTimeUse>, String> {
        let profile = format!("[ofp.profile]\n{profile}");
        let config = crate::config::Config::from_layers(&[&profile]).unwrap();
        let query = query
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let expected = Expected {
            profile: &config.ofp.profile,
            issuer: &DcId::parse("kira").unwrap(),
            audience: &DpId::parse("bank").unwrap(),
            path: PATH,
            query: &query,
            now: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        };
        CallClaims::parse(claims.to_string().as_bytes())
            .and_then(|claims| claims.check(&expected))
            .map_err(|error| error.reason.to_owned())
    }

    fn good() -> Value {
        json!({
            "iss": "kira", "sub": "c-1", "aud": ["bank", "Paynet OFP"], "iat": 1_800_000_000.772,
            "nbf": 1_800_000_000.772, "exp": 1_800_000_300.772, "jti": "j", "qpm": {},
            "url": "http://https://rs.example/v1/accounts/a-1/balances",
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = good();
        claims[name] = value;
        claims
    }

    #[test]
    fn fractional_times_and_malformed_hosts_are_read() {
        assert!(check(&good(), &[("consent_id", "c-1")]).is_ok());
        assert!(check(&with("aud", json!("bank")), &[]).is_ok());
    }

    #[test]
    fn each_claim_is_checked() {
        let now = 1_800_000_000;
        for (name, value, reason) in [
            ("iss", json!("other"), "claims.iss"),
            ("aud", json!(["other"]), "claims.aud"),
            ("iat", json!(now - 301), "claims.iat"),
            ("iat", json!(now + 301), "claims.iat"),
            ("nbf", json!(now + 11), "claims.nbf"),
            ("exp", json!(now - 10), "claims.exp"),
            ("exp", json!(now + 700), "claims.lifetime"),
            ("iat", Value::Null, "claims.times_missing"),
            ("jti", Value::Null, "claims.jti"),
            ("jti", json!(""), "claims.jti"),
            ("jti", json!("a\u{0}b"), "claims.jti"),
            ("qpm", json!({"page_size": "5"}), "claims.qpm"),
            (
                "url",
                json!("https://rs.example/v1/accounts/a-2/balances"),
                "claims.url",
            ),
            ("url", Value::Null, "claims.url"),
            ("iat", json!("soon"), "claims.malformed"),
        ] {
            assert_eq!(check(&with(name, value), &[]), Err(reason.to_owned()));
        }
        assert_eq!(
            check(&good(), &[("page_size", "5")]),
            Err("claims.qpm".to_owned())
        );
    }

    #[test]
    fn a_danger_leaves_out_its_own_check_and_no_other() {
        let wrong = |name, value| with(name, value);
        for (profile, claims) in [
            ("danger_skip_qpm = true", wrong("qpm", json!({"a": "b"}))),
            ("danger_skip_url = true", wrong("url", Value::Null)),
            ("danger_skip_replay = true", wrong("jti", Value::Null)),
        ] {
            assert!(check(&claims, &[]).is_err(), "{profile}");
            assert!(check_with(profile, &claims, &[]).is_ok(), "{profile}");
            let foreign = with("aud", json!("other"));
            assert!(check_with(profile, &foreign, &[]).is_err(), "{profile}");
        }
        let once = check_with("danger_skip_qpm = true", &good(), &[]).unwrap();
        assert!(once.is_some(), "a replay is still noticed");
    }

    #[test]
    fn claims_are_read_in_one_way_only() {
        for text in [
            r#"{"iss":"kira","iss":"kira"}"#,
            r#"{"exp":1,"exp":2}"#,
            r#"{"iat":1e400}"#,
            r#"{"aud":[1]}"#,
            r#"{"jti":7}"#,
            "[]",
            r#"["kira",null,null,null,null,null,null,null]"#,
            "{} {}",
        ] {
            assert!(CallClaims::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
