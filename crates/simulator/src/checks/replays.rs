//! One use of a signed data call, made into two.

use futures_util::future::join_all;
use uuid::Uuid;

use super::{
    Bench, Check,
    data_calls::{balances, opened, refused_call},
    finding::{Finding, Outcome, Seen},
    refusal::{CLAIM, Refusal},
};
use crate::scenario::{DataCall, DataTweak};

const REPLAY: &str = "v1.2.2, Message Signing: jti is sensitive to replay";

/// So many at once that some are looked at together.
const TOGETHER: usize = 8;

/// Consent and account.
type Shared<'a> = (&'a str, &'a str);

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "claims-replay-elsewhere",
            "data call with a jti that was used for another resource",
            REPLAY,
            CLAIM,
            |bench, must| {
                replay(bench, must, |shared, jti| {
                    DataCall::account(shared.0, shared.1).with(jti)
                })
            }
        ),
        attack!(
            "claims-replay-other-header",
            "data call with a used signature in the other header",
            REPLAY,
            CLAIM,
            |bench, must| {
                replay(bench, must, |shared, jti| {
                    DataCall::balances(shared.0, shared.1)
                        .with(jti)
                        .with(DataTweak::SignatureHeader("x-fapi-signature".to_owned()))
                })
            }
        ),
        attack!(
            "claims-replay-together",
            "eight data calls with one jti at the same moment",
            REPLAY,
            "one answer with data, and 400 JWS.InvalidClaim to the others",
            |bench| replay_together(bench)
        ),
    ]
}

async fn replay(
    bench: &Bench<'_>,
    must: Refusal,
    again: fn(Shared<'_>, DataTweak) -> DataCall,
) -> Outcome<Seen> {
    let jti = DataTweak::Jti(Uuid::new_v4().to_string());
    let first = balances(bench).await?.with(jti.clone());
    opened(&bench.simulator.data_call(first).await?)?;
    let shared = bench.shared().await?;
    let second = again((&shared.consent_id, &shared.account_id), jti);
    refused_call(bench, second, must).await
}

async fn replay_together(bench: &Bench<'_>) -> Outcome<Seen> {
    let jti = DataTweak::Jti(Uuid::new_v4().to_string());
    let call = balances(bench).await?.with(jti);
    let calls = (0..TOGETHER).map(|_| bench.simulator.data_call(call.clone()));
    let mut served = 0;
    let mut seen = Seen::default();
    for answer in join_all(calls).await {
        let answer = answer?;
        if answer.status() == 200 {
            served += 1;
        } else {
            seen.add(CLAIM.check(&answer.answer, None)?);
        }
    }
    if served == 1 {
        Ok(seen)
    } else {
        let told = format!("{served} of {TOGETHER} were answered with data");
        Err(Finding::Wrong(told))
    }
}
