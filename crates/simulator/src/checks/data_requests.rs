//! Data calls as requests: method, parameters, and the key to encrypt to.

use super::{
    Bench, Check,
    data_calls::{balances, opened, refused, refused_call},
    finding::{Outcome, Seen},
    refusal::{METHOD, REQUEST, Refusal, refused_somehow},
};
use crate::scenario::{DataCall, DataTweak};

const SEALING: &str = "v1.2.2, Message Encryption";
const PARAMETERS: &str = "v1.2.2, Error Codes";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "data-post",
            "balances are not to be had by POST",
            PARAMETERS,
            METHOD,
            |bench, must| post(bench, must)
        ),
        attack!(
            "data-encryption-key-missing",
            "a call without x-enc-kid is refused",
            SEALING,
            REQUEST,
            |bench, must| refused(bench, [DataTweak::EncryptionKid(None)], must)
        ),
        attack!(
            "data-encryption-key-unknown",
            "an x-enc-kid that the Data Consumer does not publish is refused",
            SEALING,
            REQUEST,
            |bench, must| refused(bench, [encryption_key(&"x".repeat(43))], must)
        ),
        attack!(
            "data-encryption-key-signs",
            "a signing key cannot be encrypted to",
            SEALING,
            REQUEST,
            |bench, must| signing_key(bench, must)
        ),
        attack!(
            "data-encryption-key-foreign",
            "nothing is encrypted to another Data Consumer's key",
            SEALING,
            REQUEST,
            |bench, must| foreign_encryption_key(bench, must)
        ),
        attack!(
            "data-encryption-key-oversized",
            "an x-enc-kid of 60 KB is no server error",
            SEALING,
            "4xx, or the connection is closed; then data as before",
            |bench| oversized_key(bench)
        ),
        attack!(
            "data-repeated-parameter",
            "a repeated query parameter is refused",
            PARAMETERS,
            REQUEST,
            |bench, must| repeated_parameter(bench, must)
        ),
        attack!(
            "data-repeated-consent",
            "a second consent_id is refused",
            PARAMETERS,
            REQUEST,
            |bench, must| repeated_consent(bench, must)
        ),
        attack!(
            "data-malformed-account",
            "an account id that cannot be one is refused",
            PARAMETERS,
            REQUEST,
            |bench, must| malformed_account(bench, must)
        ),
        attack!(
            "data-malformed-dates",
            "a date that is none is refused",
            "v1.2.2, Transactions",
            REQUEST,
            |bench, must| malformed_dates(bench, must)
        ),
    ]
}

fn encryption_key(kid: &str) -> DataTweak {
    DataTweak::EncryptionKid(Some(kid.to_owned()))
}

async fn post(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for method in ["POST", "PUT", "DELETE"] {
        seen.add(refused(bench, [DataTweak::Method(method.to_owned())], must).await?);
    }
    Ok(seen)
}

async fn signing_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let kid = bench.key_id(&bench.consumer()?.key("signing"))?;
    refused(bench, [encryption_key(&kid)], must).await
}

async fn foreign_encryption_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let kid = bench.key_id(&bench.other_consumer()?.key("encryption"))?;
    refused(bench, [encryption_key(&kid)], must).await
}

async fn oversized_key(bench: &Bench<'_>) -> Outcome<Seen> {
    let call = balances(bench)
        .await?
        .with(encryption_key(&"x".repeat(60 * 1024)));
    let answer = bench.simulator.data_call(call).await;
    let seen = refused_somehow(answer.map(|answer| answer.answer))?;
    opened(&bench.simulator.data_call(balances(bench).await?).await?)?;
    Ok(seen)
}

async fn repeated_parameter(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let call = DataCall::transactions(&shared.consent_id, &shared.account_id)
        .query("page_size", "10")
        .with(DataTweak::UnsignedQuery(
            "page_size".to_owned(),
            "20".to_owned(),
        ));
    refused_call(bench, call, must).await
}

async fn repeated_consent(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let other = bench.awaiting().await?.consent_id;
    refused(
        bench,
        [DataTweak::UnsignedQuery("consent_id".to_owned(), other)],
        must,
    )
    .await
}

async fn malformed_account(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let call = DataCall::balances(&shared.consent_id, "x".repeat(65));
    refused_call(bench, call, must).await
}

async fn malformed_dates(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let mut seen = Seen::default();
    for (from, to) in [
        ("yesterday", "2026-01-01"),
        ("2026-02-31", "2026-03-01"),
        ("2026-03-01", "2026-02-01"),
    ] {
        let call = DataCall::transactions(&shared.consent_id, &shared.account_id)
            .query("from_date", from)
            .query("to_date", to);
        let refused = refused_call(bench, call, must).await;
        seen.add(refused.map_err(|finding| finding.about(&format!("{from} to {to}")))?);
    }
    Ok(seen)
}
