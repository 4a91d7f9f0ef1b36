//! What must hold for any bytes whatever that the right party has signed. Shared by cargo-fuzz and by the tests, which run the
//! corpus and changes of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Utc};
use izin::lab::{CallClaims, Config, DcId, DpId, Expected, kept, read_event, register};
use serde_json::{Map, Value};

pub const OURS: &str = "bank-contoh";
const CONSUMER: &str = "kira-budget";
const PATH: &str = "/v1/accounts/550e8400-e29b-41d4-a716-446655440010/transactions";
/// The present of every check, in seconds since 1970.
pub const NOW: i64 = 1_800_000_000;

/// Which claims are checked against what.
struct Situation {
    config: Config,
    query: &'static [(&'static str, &'static str)],
    checks_query: bool,
    checks_url: bool,
    checks_replay: bool,
}

static SITUATIONS: LazyLock<Vec<Situation>> = LazyLock::new(|| {
    const PAGE: &[(&str, &str)] = &[("consent_id", "c-1"), ("page_size", "50")];
    [
        ("", &[][..]),
        ("", PAGE),
        ("danger_skip_qpm = true", PAGE),
        ("danger_skip_url = true", PAGE),
        ("danger_skip_replay = true", PAGE),
    ]
    .into_iter()
    .map(|(setting, query)| {
        let text = format!("[ofp.profile]\n{setting}");
        let is_checked = |name: &str| !setting.contains(name);
        Situation {
            config: Config::from_layers(&[&text]).expect("configuration"),
            query,
            checks_query: is_checked("qpm"),
            checks_url: is_checked("url"),
            checks_replay: is_checked("replay"),
        }
    })
    .collect()
});

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).expect("time")
}

/// Claims that pass keep every rule of the wire profile, as it is written there (docs/decisions/0001-wire-profile.md), and are
/// remembered for as long as they could pass again. Answers in how many situations they pass.
pub fn claims(data: &[u8]) -> usize {
    let passes = |situation: &&Situation| {
        let Some((jti, until)) = checked(data, situation, now()) else {
            return false;
        };
        let read: Value = match serde_json::from_slice(data) {
            Ok(read) => read,
            // A claim that nobody asks for may be a number that none of ours can hold.
            Err(error) => {
                assert!(error.to_string().contains("number out of range"), "{error}");
                return true;
            }
        };
        let claims = read.as_object().expect("an object");
        assert_eq!(broken_rule(claims, situation), None, "{read}");
        if situation.checks_replay {
            assert_eq!(jti.as_deref(), claims["jti"].as_str());
            let until = until.expect("an end");
            for later in [0, 1, 3600] {
                let then = until + TimeDelta::seconds(later);
                assert_eq!(checked(data, situation, then), None, "forgotten too early");
            }
        }
        true
    };
    SITUATIONS.iter().filter(passes).count()
}

/// What the service says: which id must not come again, and until when.
type Passed = (Option<String>, Option<DateTime<Utc>>);

fn checked(data: &[u8], situation: &Situation, now: DateTime<Utc>) -> Option<Passed> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let query: BTreeMap<_, _> = situation.query.iter().map(owned).collect();
    let expected = Expected {
        profile: &situation.config.ofp.profile,
        issuer: &DcId::parse(CONSUMER).expect("id"),
        audience: &DpId::parse(OURS).expect("id"),
        path: PATH,
        query: &query,
        now,
    };
    let once = CallClaims::parse(data).ok()?.check(&expected).ok()?;
    Some(once.map(|once| (once.jti, once.until)).unzip())
}

/// The first rule that these claims break, without the service's own types.
fn broken_rule(claims: &Map<String, Value>, situation: &Situation) -> Option<&'static str> {
    const PRESENT: f64 = 1_800_000_000.0;
    let claim = |name: &str| claims.get(name).unwrap_or(&Value::Null);
    let is_ours = |audience: &Value| audience == OURS;
    let time = |name: &str| claim(name).as_f64();
    let (Some(iat), Some(exp)) = (time("iat"), time("exp")) else {
        return Some("iat and exp are numbers");
    };
    let jti = claim("jti").as_str().unwrap_or_default();
    let url = claim("url").as_str().unwrap_or_default();
    let resource = url.split(['?', '#']).next().unwrap_or_default();
    let rules = [
        ("iss is the consumer", claim("iss") == CONSUMER),
        (
            "aud names us",
            is_ours(claim("aud"))
                || claim("aud")
                    .as_array()
                    .is_some_and(|all| all.iter().any(is_ours) && all.iter().all(Value::is_string)),
        ),
        ("iat is about now", (iat - PRESENT).abs() <= 300.0),
        ("exp is to come", exp > PRESENT - 10.0),
        ("a life of ten minutes", exp - iat <= 600.0),
        (
            "nbf is past",
            claim("nbf").is_null() || time("nbf").is_some_and(|nbf| nbf <= PRESENT + 10.0),
        ),
        (
            "qpm is the query",
            !situation.checks_query || signed_query(claim("qpm")) == Some(sent_query(situation)),
        ),
        (
            "url is the resource",
            !situation.checks_url || resource.ends_with(PATH),
        ),
        (
            "jti is an id",
            !situation.checks_replay
                || ((1..=256).contains(&jti.len())
                    && jti.bytes().all(|byte| (b'!'..=b'~').contains(&byte))),
        ),
    ];
    rules
        .into_iter()
        .find(|(_, kept)| !kept)
        .map(|(rule, _)| rule)
}

/// Without what PayNet adds; `None` if it cannot be a query.
fn signed_query(qpm: &Value) -> Option<Vec<(String, String)>> {
    let empty = Map::new();
    let all = match qpm {
        Value::Null => &empty,
        other => other.as_object()?,
    };
    let mut pairs = Vec::new();
    for (name, value) in all.iter().filter(|(name, _)| *name != "consent_id") {
        pairs.push((name.clone(), value.as_str()?.to_owned()));
    }
    pairs.sort();
    Some(pairs)
}

fn sent_query(situation: &Situation) -> Vec<(String, String)> {
    let sent = situation
        .query
        .iter()
        .filter(|(name, _)| *name != "consent_id");
    let mut pairs: Vec<_> = sent
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    pairs.sort();
    pairs
}

/// An event that is taken says what it must in the document's words, is for us, is the same when it is written again, and leaves a
/// consent that is the same when it comes back from the database. Answers whether it is taken.
pub fn event(data: &[u8]) -> bool {
    let ours = DpId::parse(OURS).expect("id");
    let Ok((again, consent)) = read_event(data, &ours) else {
        return false;
    };
    let read: Value = serde_json::from_slice(data).expect("JSON");
    assert!(known_event_type(&read["event_type"]), "{read}");
    let told = read["data"].as_object().expect("an object");
    let text = |name: &str| told[name].as_str().expect("a text");
    assert_eq!(text("dp_id"), OURS);
    assert_eq!(text("consent_id"), consent.id.as_str());
    assert_eq!(text("dc_id"), consent.dc_id.as_str());
    assert_eq!(text("consent_type"), consent.urn);
    assert_eq!(text("consent_purpose"), consent.purpose.as_str());
    assert!(text("status").eq_ignore_ascii_case(consent.status.as_str()));
    let permissions: Vec<_> = consent.permissions.iter().map(|one| one.as_str()).collect();
    assert_eq!(told["permissions"], Value::from(permissions.clone()));
    assert!(!permissions.is_empty());
    assert_eq!(
        moment(&told["expiration_datetime"]),
        Some(consent.expires_at)
    );
    assert_eq!(moment(&told["created_at"]), Some(consent.created_at));
    let updated_at = told.get("updated_at").unwrap_or(&Value::Null);
    assert_eq!(moment(updated_at), consent.updated_at);

    let same = read_event(again.as_bytes(), &ours);
    assert_eq!(same, Ok((again, consent.clone())));
    let stored = register(consent, TimeDelta::minutes(5), now()).consent;
    assert_eq!(kept(&stored).ok().as_ref(), Some(&stored));
    true
}

fn known_event_type(word: &Value) -> bool {
    let known = [
        "CONSENT_EVENT_TYPE_UNSPECIFIED",
        "CONSENT_CREATED",
        "CONSENT_UPDATED",
        "CONSENT_STATUS_UPDATED",
    ];
    match word {
        Value::Null => true,
        Value::String(word) => known.iter().any(|one| one.eq_ignore_ascii_case(word)),
        _ => false,
    }
}

/// To the microsecond, and of a year that every part of the service can write.
fn moment(value: &Value) -> Option<DateTime<Utc>> {
    let at: DateTime<FixedOffset> = value.as_str()?.parse().expect("a time");
    assert!((1970..=9999).contains(&at.to_utc().year()), "{at}");
    DateTime::from_timestamp_micros(at.timestamp_micros())
}
