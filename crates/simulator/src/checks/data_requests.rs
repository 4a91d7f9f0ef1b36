//! Data calls as requests: method, parameters, and the key to encrypt to.

use super::{
    Bench, Check,
    data_calls::{balances, opened, refused, refused_call},
    finding::Outcome,
    refusal::{METHOD, REQUEST},
};
use crate::scenario::{DataCall, DataTweak};

const SEALING: &str = "v1.2.2, Message Encryption";
const PARAMETERS: &str = "v1.2.2, Error Codes";

pub(super) fn checks() -> Vec<Check> {
    vec![
        check!(
            "data-post",
            "balances are not to be had by POST",
            PARAMETERS,
            |bench| post(bench)
        ),
        check!(
            "data-encryption-key-missing",
            "a call without x-enc-kid is refused",
            SEALING,
            |bench| refused(bench, [DataTweak::EncryptionKid(None)], REQUEST)
        ),
        check!(
            "data-encryption-key-unknown",
            "an x-enc-kid that the Data Consumer does not publish is refused",
            SEALING,
            |bench| refused(bench, [encryption_key(&"x".repeat(43))], REQUEST)
        ),
        check!(
            "data-encryption-key-signs",
            "a signing key cannot be encrypted to",
            SEALING,
            |bench| signing_key(bench)
        ),
        check!(
            "data-encryption-key-foreign",
            "nothing is encrypted to another Data Consumer's key",
            SEALING,
            |bench| foreign_encryption_key(bench)
        ),
        check!(
            "data-encryption-key-oversized",
            "an x-enc-kid of 60 KB is no server error",
            SEALING,
            |bench| oversized_key(bench)
        ),
        check!(
            "data-repeated-parameter",
            "a repeated query parameter is refused",
            PARAMETERS,
            |bench| repeated_parameter(bench)
        ),
        check!(
            "data-repeated-consent",
            "a second consent_id is refused",
            PARAMETERS,
            |bench| repeated_consent(bench)
        ),
        check!(
            "data-malformed-account",
            "an account id that cannot be one is refused",
            PARAMETERS,
            |bench| malformed_account(bench)
        ),
        check!(
            "data-malformed-dates",
            "a date that is none is refused",
            "v1.2.2, Transactions",
            |bench| malformed_dates(bench)
        ),
    ]
}

fn encryption_key(kid: &str) -> DataTweak {
    DataTweak::EncryptionKid(Some(kid.to_owned()))
}

async fn post(bench: &Bench<'_>) -> Outcome {
    for method in ["POST", "PUT", "DELETE"] {
        refused(bench, [DataTweak::Method(method.to_owned())], METHOD).await?;
    }
    Ok(())
}

async fn signing_key(bench: &Bench<'_>) -> Outcome {
    let kid = bench.key_id(&bench.consumer()?.key("signing"))?;
    refused(bench, [encryption_key(&kid)], REQUEST).await
}

async fn foreign_encryption_key(bench: &Bench<'_>) -> Outcome {
    let kid = bench.key_id(&bench.other_consumer()?.key("encryption"))?;
    refused(bench, [encryption_key(&kid)], REQUEST).await
}

async fn oversized_key(bench: &Bench<'_>) -> Outcome {
    let call = balances(bench)
        .await?
        .with(encryption_key(&"x".repeat(60 * 1024)));
    if let Ok(answer) = bench.simulator.data_call(call).await {
        let status = answer.status();
        ensure!(
            (400..500).contains(&status),
            "{status} {}",
            answer.answer.text()
        );
    }
    opened(&bench.simulator.data_call(balances(bench).await?).await?)
}

async fn repeated_parameter(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let call = DataCall::transactions(&shared.consent_id, &shared.account_id)
        .query("page_size", "10")
        .with(DataTweak::UnsignedQuery(
            "page_size".to_owned(),
            "20".to_owned(),
        ));
    refused_call(bench, call, REQUEST).await
}

async fn repeated_consent(bench: &Bench<'_>) -> Outcome {
    let other = bench.awaiting().await?.consent_id;
    refused(
        bench,
        [DataTweak::UnsignedQuery("consent_id".to_owned(), other)],
        REQUEST,
    )
    .await
}

async fn malformed_account(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let call = DataCall::balances(&shared.consent_id, "x".repeat(65));
    refused_call(bench, call, REQUEST).await
}

async fn malformed_dates(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    for (from, to) in [
        ("yesterday", "2026-01-01"),
        ("2026-02-31", "2026-03-01"),
        ("2026-03-01", "2026-02-01"),
    ] {
        let call = DataCall::transactions(&shared.consent_id, &shared.account_id)
            .query("from_date", from)
            .query("to_date", to);
        let refused = refused_call(bench, call, REQUEST).await;
        refused.map_err(|finding| finding.about(&format!("{from} to {to}")))?;
    }
    Ok(())
}
