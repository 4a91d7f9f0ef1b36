//! Signatures of data calls: whose, with what, over what. Every refusal says the same, so that nobody learns why.

use serde_json::json;

use super::{
    Bench, Check,
    data_calls::{balances, opened, refused},
    finding::{Outcome, Seen},
    refusal::{Refusal, SIGNATURE, SIGNATURE_OR_CLAIM},
};
use crate::{forge::ForgedAlgorithm, scenario::DataTweak};

const SIGNING: &str = "v1.2.2, Message Signing";
const ALGORITHMS: &str = "v1.2.2, Message Signing; RFC 8725 §3.1";

pub(super) fn checks() -> Vec<Check> {
    let mut all = key_checks();
    all.extend(form_checks());
    all
}

fn key_checks() -> Vec<Check> {
    vec![
        attack!(
            "data-unsigned",
            "a call without any signature is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(
                bench,
                [DataTweak::WithoutSignature, DataTweak::WithoutHopSignature],
                must
            )
        ),
        attack!(
            "data-hop-alone",
            "PayNet's signature of the hop does not replace the Data Consumer's",
            SIGNING,
            SIGNATURE_OR_CLAIM,
            |bench, must| refused(bench, [DataTweak::WithoutSignature], must)
        ),
        attack!(
            "data-detached",
            "a signature that binds no claims is refused",
            SIGNING,
            SIGNATURE_OR_CLAIM,
            |bench, must| refused(bench, [DataTweak::Detached], must)
        ),
        attack!(
            "data-tampered-signature",
            "a damaged signature is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [DataTweak::TamperedSignature], must)
        ),
        attack!(
            "data-tampered-claims",
            "claims that are not what was signed are refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [DataTweak::TamperedPayload], must)
        ),
        attack!(
            "data-unknown-key",
            "a key that the Data Consumer does not publish is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [signed_by("rogue-signing")], must)
        ),
        attack!(
            "data-claimed-key",
            "a foreign signature under the Data Consumer's kid is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| claimed_key(bench, must)
        ),
        attack!(
            "data-paynet-key",
            "PayNet cannot sign in the Data Consumer's place",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [signed_by("paynet-signing")], must)
        ),
        attack!(
            "data-other-consumers-key",
            "another Data Consumer cannot sign either",
            SIGNING,
            SIGNATURE,
            |bench, must| other_consumers_key(bench, must)
        ),
        attack!(
            "data-encryption-key-verifies-nothing",
            "a key published for encryption verifies nothing",
            "RFC 7517 §4.2",
            SIGNATURE,
            |bench, must| encryption_key(bench, must)
        ),
        attack!(
            "data-unknown-kid",
            "a kid that nobody knows is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [DataTweak::Kid("nobody".to_owned())], must)
        ),
        attack!(
            "data-no-kid",
            "a signature that names no key is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(
                bench,
                [DataTweak::ProtectedHeader("kid".to_owned(), json!(null))],
                must
            )
        ),
    ]
}

fn form_checks() -> Vec<Check> {
    vec![
        attack!(
            "data-alg-rs256",
            "RS256 is refused for data calls",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused(bench, [DataTweak::Algorithm(ForgedAlgorithm::Rs256)], must)
        ),
        attack!(
            "data-alg-none",
            "the algorithm none is refused for data calls",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused(bench, [DataTweak::Algorithm(ForgedAlgorithm::None)], must)
        ),
        attack!(
            "data-alg-hs256",
            "HMAC with the Data Consumer's public key is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused(bench, [DataTweak::Algorithm(ForgedAlgorithm::Hs256)], must)
        ),
        attack!(
            "data-unknown-critical",
            "a critical header that is not understood is refused",
            "RFC 7515 §4.1.11",
            SIGNATURE,
            |bench, must| refused(bench, unknown_critical(), must)
        ),
        check!(
            "data-either-header",
            "the signature may come in either header, with PayNet's beside it or without",
            SIGNING,
            |bench| either_header(bench)
        ),
    ]
}

fn signed_by(key: &str) -> DataTweak {
    DataTweak::SignedBy(key.to_owned())
}

/// The parameter is there, so that its being unknown is the only reason.
fn unknown_critical() -> [DataTweak; 2] {
    [
        DataTweak::ProtectedHeader("crit".to_owned(), json!(["weather"])),
        DataTweak::ProtectedHeader("weather".to_owned(), json!("fine")),
    ]
}

async fn claimed_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let kid = bench.key_id(&bench.consumer()?.key("signing"))?;
    refused(
        bench,
        [signed_by("rogue-signing"), DataTweak::Kid(kid)],
        must,
    )
    .await
}

async fn other_consumers_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let key = bench.other_consumer()?.key("signing");
    refused(bench, [signed_by(&key)], must).await
}

async fn encryption_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let key = bench.consumer()?.key("encryption");
    refused(bench, [signed_by(&key)], must).await
}

async fn either_header(bench: &Bench<'_>) -> Outcome {
    let fapi = || DataTweak::SignatureHeader("x-fapi-signature".to_owned());
    for tweaks in [vec![], vec![DataTweak::WithoutHopSignature], vec![fapi()]] {
        let call = balances(bench).await?;
        let call = tweaks
            .into_iter()
            .fold(call, crate::scenario::DataCall::with);
        opened(&bench.simulator.data_call(call).await?)?;
    }
    Ok(())
}
