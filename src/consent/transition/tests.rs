//! The state machine's rules, one test each.

use super::*;
use crate::consent::command::{AccountSnapshot, Identity, SignInFacts};
use crate::consent::state::{Permission, Purpose};
use crate::ids::{AccountId, ConsentId, CustomerId, DcId, DpId};

pub(crate) fn sample_new() -> NewConsent {
    let at = DateTime::parse_from_rfc3339("2026-11-20T10:00:00Z")
        .unwrap()
        .to_utc();
    NewConsent {
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
        updated_by: None,
    }
}

pub(crate) fn sample() -> Consent {
    let new = sample_new();
    let at = new.created_at;
    register(new, TimeDelta::minutes(5), at).consent
}

pub(crate) fn approve() -> Command {
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

pub(crate) fn reject() -> Command {
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
        by: None,
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
        by: None,
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

#[test]
fn a_confirmation_makes_what_is_older_outdated() {
    let at = |seconds| Some(sample().created_at + TimeDelta::seconds(seconds));
    let report = |status, updated_at| PlatformReport {
        status,
        reason: None,
        updated_at,
        by: None,
    };
    let now = sample().created_at;
    let suspended = Consent {
        status: Status::Suspended,
        platform_updated_at: at(2),
        ..sample()
    };
    // Suspended again at 4, then the late word from 3 that it was authorized.
    let confirmed = changed_by(
        &suspended,
        Command::Report(report(Status::Suspended, at(4))),
    );
    assert_eq!(confirmed.ledger.kind, "confirmed");
    let late = apply(
        &confirmed.consent,
        Command::Report(report(Status::Authorized, at(3))),
        now,
    );
    assert!(matches!(late, Ok(Outcome::Unchanged(_))));
    // At the same moment, or without one, it takes PayNet's own answer to open data again.
    for unclear in [at(4), None] {
        let command = Command::Report(report(Status::Authorized, unclear));
        assert_eq!(
            apply(&confirmed.consent, command, now),
            Ok(Outcome::Uncertain)
        );
    }
    let answered = changed_by(
        &confirmed.consent,
        Command::Adopt(report(Status::Authorized, None)),
    );
    assert_eq!(answered.consent.status, Status::Authorized);
    // A restriction needs no proof.
    let again = changed_by(
        &answered.consent,
        Command::Report(report(Status::Suspended, None)),
    );
    assert_eq!(again.consent.status, Status::Suspended);
}

fn revoke(by: Actor) -> Command {
    Command::Revoke {
        by,
        reason: None,
        operator: None,
    }
}

fn authorized() -> Consent {
    let deciding = changed_by(&sample(), approve()).consent;
    changed_by(&deciding, Command::PlatformAccepted).consent
}

#[test]
fn stopping_takes_effect_at_once_and_everybody_is_told() {
    let suspended = Consent {
        status: Status::Suspended,
        ..authorized()
    };
    for running in [authorized(), suspended] {
        let stopped = changed_by(&running, revoke(Actor::Customer));
        assert_eq!(stopped.consent.status, Status::Revoked);
        assert!(matches!(stopped.intent, Some(Intent::Revoke { .. })));
        let notice = stopped.notice.unwrap();
        assert_eq!(
            (notice.kind, notice.caused_by),
            (NoticeKind::Stopped, Actor::Customer)
        );
        let again = apply(
            &stopped.consent,
            revoke(Actor::Bank),
            stopped.consent.changed_at,
        );
        assert!(matches!(again, Ok(Outcome::Unchanged(_))));
    }
    // Approved and not accepted yet: nothing was shared, and nothing will be.
    let deciding = changed_by(&sample(), approve()).consent;
    let stopped = changed_by(&deciding, revoke(Actor::Customer));
    assert_eq!(stopped.notice.unwrap().kind, NoticeKind::Failed);
    let accepted = apply(
        &stopped.consent,
        Command::PlatformAccepted,
        deciding.created_at,
    );
    assert!(accepted.is_err());
    for status in Status::ALL
        .into_iter()
        .filter(|status| status.is_terminal())
    {
        let ended = Consent { status, ..sample() };
        let outcome = apply(&ended, revoke(Actor::Bank), ended.created_at);
        assert_eq!(outcome.is_ok(), status == Status::Revoked);
    }
    let refused = apply(&sample(), revoke(Actor::Bank), sample().created_at);
    let expected = TransitionRefusal::NothingToStop(Status::AwaitingAuthorization);
    assert_eq!(refused, Err(expected));
}

#[test]
fn a_term_ends_at_its_moment() {
    let running = authorized();
    let early = running.expires_at - TimeDelta::microseconds(1);
    assert_eq!(
        apply(&running, Command::TermEnded, early),
        Err(TransitionRefusal::NotEnded)
    );
    let Ok(Outcome::Changed(ended)) = apply(&running, Command::TermEnded, running.expires_at)
    else {
        panic!("it has ended")
    };
    assert_eq!(
        (ended.consent.status, &ended.intent),
        (Status::Expired, &None)
    );
    assert_eq!(ended.notice.unwrap().kind, NoticeKind::Expired);
}

#[test]
fn customers_are_told_who_stopped_it() {
    for (by, told) in [
        (None, Actor::Platform),
        (Some(Actor::DataConsumer), Actor::DataConsumer),
        (Some(Actor::Customer), Actor::Customer),
    ] {
        let command = Command::Report(PlatformReport {
            status: Status::Revoked,
            reason: None,
            updated_at: None,
            by,
        });
        let stopped = changed_by(&authorized(), command);
        assert_eq!(stopped.notice.unwrap().caused_by, told);
    }
    // Of what they did themselves a moment ago on the page, and of what never was, nothing.
    assert_eq!(changed_by(&sample(), reject()).notice, None);
    assert_eq!(changed_by(&sample(), Command::ClockRanOut).notice, None);
    assert_eq!(changed_by(&sample(), report(Status::Revoked)).notice, None);
}

#[test]
fn only_what_has_ended_can_be_erased() {
    let consent = sample();
    assert!(erasure(&consent, 1, consent.created_at).is_none());
    let rejected = changed_by(&consent, reject()).consent;
    let change = erasure(&rejected, 1, consent.created_at).unwrap();
    assert_eq!(change.consent.customer, None);
    assert_eq!(change.consent.version, rejected.version + 1);
    assert_eq!(
        (change.ledger.kind, change.ledger.data.as_str()),
        ("erased", "{\"run\":1}")
    );
    assert!(change.intent.is_none() && change.notice.is_none());
}
