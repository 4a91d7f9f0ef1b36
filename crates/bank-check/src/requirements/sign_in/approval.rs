//! Approvals in the bank's app: pending until a person acts, then decided for good.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use uuid::Uuid;

use super::{
    credentials::{Opened, open},
    password::outcome,
    second_factor::challenge_id,
};
use crate::{
    bench::Bench,
    call::{Call, Contract, Exchange},
    document::date_time,
    requirements::Requirement,
    sheet::{Halt, Sheet, Step},
};

/// Longer than a challenge lives anywhere.
const MOST_WAITING: Duration = Duration::from_secs(15 * 60);
/// After `expires_at` the bank is to have noticed.
const GRACE: Duration = Duration::from_secs(10);

pub(super) fn requirements() -> Vec<Requirement> {
    vec![requirement!(
        "SI-08",
        "An approval is pending, then decided, and stays decided",
        ["startSecondFactor", "getSecondFactor"],
        InOrder,
        |bench, sheet| decided(bench, sheet)
    )]
}

/// One approval, from its start to its decision or as far as it was waited for.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) opened: Opened,
    /// The first answer, at once after the start.
    first: Exchange,
    /// The answer that was no longer 202.
    pub(crate) decided: Option<Exchange>,
}

/// Asked for once in a run.
pub(super) async fn approval(bench: &Bench<'_>) -> Step<Approval> {
    let made = async {
        let capabilities = bench.capabilities(Contract::SignIn).await?;
        capabilities.needs("startSecondFactor")?;
        capabilities.needs("getSecondFactor")?;
        let opened = open(bench).await?;
        if !opened.methods.iter().any(|it| it == "approval") {
            return Err(Halt::not_applicable("the test customer has no approvals"));
        }
        let started = bench
            .ask(Call::start(Uuid::new_v4(), &opened.sign_in_id, "approval"))
            .await?;
        let Some(challenge) = challenge_id(&started) else {
            return Err(Halt::not_tested(
                "needs a challenge from startSecondFactor; see SI-07",
            ));
        };
        if bench.options.interactive {
            bench.say("SI-08: approve the sign-in in the bank's app now");
        }
        watch(bench, opened, &challenge).await
    };
    bench.approval.get_or_init(|| Box::pin(made)).await.clone()
}

async fn watch(bench: &Bench<'_>, opened: Opened, challenge: &str) -> Step<Approval> {
    let call = Call::challenge(challenge, &opened.sign_in_id);
    let first = bench.ask(call.clone()).await?;
    let waits = bench.options.interactive || bench.options.patient;
    let begun = Instant::now();
    let mut latest = first.clone();
    while waits && latest.status == 202 && begun.elapsed() < MOST_WAITING {
        if is_over(&latest) {
            break;
        }
        sleep(poll_after(&latest)).await;
        latest = bench.ask(call.clone()).await?;
    }
    Ok(Approval {
        opened,
        first,
        decided: (latest.status != 202).then_some(latest),
    })
}

fn poll_after(pending: &Exchange) -> Duration {
    let seconds = pending
        .json_if(202)
        .and_then(|it| it["poll_after_seconds"].as_u64());
    Duration::from_secs(seconds.unwrap_or(2).clamp(1, 30))
}

/// Whether the challenge should long have run out.
fn is_over(pending: &Exchange) -> bool {
    let expires_at = pending
        .json_if(202)
        .and_then(|it| it["expires_at"].as_str());
    let expires_at = expires_at.and_then(date_time);
    expires_at.is_some_and(|at| at.to_utc() + GRACE < pending.sent_at)
}

async fn decided(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let approval = approval(bench).await?;
    if !matches!(approval.first.status, 200 | 202) {
        sheet.wrong(
            &approval.first,
            "expected 202, or 200 where nobody need act",
        );
        return Ok(());
    }
    let again = approval.first.call.clone();
    match &approval.decided {
        Some(decided) => {
            if !sheet.expect_status(decided, 200) {
                return Ok(());
            }
            sheet.note(format!("the outcome is {}", shown_outcome(decided)));
            let again = bench.ask(again.how("once it is decided")).await?;
            if again.status != 200 || again.json != decided.json {
                sheet.wrong(&again, "the answer is not that of the call before");
            }
        }
        None if bench.options.interactive || bench.options.patient => {
            let again = bench.ask(again.how("after it has run out")).await?;
            if outcome(&again) != Some("expired") {
                sheet.wrong(
                    &again,
                    "nobody answered in time; expected 200 with the outcome expired",
                );
            }
        }
        None => {
            let again = bench.ask(again.how("a second time")).await?;
            if !matches!(again.status, 200 | 202) {
                sheet.wrong(&again, "expected 202");
            }
            sheet.note("what follows was not tried: give --interactive to approve, or --patient to let it run out");
        }
    }
    Ok(())
}

fn shown_outcome(exchange: &Exchange) -> &'static str {
    match outcome(exchange) {
        Some("approved") => "approved",
        Some("declined") => "declined",
        Some("expired") => "expired",
        _ => "none of the contract's",
    }
}
