//! Data calls: which consent, which account, which data. What is not covered is refused, whoever asks.

use uuid::Uuid;

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::Outcome,
    refusal::{CONSENT, Refusal, SCOPE},
};
use crate::{
    platform::consent::ConsentStatus,
    scenario::{DataAnswer, DataCall, DataTweak, Resource},
};

const CONSENT_RULES: &str = "v1.2.2, Consent Status; Error Codes";
const ACCOUNTS: &str = "v1.2.2, Consented Accounts";

/// A consent of another Data Consumer: its signature is not the one expected, or the consent is not its own.
const NOT_THEIRS: [Refusal; 2] = [super::refusal::SIGNATURE_OR_CLAIM, CONSENT];

pub(super) fn checks() -> Vec<Check> {
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
