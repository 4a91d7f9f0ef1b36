//! What holds for every sequence of commands, however strange: twice, late, out of order, from both sides.

use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{approve, reject, sample};
use super::*;
use crate::consent::permit::{DataCall, permit};
use crate::consent::state::NoticeKind::{Expired, Failed, Resumed, Started, Stopped, Suspended};
use crate::consent::state::Permission;
use crate::ids::AccountId;

/// What happens, so many seconds after what happened before.
type Happening = (Command, i64);

fn moment(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    seconds.map(|seconds| sample().created_at + TimeDelta::seconds(seconds))
}

fn report() -> impl Strategy<Value = PlatformReport> {
    let status = proptest::sample::select(Status::ALL.to_vec());
    let at = proptest::option::of(0..40i64);
    (status, at).prop_map(|(status, at)| PlatformReport {
        status,
        reason: None,
        updated_at: moment(at),
        by: None,
    })
}

fn happening() -> impl Strategy<Value = Happening> {
    let command = prop_oneof![
        3 => Just(approve()),
        1 => Just(reject()),
        1 => Just(Command::ClockRanOut),
        3 => Just(Command::PlatformAccepted),
        1 => Just(Command::PlatformRefused { detail: "no".into() }),
        1 => Just(Command::TermEnded),
        1 => Just(Command::Retry { delivery: "c-1:2:paynet".into(), operator: "siti".into(), reason: "mended".into() }),
        1 => Just(Command::Revoke { by: Actor::Customer, reason: None, operator: None }),
        4 => report().prop_map(Command::Report),
        2 => report().prop_map(Command::Adopt),
    ];
    // Mostly seconds, now and then half a year.
    let pause = prop_oneof![9 => 0..90i64, 1 => Just(15_552_000)];
    (command, pause)
}

fn grants(consent: &Consent, now: DateTime<Utc>) -> bool {
    let account = AccountId::parse("account-1").unwrap();
    let call = DataCall {
        consent_id: consent.id.clone(),
        dc_id: consent.dc_id.clone(),
        account_id: account.clone(),
        permission: Permission::ReadBalances,
    };
    permit(consent, &[account], &call, now).is_ok()
}

/// Runs the sequence and shows each step to `look`: before, command, time, outcome.
fn run(
    happenings: Vec<Happening>,
    mut look: impl FnMut(
        &Consent,
        &Command,
        DateTime<Utc>,
        Option<&Change>,
    ) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut consent = sample();
    let mut now = consent.created_at;
    for (command, pause) in happenings {
        now += TimeDelta::seconds(pause);
        let change = match apply(&consent, command.clone(), now) {
            Ok(Outcome::Changed(change)) => Some(*change),
            _ => None,
        };
        look(&consent, &command, now, change.as_ref())?;
        if let Some(change) = change {
            consent = change.consent;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No data before the customer approved and PayNet accepted, none after an end, and the end is for good.
    #[test]
    fn data_flows_only_between_approval_and_end(happenings in vec(happening(), 1..40)) {
        let (mut approved, mut ended) = (false, false);
        run(happenings, |before, command, now, change| {
            let Some(change) = change else { return Ok(()) };
            approved |= matches!(command, Command::Approve { .. });
            prop_assert!(!ended || before.status == change.consent.status, "{command:?}");
            ended = change.consent.status.is_terminal();
            if grants(&change.consent, now) {
                prop_assert!(approved && !ended);
                prop_assert_eq!(change.consent.status, Status::Authorized);
                prop_assert!(now < change.consent.expires_at);
            }
            Ok(())
        })?;
    }

    /// A customer's word is given once, and PayNet is told each of our decisions once.
    #[test]
    fn one_decision_and_one_word_for_each(happenings in vec(happening(), 1..40)) {
        let (mut decisions, mut approvals, mut refusals, mut stops) = (0, 0, 0, 0);
        run(happenings, |_, _, _, change| {
            let Some(change) = change else { return Ok(()) };
            decisions += i32::from(["approved", "rejected", "timed_out"].contains(&change.ledger.kind));
            match &change.intent {
                Some(Intent::Authorize { .. }) => approvals += 1,
                Some(Intent::Reject { .. }) => refusals += 1,
                Some(Intent::Revoke { .. }) => stops += 1,
                None => {}
            }
            Ok(())
        })?;
        prop_assert!(decisions <= 1);
        prop_assert!(approvals + refusals == decisions);
        prop_assert!(stops <= approvals, "only what was approved can be stopped");
    }

    /// Every change is one version and one ledger entry; PayNet's time never goes back; nothing else of a consent changes.
    #[test]
    fn every_change_leaves_its_mark(happenings in vec(happening(), 1..40)) {
        run(happenings, |before, _, now, change| {
            let Some(change) = change else { return Ok(()) };
            let after = &change.consent;
            prop_assert_eq!(after.version, before.version + 1);
            prop_assert_eq!(change.ledger.seq, after.version);
            prop_assert_eq!((change.ledger.at, after.changed_at), (now, now));
            prop_assert!(after.platform_updated_at >= before.platform_updated_at);
            let same = Consent {
                status: after.status,
                reason: after.reason.clone(),
                customer: after.customer.clone(),
                platform_updated_at: after.platform_updated_at,
                changed_at: after.changed_at,
                version: after.version,
                ..before.clone()
            };
            prop_assert_eq!(after, &same);
            Ok(())
        })?;
    }

    /// What is known to be older changes nothing, and the same report twice is the same report once.
    #[test]
    fn reports_may_come_late_and_twice(happenings in vec(happening(), 1..40)) {
        run(happenings, |before, command, now, change| {
            let Command::Report(report) = command else { return Ok(()) };
            if report.updated_at.is_some_and(|at| before.platform_updated_at.is_some_and(|known| at < known)) {
                prop_assert!(change.is_none());
            }
            let Some(change) = change else { return Ok(()) };
            let again = apply(&change.consent, command.clone(), now);
            let again = matches!(again, Ok(Outcome::Unchanged(_) | Outcome::Uncertain));
            prop_assert!(again, "{command:?}");
            Ok(())
        })?;
    }

    /// The customer hears of a start before anything else, and of an end as the last thing.
    #[test]
    fn notices_tell_one_story(happenings in vec(happening(), 1..40)) {
        let mut told = Vec::new();
        run(happenings, |_, _, _, change| {
            told.extend(change.and_then(|change| change.notice.clone()).map(|notice| notice.kind));
            Ok(())
        })?;
        for (at, kind) in told.iter().enumerate() {
            match kind {
                Started | Failed => prop_assert_eq!(at, 0),
                Suspended | Resumed => prop_assert!(at == 0 || told[at - 1] != *kind),
                Stopped | Expired => prop_assert!(at > 0 && at + 1 == told.len()),
            }
        }
    }
}
