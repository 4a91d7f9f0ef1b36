//! How a consent's state may change: a pure function from state and command to a new state and its
//! effects, or a named refusal. The caller stores all of it in one transaction.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod table;
#[cfg(test)]
pub(crate) mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::command::{
    Change, Command, Intent, NewConsent, Notice, Outcome, PlatformReport, TransitionRefusal,
};
use super::evidence::LedgerEntry;
use super::state::{Actor, Consent, NoticeKind, ReasonCode, Status, StatusReason};

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
    Step::from(consent.status, Actor::Platform, "registered", data).to(consent, now)
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
            let step = Step::from(consent.status, Actor::Customer, "approved", data);
            Ok(changed(step.telling(intent).to(next, now)))
        }
        Command::Reject {
            reason,
            receipt_sha256,
        } => {
            still_awaiting(consent)?;
            let data = json!({ "reason": reason, "receipt": receipt_sha256 });
            let next = settled(consent, Status::Rejected, Some(reason.clone()));
            let step = Step::from(consent.status, Actor::Customer, "rejected", data);
            Ok(changed(
                step.telling(Intent::Reject { reason }).to(next, now),
            ))
        }
        Command::ClockRanOut => {
            still_awaiting(consent)?;
            let reason = StatusReason {
                code: ReasonCode::Timeout,
                description: None,
            };
            let next = settled(consent, Status::Failed, Some(reason.clone()));
            let data = json!({ "decide_by": consent.decide_by });
            let step = Step::from(consent.status, Actor::Term, "timed_out", data);
            Ok(changed(
                step.telling(Intent::Reject { reason }).to(next, now),
            ))
        }
        Command::PlatformAccepted => {
            let by = Actor::Customer;
            settle(consent, Status::Authorized, None, (by, "accepted"), now)
        }
        Command::PlatformRefused { detail } => {
            let reason = StatusReason {
                code: ReasonCode::ProviderError,
                description: Some(detail),
            };
            let by = Actor::Platform;
            settle(consent, Status::Failed, Some(reason), (by, "refused"), now)
        }
        Command::Report(report) => Ok(take_report(consent, report, now)),
        Command::Adopt(report) => Ok(adopt(consent, report, now)),
        Command::Retry {
            delivery,
            operator,
            reason,
        } => {
            let data = json!({ "delivery": delivery, "operator": operator, "reason": reason });
            let step = Step::from(consent.status, Actor::Bank, "delivery_retried", data);
            Ok(changed(step.to(consent.clone(), now)))
        }
        Command::Revoke {
            by,
            reason,
            operator,
        } => revoke(consent, by, reason, operator.as_deref(), now),
        Command::TermEnded => term_ended(consent, now),
    }
}

/// The entry that says that retention has erased what is personal of a consent, in the run of that number; `None` while the consent runs.
pub fn erasure(consent: &Consent, run: i32, now: DateTime<Utc>) -> Option<Change> {
    if !consent.status.is_terminal() {
        return None;
    }
    let mut next = consent.clone();
    next.customer = None;
    let data = json!({ "run": run });
    Some(Step::from(consent.status, Actor::Bank, "erased", data).to(next, now))
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
    (by, kind): (Actor, &'static str),
    now: DateTime<Utc>,
) -> Result<Outcome, TransitionRefusal> {
    if consent.status == status {
        return Ok(Outcome::Unchanged("already settled"));
    }
    if consent.status != Status::Deciding {
        return Err(TransitionRefusal::NothingToSettle(consent.status));
    }
    let data = json!({ "reason": reason });
    let step = Step::from(consent.status, by, kind, data);
    Ok(changed(step.to(settled(consent, status, reason), now)))
}

/// Takes effect at once, whatever PayNet says to it. An approval that PayNet has not accepted yet is taken back as well.
fn revoke(
    consent: &Consent,
    by: Actor,
    reason: Option<String>,
    operator: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Outcome, TransitionRefusal> {
    match consent.status {
        Status::Revoked => return Ok(Outcome::Unchanged("already stopped")),
        Status::Authorized | Status::Deciding | Status::Suspended => {}
        other => return Err(TransitionRefusal::NothingToStop(other)),
    }
    let data = json!({
        "from": consent.status, "by": by, "reason": reason, "operator": operator,
    });
    let next = settled(consent, Status::Revoked, None);
    let step = Step::from(consent.status, by, "stopped", data);
    Ok(changed(
        step.telling(Intent::Revoke { by, reason }).to(next, now),
    ))
}

/// PayNet has the same clock and is not told.
fn term_ended(consent: &Consent, now: DateTime<Utc>) -> Result<Outcome, TransitionRefusal> {
    match consent.status {
        Status::Authorized | Status::Suspended if consent.expires_at <= now => {}
        Status::Expired => return Ok(Outcome::Unchanged("already ended")),
        _ => return Err(TransitionRefusal::NotEnded),
    }
    let data = json!({ "expires_at": consent.expires_at });
    let next = settled(consent, Status::Expired, None);
    let step = Step::from(consent.status, Actor::Term, "expired", data);
    Ok(changed(step.to(next, now)))
}

/// Events come twice, late and out of order. A restriction is taken in unless it is known to be outdated;
/// a report that would open data again must be known to be the newest word, or PayNet is asked.
fn take_report(consent: &Consent, report: PlatformReport, now: DateTime<Utc>) -> Outcome {
    let age = Age::of(&report, consent);
    if age == Age::Older {
        return Outcome::Unchanged("older than what is known");
    }
    let reopens = consent.status == Status::Suspended && report.status == Status::Authorized;
    if reopens && age != Age::Newer {
        return Outcome::Uncertain;
    }
    adopt(consent, report, now)
}

/// Takes PayNet's word as its present one.
fn adopt(consent: &Consent, report: PlatformReport, now: DateTime<Utc>) -> Outcome {
    let newer = Age::of(&report, consent) == Age::Newer;
    let data = json!({
        "from": consent.status, "to": report.status, "reason": report.reason,
        "updated_at": report.updated_at, "by": report.by,
    });
    let by = match report.status {
        Status::Expired => Actor::Term,
        _ => report.by.unwrap_or(Actor::Platform),
    };
    let same = report.status == consent.status;
    let (kind, mut next) = if !same && may_report(consent.status, report.status) {
        ("reported", settled(consent, report.status, report.reason))
    } else if newer {
        // Nothing happens, but what is older than this is outdated from now on. Where PayNet has it otherwise, the ledger says so.
        let kind = if same { "confirmed" } else { "noted" };
        (kind, consent.clone())
    } else if same {
        return Outcome::Unchanged("already in that state");
    } else {
        return Outcome::Unchanged("not a transition from the present state");
    };
    if newer {
        next.platform_updated_at = report.updated_at;
    }
    changed(Step::from(consent.status, by, kind, data).to(next, now))
}

/// How a report's `updated_at` compares with the newest one taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Newer,
    Older,
    /// The same moment, or a moment is missing.
    Unknown,
}

impl Age {
    fn of(report: &PlatformReport, consent: &Consent) -> Self {
        match (report.updated_at, consent.platform_updated_at) {
            (Some(new), Some(known)) if new > known => Self::Newer,
            (Some(new), Some(known)) if new < known => Self::Older,
            (Some(_), None) => Self::Newer,
            _ => Self::Unknown,
        }
    }
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

/// A change on its way: where from, by whom, and how the ledger calls it.
struct Step {
    from: Status,
    by: Actor,
    kind: &'static str,
    data: serde_json::Value,
    intent: Option<Intent>,
}

impl Step {
    fn from(from: Status, by: Actor, kind: &'static str, data: serde_json::Value) -> Self {
        Self {
            from,
            by,
            kind,
            data,
            intent: None,
        }
    }

    fn telling(self, intent: Intent) -> Self {
        Self {
            intent: Some(intent),
            ..self
        }
    }

    fn to(self, mut consent: Consent, now: DateTime<Utc>) -> Change {
        consent.version += 1;
        consent.changed_at = now;
        let ledger = LedgerEntry {
            consent_id: consent.id.clone(),
            seq: consent.version,
            kind: self.kind,
            data: self.data.to_string(),
            at: now,
        };
        let notice = notice_kind(self.from, consent.status).map(|kind| Notice {
            kind,
            caused_by: self.by,
            at: now,
        });
        Change {
            consent,
            ledger,
            intent: self.intent,
            notice,
        }
    }
}

/// What the customer is told of a change. Of what never came to an approval, nothing: the pages have said it.
const fn notice_kind(from: Status, to: Status) -> Option<NoticeKind> {
    use Status::{Authorized, Deciding, Expired, Failed, Rejected, Revoked, Suspended};
    match (from, to) {
        (Deciding, Authorized) => Some(NoticeKind::Started),
        (Deciding, Failed | Rejected | Expired | Revoked) => Some(NoticeKind::Failed),
        (Authorized | Deciding, Suspended) => Some(NoticeKind::Suspended),
        (Suspended, Authorized) => Some(NoticeKind::Resumed),
        (Authorized | Suspended, Revoked) => Some(NoticeKind::Stopped),
        (Authorized | Suspended, Expired) => Some(NoticeKind::Expired),
        _ => None,
    }
}

fn changed(change: Change) -> Outcome {
    Outcome::Changed(Box::new(change))
}
