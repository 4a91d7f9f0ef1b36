//! How a consent's state may change: a pure function from state and command to a new state and its
//! effects, or a named refusal. The caller stores all of it in one transaction.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::evidence::LedgerEntry;
use super::state::{Consent, Permission, Purpose, ReasonCode, Status, StatusReason};
use crate::ids::{AccountId, ConsentId, CustomerId, DcId, DpId};

/// A consent that PayNet told us of and that we have not seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConsent {
    pub id: ConsentId,
    pub dc_id: DcId,
    pub dp_id: DpId,
    pub urn: String,
    pub purpose: Purpose,
    pub permissions: Vec<Permission>,
    pub status: Status,
    pub reason: Option<StatusReason>,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
}

/// PayNet's word on a consent we know.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformReport {
    pub status: Status,
    pub reason: Option<StatusReason>,
    pub updated_at: Option<DateTime<Utc>>,
}

/// Who the customer is, in the form PayNet compares between parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub id_type: String,
    /// Base64 with padding of the SHA-256 of the normalised number: 44 characters.
    pub hashed_id_number: String,
}

impl Identity {
    /// The hash that PayNet compares: without spaces and hyphens, upper case, SHA-256, Base64 with padding
    /// (44 characters; ADR 0001).
    pub fn of(id_type: &str, number: &str) -> Self {
        use base64::Engine as _;
        let normal: String = number
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_uppercase)
            .collect();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, normal.as_bytes());
        let hashed_id_number = base64::engine::general_purpose::STANDARD.encode(digest);
        Self {
            id_type: id_type.to_owned(),
            hashed_id_number,
        }
    }
}

/// How and when the customer signed in; goes into the `id_token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFacts {
    pub acr: String,
    pub amr: Vec<String>,
    pub at: DateTime<Utc>,
}

/// A chosen account as PayNet and the consumer will see it.
#[expect(clippy::struct_field_names, reason = "PayNet's names")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    pub account_id: AccountId,
    pub account_number: String,
    pub account_name: String,
}

/// What must still be told to PayNet. Holds facts, never a token: those are signed at delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "update", rename_all = "snake_case")]
pub enum Intent {
    Authorize {
        customer: CustomerId,
        identity: Identity,
        signed_in: SignInFacts,
        accounts: Vec<AccountSnapshot>,
    },
    Reject {
        reason: StatusReason,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The customer agreed.
    Approve {
        customer: CustomerId,
        identity: Identity,
        signed_in: SignInFacts,
        accounts: Vec<AccountSnapshot>,
        /// Hash of the receipt stored beside the decision.
        receipt_sha256: String,
    },
    /// Nobody decided in time.
    ClockRanOut,
    /// PayNet accepted our Update Consent.
    PlatformAccepted,
    /// PayNet will never accept our Update Consent.
    PlatformRefused { detail: String },
    /// The customer declined, cancelled, or has nothing to share.
    Reject {
        reason: StatusReason,
        receipt_sha256: Option<String>,
    },
    /// PayNet reports the state of the consent.
    Report(PlatformReport),
}

/// A new state with everything that must be stored together with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub consent: Consent,
    pub ledger: LedgerEntry,
    pub intent: Option<Intent>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Changed(Box<Change>),
    /// Nothing to do, and why: a repeated, outdated or meaningless report.
    Unchanged(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionRefusal {
    #[error("the consent was already decided: it is {0}")]
    AlreadyDecided(Status),
    #[error("no account was chosen")]
    NoAccounts,
    #[error("the consent is {0}, so there is nothing to settle")]
    NothingToSettle(Status),
    #[error("the time to decide is over")]
    TooLate,
}

/// Takes in a consent that was not known. `window` is the time the customer has, counted from PayNet's
/// `created_at` (ADR 0001: five minutes).
pub fn register(new: NewConsent, window: TimeDelta, now: DateTime<Utc>) -> Change {
    let consent = Consent {
        id: new.id,
        dc_id: new.dc_id,
        dp_id: new.dp_id,
        urn: new.urn,
        purpose: new.purpose,
        permissions: new.permissions,
        status: new.status,
        reason: new.reason,
        expires_at: new.expires_at,
        decide_by: new.created_at + window,
        customer: None,
        created_at: new.created_at,
        platform_updated_at: new.updated_at,
        changed_at: now,
        version: 0,
    };
    let data = json!({
        "status": consent.status, "dc_id": consent.dc_id, "purpose": consent.purpose,
        "permissions": consent.permissions, "expires_at": consent.expires_at,
    });
    change(consent, "registered", &data, None, now)
}

/// Applies one command. Commands may come twice, late or out of order.
pub fn apply(
    consent: &Consent,
    command: Command,
    now: DateTime<Utc>,
) -> Result<Outcome, TransitionRefusal> {
    match command {
        Command::Approve {
            customer,
            identity,
            signed_in,
            accounts,
            receipt_sha256,
        } => {
            open_for_decision(consent, now)?;
            if accounts.is_empty() {
                return Err(TransitionRefusal::NoAccounts);
            }
            let ids: Vec<_> = accounts.iter().map(|account| &account.account_id).collect();
            let data = json!({
                "customer": customer, "accounts": ids, "acr": signed_in.acr, "amr": signed_in.amr,
                "receipt": receipt_sha256,
            });
            let mut next = consent.clone();
            next.status = Status::Deciding;
            next.customer = Some(customer.clone());
            let intent = Intent::Authorize {
                customer,
                identity,
                signed_in,
                accounts,
            };
            Ok(changed(change(next, "approved", &data, Some(intent), now)))
        }
        Command::Reject {
            reason,
            receipt_sha256,
        } => {
            still_awaiting(consent)?;
            let data = json!({ "reason": reason, "receipt": receipt_sha256 });
            let next = settled(consent, Status::Rejected, Some(reason.clone()));
            Ok(changed(change(
                next,
                "rejected",
                &data,
                Some(Intent::Reject { reason }),
                now,
            )))
        }
        Command::ClockRanOut => {
            still_awaiting(consent)?;
            let reason = StatusReason {
                code: ReasonCode::Timeout,
                description: None,
            };
            let next = settled(consent, Status::Failed, Some(reason.clone()));
            let data = json!({ "decide_by": consent.decide_by });
            Ok(changed(change(
                next,
                "timed_out",
                &data,
                Some(Intent::Reject { reason }),
                now,
            )))
        }
        Command::PlatformAccepted => settle(consent, Status::Authorized, None, "accepted", now),
        Command::PlatformRefused { detail } => {
            let reason = StatusReason {
                code: ReasonCode::ProviderError,
                description: Some(detail),
            };
            settle(consent, Status::Failed, Some(reason), "refused", now)
        }
        Command::Report(report) => Ok(take_report(consent, report, now)),
    }
}

fn still_awaiting(consent: &Consent) -> Result<(), TransitionRefusal> {
    match consent.status {
        Status::AwaitingAuthorization => Ok(()),
        other => Err(TransitionRefusal::AlreadyDecided(other)),
    }
}

fn open_for_decision(consent: &Consent, now: DateTime<Utc>) -> Result<(), TransitionRefusal> {
    still_awaiting(consent)?;
    if now >= consent.decide_by || now >= consent.expires_at {
        return Err(TransitionRefusal::TooLate);
    }
    Ok(())
}

fn settle(
    consent: &Consent,
    status: Status,
    reason: Option<StatusReason>,
    kind: &'static str,
    now: DateTime<Utc>,
) -> Result<Outcome, TransitionRefusal> {
    if consent.status == status {
        return Ok(Outcome::Unchanged("already settled"));
    }
    if consent.status != Status::Deciding {
        return Err(TransitionRefusal::NothingToSettle(consent.status));
    }
    let data = json!({ "reason": reason });
    Ok(changed(change(
        settled(consent, status, reason),
        kind,
        &data,
        None,
        now,
    )))
}

fn take_report(consent: &Consent, report: PlatformReport, now: DateTime<Utc>) -> Outcome {
    let outdated = matches!(
        (report.updated_at, consent.platform_updated_at),
        (Some(new), Some(known)) if new < known
    );
    if outdated {
        return Outcome::Unchanged("older than what is known");
    }
    if report.status == consent.status {
        return Outcome::Unchanged("already in that state");
    }
    if !may_report(consent.status, report.status) {
        return Outcome::Unchanged("not a transition from the present state");
    }
    let data = json!({ "from": consent.status, "to": report.status, "reason": report.reason });
    let mut next = settled(consent, report.status, report.reason);
    next.platform_updated_at = report.updated_at.or(consent.platform_updated_at);
    Outcome::Changed(Box::new(change(next, "reported", &data, None, now)))
}

/// What PayNet may report from which local state. An `authorized` for a consent that nobody approved here
/// is not among them: it would open data that no customer of ours agreed to share.
const fn may_report(from: Status, to: Status) -> bool {
    use Status::{
        Authorized, AwaitingAuthorization, Deciding, Expired, Failed, Rejected, Revoked, Suspended,
    };
    match from {
        AwaitingAuthorization => matches!(to, Failed | Rejected | Revoked | Expired),
        Deciding => matches!(
            to,
            Authorized | Failed | Rejected | Revoked | Expired | Suspended
        ),
        Authorized => matches!(to, Suspended | Expired | Revoked),
        Suspended => matches!(to, Authorized | Expired | Revoked),
        Rejected | Failed | Expired | Revoked => false,
    }
}

fn settled(consent: &Consent, status: Status, reason: Option<StatusReason>) -> Consent {
    Consent {
        status,
        reason,
        ..consent.clone()
    }
}

fn change(
    mut consent: Consent,
    kind: &'static str,
    data: &serde_json::Value,
    intent: Option<Intent>,
    now: DateTime<Utc>,
) -> Change {
    consent.version += 1;
    consent.changed_at = now;
    let ledger = LedgerEntry {
        consent_id: consent.id.clone(),
        seq: consent.version,
        kind,
        data: data.to_string(),
        at: now,
    };
    Change {
        consent,
        ledger,
        intent,
    }
}

fn changed(change: Change) -> Outcome {
    Outcome::Changed(Box::new(change))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Consent {
        let at = DateTime::parse_from_rfc3339("2026-11-20T10:00:00Z")
            .unwrap()
            .to_utc();
        let new = NewConsent {
            id: ConsentId::parse("550e8400-e29b-41d4-a716-446655440001").unwrap(),
            dc_id: DcId::parse("kira-budget").unwrap(),
            dp_id: DpId::parse("bank-contoh").unwrap(),
            urn: "urn:openfinance-ml:account-access-consent:v1.2".into(),
            purpose: Purpose::PersonalFinance,
            permissions: vec![Permission::ReadAccounts, Permission::ReadBalances],
            status: Status::AwaitingAuthorization,
            reason: None,
            expires_at: at + TimeDelta::days(180),
            created_at: at,
            updated_at: None,
        };
        register(new, TimeDelta::minutes(5), at).consent
    }

    fn approve() -> Command {
        Command::Approve {
            customer: CustomerId::parse("customer-1").unwrap(),
            identity: Identity {
                id_type: "nric".into(),
                hashed_id_number: "h".repeat(44),
            },
            signed_in: SignInFacts {
                acr: "2".into(),
                amr: vec!["pwd".into()],
                at: DateTime::UNIX_EPOCH,
            },
            accounts: vec![AccountSnapshot {
                account_id: AccountId::parse("account-1").unwrap(),
                account_number: "1234".into(),
                account_name: "Savings".into(),
            }],
            receipt_sha256: "00".into(),
        }
    }

    fn reject() -> Command {
        let reason = StatusReason {
            code: ReasonCode::NotAllowed,
            description: None,
        };
        Command::Reject {
            reason,
            receipt_sha256: None,
        }
    }

    fn report(status: Status) -> Command {
        Command::Report(PlatformReport {
            status,
            reason: None,
            updated_at: None,
        })
    }

    fn changed_by(consent: &Consent, command: Command) -> Change {
        match apply(consent, command, consent.created_at) {
            Ok(Outcome::Changed(change)) => *change,
            other => panic!("expected a change, got {other:?}"),
        }
    }

    #[test]
    fn identity_numbers_are_compared_without_their_punctuation() {
        let hash = Identity::of("nric", "900101-14-5566").hashed_id_number;
        assert_eq!(hash.len(), 44);
        assert_eq!(
            hash,
            Identity::of("nric", "900101 14 5566").hashed_id_number
        );
        assert_ne!(
            hash,
            Identity::of("nric", "900101-14-5567").hashed_id_number
        );
    }

    #[test]
    fn approval_shares_nothing_until_the_platform_accepts() {
        let deciding = changed_by(&sample(), approve());
        assert_eq!(deciding.consent.status, Status::Deciding);
        assert!(matches!(deciding.intent, Some(Intent::Authorize { .. })));
        assert_eq!((deciding.consent.version, deciding.ledger.seq), (2, 2));
        let accepted = changed_by(&deciding.consent, Command::PlatformAccepted);
        assert_eq!(accepted.consent.status, Status::Authorized);
        assert_eq!(accepted.intent, None);
    }

    #[test]
    fn a_refused_update_ends_in_failed() {
        let deciding = changed_by(&sample(), approve()).consent;
        let failed = changed_by(
            &deciding,
            Command::PlatformRefused {
                detail: "gone".into(),
            },
        );
        assert_eq!(failed.consent.status, Status::Failed);
    }

    #[test]
    fn rejection_takes_effect_at_once_and_must_be_told() {
        let rejected = changed_by(&sample(), reject());
        assert_eq!(rejected.consent.status, Status::Rejected);
        assert!(matches!(rejected.intent, Some(Intent::Reject { .. })));
    }

    #[test]
    fn there_is_exactly_one_decision() {
        let now = sample().created_at;
        for first in [approve(), reject(), Command::ClockRanOut] {
            let decided = changed_by(&sample(), first).consent;
            for second in [approve(), reject(), Command::ClockRanOut] {
                assert_eq!(
                    apply(&decided, second, now),
                    Err(TransitionRefusal::AlreadyDecided(decided.status))
                );
            }
        }
    }

    #[test]
    fn the_clock_is_obeyed_to_the_microsecond() {
        let consent = sample();
        let last = consent.decide_by - TimeDelta::microseconds(1);
        assert!(apply(&consent, approve(), last).is_ok());
        assert_eq!(
            apply(&consent, approve(), consent.decide_by),
            Err(TransitionRefusal::TooLate)
        );
        // Declining is still possible: it opens nothing.
        assert!(apply(&consent, reject(), consent.decide_by).is_ok());
    }

    #[test]
    fn the_platform_cannot_authorize_what_nobody_approved() {
        let outcome = apply(&sample(), report(Status::Authorized), sample().created_at).unwrap();
        assert!(matches!(outcome, Outcome::Unchanged(_)));
    }

    #[test]
    fn terminal_states_stay() {
        for terminal in Status::ALL
            .into_iter()
            .filter(|status| status.is_terminal())
        {
            let consent = Consent {
                status: terminal,
                ..sample()
            };
            for status in Status::ALL {
                let outcome = apply(&consent, report(status), consent.created_at).unwrap();
                assert!(
                    matches!(outcome, Outcome::Unchanged(_)),
                    "{terminal} -> {status}"
                );
            }
        }
    }

    #[test]
    fn older_reports_never_overwrite_newer_ones() {
        let at = sample().created_at;
        let consent = Consent {
            status: Status::Authorized,
            platform_updated_at: Some(at),
            ..sample()
        };
        let late = PlatformReport {
            status: Status::Suspended,
            reason: None,
            updated_at: Some(at - TimeDelta::seconds(1)),
        };
        let outcome = apply(&consent, Command::Report(late.clone()), at).unwrap();
        assert!(matches!(outcome, Outcome::Unchanged(_)));
        let fresh = PlatformReport {
            updated_at: Some(at + TimeDelta::seconds(1)),
            ..late
        };
        assert_eq!(
            changed_by(&consent, Command::Report(fresh)).consent.status,
            Status::Suspended
        );
    }
}
