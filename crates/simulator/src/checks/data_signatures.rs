//! Signatures of data calls: whose, with what, over what. Every refusal says the same, so that nobody learns why.

use serde_json::json;

use super::{
    Bench, Check,
    data_calls::{balances, opened, refused},
    finding::Outcome,
    refusal::{SIGNATURE, SIGNATURE_OR_CLAIM},
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
        check!(
            "data-unsigned",
            "a call without any signature is refused",
            SIGNING,
            |bench| refused(
                bench,
                [DataTweak::WithoutSignature, DataTweak::WithoutHopSignature],
                SIGNATURE
            )
        ),
        check!(
            "data-hop-alone",
            "PayNet's signature of the hop does not replace the Data Consumer's",
            SIGNING,
            |bench| refused(bench, [DataTweak::WithoutSignature], SIGNATURE_OR_CLAIM)
        ),
        check!(
            "data-detached",
            "a signature that binds no claims is refused",
            SIGNING,
            |bench| refused(bench, [DataTweak::Detached], SIGNATURE_OR_CLAIM)
        ),
        check!(
            "data-tampered-signature",
            "a damaged signature is refused",
            SIGNING,
            |bench| refused(bench, [DataTweak::TamperedSignature], SIGNATURE)
        ),
        check!(
            "data-tampered-claims",
            "claims that are not what was signed are refused",
            SIGNING,
            |bench| refused(bench, [DataTweak::TamperedPayload], SIGNATURE)
        ),
        check!(
            "data-unknown-key",
            "a key that the Data Consumer does not publish is refused",
            SIGNING,
            |bench| refused(bench, [signed_by("rogue-signing")], SIGNATURE)
        ),
        check!(
            "data-claimed-key",
            "a foreign signature under the Data Consumer's kid is refused",
            SIGNING,
            |bench| claimed_key(bench)
        ),
        check!(
            "data-paynet-key",
            "PayNet cannot sign in the Data Consumer's place",
            SIGNING,
            |bench| refused(bench, [signed_by("paynet-signing")], SIGNATURE)
        ),
        check!(
            "data-other-consumers-key",
            "another Data Consumer cannot sign either",
            SIGNING,
            |bench| other_consumers_key(bench)
        ),
        check!(
            "data-encryption-key-verifies-nothing",
            "a key published for encryption verifies nothing",
            "RFC 7517 §4.2",
            |bench| encryption_key(bench)
        ),
        check!(
            "data-unknown-kid",
            "a kid that nobody knows is refused",
            SIGNING,
            |bench| refused(bench, [DataTweak::Kid("nobody".to_owned())], SIGNATURE)
        ),
        check!(
            "data-no-kid",
            "a signature that names no key is refused",
            SIGNING,
            |bench| refused(
                bench,
                [DataTweak::ProtectedHeader("kid".to_owned(), json!(null))],
                SIGNATURE
            )
        ),
    ]
}

fn form_checks() -> Vec<Check> {
    vec![
        check!(
            "data-alg-rs256",
            "RS256 is refused for data calls",
            ALGORITHMS,
            |bench| refused(
                bench,
                [DataTweak::Algorithm(ForgedAlgorithm::Rs256)],
                SIGNATURE
            )
        ),
        check!(
            "data-alg-none",
            "the algorithm none is refused for data calls",
            ALGORITHMS,
            |bench| refused(
                bench,
                [DataTweak::Algorithm(ForgedAlgorithm::None)],
                SIGNATURE
            )
        ),
        check!(
            "data-alg-hs256",
            "HMAC with the Data Consumer's public key is refused",
            ALGORITHMS,
            |bench| refused(
                bench,
                [DataTweak::Algorithm(ForgedAlgorithm::Hs256)],
                SIGNATURE
            )
        ),
        check!(
            "data-unknown-critical",
            "a critical header that is not understood is refused",
            "RFC 7515 §4.1.11",
            |bench| refused(bench, unknown_critical(), SIGNATURE)
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

async fn claimed_key(bench: &Bench<'_>) -> Outcome {
    let kid = bench.key_id(&bench.consumer()?.key("signing"))?;
    refused(
        bench,
        [signed_by("rogue-signing"), DataTweak::Kid(kid)],
        SIGNATURE,
    )
    .await
}

async fn other_consumers_key(bench: &Bench<'_>) -> Outcome {
    let key = bench.other_consumer()?.key("signing");
    refused(bench, [signed_by(&key)], SIGNATURE).await
}

async fn encryption_key(bench: &Bench<'_>) -> Outcome {
    let key = bench.consumer()?.key("encryption");
    refused(bench, [signed_by(&key)], SIGNATURE).await
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
