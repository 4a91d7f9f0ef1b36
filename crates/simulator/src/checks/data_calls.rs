//! Data calls: which consent, which account, which data. What is not covered is refused, whoever asks.

use uuid::Uuid;

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::{Outcome, Seen},
    refusal::{CONSENT, NOT_THEIRS, Refusal, SCOPE},
};
use crate::{
    platform::consent::ConsentStatus,
    scenario::{DataAnswer, DataCall, DataTweak, Resource},
};

const CONSENT_RULES: &str = "v1.2.2, Consent Status; Error Codes";
const ACCOUNTS: &str = "v1.2.2, Consented Accounts";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "data-other-account",
            "an account that the customer did not tick is refused",
            ACCOUNTS,
            CONSENT,
            |bench, must| other_account(bench, must)
        ),
        attack!(
            "data-unknown-account",
            "an account that does not exist is refused like one that is not covered",
            ACCOUNTS,
            CONSENT,
            |bench, must| unknown_account(bench, must)
        ),
        attack!(
            "data-other-customer",
            "an account of another customer is refused",
            ACCOUNTS,
            CONSENT,
            |bench, must| other_customer(bench, must)
        ),
        attack!(
            "data-other-consumer",
            "a consent of another Data Consumer is refused",
            CONSENT_RULES,
            NOT_THEIRS,
            |bench, must| other_consumer(bench, must)
        ),
        attack!(
            "data-unknown-consent",
            "an unknown consent is refused",
            CONSENT_RULES,
            CONSENT,
            |bench, must| unknown_consent(bench, must)
        ),
        attack!(
            "data-awaiting",
            "a consent that nobody approved is refused",
            CONSENT_RULES,
            CONSENT,
            |bench, must| awaiting(bench, must)
        ),
        attack!(
            "data-revoked",
            "a revocation takes effect on the very next call",
            CONSENT_RULES,
            CONSENT,
            |bench, must| revoked(bench, must)
        ),
        check!(
            "data-suspended",
            "a suspension pauses and a reinstatement resumes",
            CONSENT_RULES,
            |bench| bench.repaired(suspended(bench))
        ),
        attack!(
            "data-permission-missing",
            "data that the consent does not include is refused",
            "v1.2.2, Permissions",
            SCOPE,
            |bench, must| permission_missing(bench, must)
        ),
    ]
}

/// The call with an interaction id of our own, which the refusal must bring back.
pub(super) async fn refused_call(
    bench: &Bench<'_>,
    call: DataCall,
    refusal: Refusal,
) -> Outcome<Seen> {
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
) -> Outcome<Seen> {
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

async fn other_account(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let mut seen = Seen::default();
    for account in &shared.other_accounts {
        for resource in RESOURCES {
            let call = DataCall::new(resource, &shared.consent_id, account);
            seen.add(refused_call(bench, call, must).await?);
        }
    }
    Ok(seen)
}

async fn unknown_account(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let call = DataCall::balances(&shared.consent_id, Uuid::new_v4().to_string());
    refused_call(bench, call, must).await
}

async fn other_customer(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    bench.other_customer()?;
    let (shared, theirs) = (bench.shared().await?, bench.narrow().await?);
    let mut seen = Seen::default();
    for resource in RESOURCES {
        let call = DataCall::new(resource, &shared.consent_id, &theirs.account_id);
        seen.add(refused_call(bench, call, must).await?);
    }
    Ok(seen)
}

async fn other_consumer(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let other = bench.other_consumer()?;
    let call = balances(bench).await?.by(&other.dc_id);
    refused_call(bench, call, must).await
}

async fn unknown_consent(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let unknown = fresh_id();
    let tweaks = [
        DataTweak::ConsentParameter(Some(unknown.clone())),
        DataTweak::Claim("sub".to_owned(), unknown.into()),
    ];
    refused(bench, tweaks, must).await
}

async fn awaiting(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let consent = bench.awaiting().await?;
    let call = DataCall::balances(&consent.consent_id, &shared.account_id);
    refused_call(bench, call, must).await
}

/// Served until PayNet said stop, and not once afterwards.
async fn revoked(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let revoked = bench.revoked().await?;
    let mut seen = Seen::default();
    for resource in RESOURCES {
        let call = DataCall::new(resource, &revoked.consent_id, &revoked.account_id);
        seen.add(refused_call(bench, call, must).await?);
    }
    Ok(seen)
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

async fn permission_missing(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let narrow = bench.narrow().await?;
    let call = DataCall::transactions(&narrow.consent_id, &narrow.account_id);
    refused_call(bench, call, must).await
}
