//! Data calls: which consent, which account, which data, sealed for whom. What is not covered is refused, whoever asks.

use uuid::Uuid;

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::Outcome,
    refusal::{CONSENT, METHOD, REQUEST, Refusal, SCOPE},
};
use crate::{
    platform::consent::ConsentStatus,
    scenario::{DataAnswer, DataCall, DataTweak, Resource},
};

const CONSENT_RULES: &str = "v1.2.2, Consent Status; Error Codes";
const ACCOUNTS: &str = "v1.2.2, Consented Accounts";
const SEALING: &str = "v1.2.2, Message Encryption";
const PARAMETERS: &str = "v1.2.2, Error Codes";

/// A consent of another Data Consumer: its signature is not the one expected, or the consent is not its own.
const NOT_THEIRS: [Refusal; 2] = [super::refusal::SIGNATURE_OR_CLAIM, CONSENT];

pub(super) fn checks() -> Vec<Check> {
    let mut all = consent_checks();
    all.extend(request_checks());
    all
}

fn consent_checks() -> Vec<Check> {
    vec![
        check!(
            "data-other-account",
            "an account that the customer did not tick is refused",
            ACCOUNTS,
            |bench| other_account(bench)
        ),
        check!(
            "data-unknown-account",
            "an account that does not exist is refused like one that is not covered",
            ACCOUNTS,
            |bench| unknown_account(bench)
        ),
        check!(
            "data-other-customer",
            "an account of another customer is refused",
            ACCOUNTS,
            |bench| other_customer(bench)
        ),
        check!(
            "data-other-consumer",
            "a consent of another Data Consumer is refused",
            CONSENT_RULES,
            |bench| other_consumer(bench)
        ),
        check!(
            "data-unknown-consent",
            "an unknown consent is refused",
            CONSENT_RULES,
            |bench| unknown_consent(bench)
        ),
        check!(
            "data-awaiting",
            "a consent that nobody approved is refused",
            CONSENT_RULES,
            |bench| awaiting(bench)
        ),
        check!(
            "data-revoked",
            "a revocation takes effect on the very next call",
            CONSENT_RULES,
            |bench| revoked(bench)
        ),
        check!(
            "data-suspended",
            "a suspension pauses and a reinstatement resumes",
            CONSENT_RULES,
            |bench| bench.repaired(suspended(bench))
        ),
        check!(
            "data-permission-missing",
            "data that the consent does not include is refused",
            "v1.2.2, Permissions",
            |bench| permission_missing(bench)
        ),
    ]
}

fn request_checks() -> Vec<Check> {
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

/// The call with an interaction id of our own, which the refusal must bring back.
pub(super) async fn refused_call(bench: &Bench<'_>, call: DataCall, refusal: Refusal) -> Outcome {
    let id = fresh_id();
    let call = call.with(DataTweak::InteractionId(Some(id.clone())));
    let answer = bench.simulator.data_call(call).await?;
    refusal.check(&answer.answer, Some(&id))
}

/// An otherwise honest call for the shared consent's balance.
pub(super) async fn refused<const N: usize>(
    bench: &Bench<'_>,
    tweaks: [DataTweak; N],
    refusal: Refusal,
) -> Outcome {
    let call = balances(bench).await?;
    let call = tweaks.into_iter().fold(call, DataCall::with);
    refused_call(bench, call, refusal).await
}

pub(super) async fn balances(bench: &Bench<'_>) -> Outcome<DataCall> {
    let shared = bench.shared().await?;
    Ok(DataCall::balances(&shared.consent_id, &shared.account_id))
}

pub(super) fn opened(answer: &DataAnswer) -> Outcome {
    ensure!(
        answer.status() == 200 && answer.problem.is_none(),
        "{} {:?} {}",
        answer.status(),
        answer.problem,
        answer.answer.text()
    );
    Ok(())
}

fn encryption_key(kid: &str) -> DataTweak {
    DataTweak::EncryptionKid(Some(kid.to_owned()))
}

const RESOURCES: [Resource; 3] = [
    Resource::Account,
    Resource::Balances,
    Resource::Transactions,
];

async fn other_account(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    for account in &shared.other_accounts {
        for resource in RESOURCES {
            refused_call(
                bench,
                DataCall::new(resource, &shared.consent_id, account),
                CONSENT,
            )
            .await?;
        }
    }
    Ok(())
}

async fn unknown_account(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let call = DataCall::balances(&shared.consent_id, Uuid::new_v4().to_string());
    refused_call(bench, call, CONSENT).await
}

async fn other_customer(bench: &Bench<'_>) -> Outcome {
    bench.other_customer()?;
    let (shared, theirs) = (bench.shared().await?, bench.narrow().await?);
    for resource in RESOURCES {
        let call = DataCall::new(resource, &shared.consent_id, &theirs.account_id);
        refused_call(bench, call, CONSENT).await?;
    }
    Ok(())
}

async fn other_consumer(bench: &Bench<'_>) -> Outcome {
    let other = bench.other_consumer()?;
    let call = balances(bench).await?.by(&other.dc_id);
    let id = fresh_id();
    let call = call.with(DataTweak::InteractionId(Some(id.clone())));
    let answer = bench.simulator.data_call(call).await?.answer;
    let fits = NOT_THEIRS
        .iter()
        .find(|refusal| refusal.status == answer.status);
    fits.unwrap_or(&CONSENT).check(&answer, Some(&id))
}

async fn unknown_consent(bench: &Bench<'_>) -> Outcome {
    let unknown = fresh_id();
    let tweaks = [
        DataTweak::ConsentParameter(Some(unknown.clone())),
        DataTweak::Claim("sub".to_owned(), unknown.into()),
    ];
    refused(bench, tweaks, CONSENT).await
}

async fn awaiting(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let consent = bench.awaiting().await?;
    let call = DataCall::balances(&consent.consent_id, &shared.account_id);
    refused_call(bench, call, CONSENT).await
}

/// Served until PayNet says stop, and not once afterwards.
async fn revoked(bench: &Bench<'_>) -> Outcome {
    let own = bench.authorized().await?;
    let call = |resource| DataCall::new(resource, &own.consent_id, &own.account_id);
    opened(&bench.simulator.data_call(call(Resource::Balances)).await?)?;
    becomes(bench, &own.consent_id, ConsentStatus::Revoked).await?;
    for resource in RESOURCES {
        refused_call(bench, call(resource), CONSENT).await?;
    }
    Ok(())
}

async fn suspended(bench: &Bench<'_>) -> Outcome {
    let consent_id = &bench.shared().await?.consent_id;
    becomes(bench, consent_id, ConsentStatus::Suspended).await?;
    refused(bench, [], CONSENT).await?;
    becomes(bench, consent_id, ConsentStatus::Authorized).await?;
    opened(&bench.simulator.data_call(balances(bench).await?).await?)
}

/// PayNet changes the consent and tells the provider.
async fn becomes(bench: &Bench<'_>, consent_id: &str, status: ConsentStatus) -> Outcome {
    let told = bench.simulator.transition(consent_id, status, None, "ofp");
    let told = told.await?;
    ensure!(
        told.accepted(),
        "the provider did not take the event: {told:?}"
    );
    Ok(())
}

async fn permission_missing(bench: &Bench<'_>) -> Outcome {
    let narrow = bench.narrow().await?;
    let call = DataCall::transactions(&narrow.consent_id, &narrow.account_id);
    refused_call(bench, call, SCOPE).await
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
