//! Keys that a Data Consumer publishes and that must verify nothing. Each is tried by a consumer of its own, whose consent nobody has
//! approved: a signature that is believed gets another answer than one that is not.

use serde_json::{Value, json};

use super::{
    Bench, Check,
    data_calls::refused_call,
    finding::{Outcome, Seen},
    refusal::{CONSENT, Refusal, SIGNATURE},
};
use crate::{
    forge::{
        ForgedAlgorithm, Forgery,
        foreign::{bare_jwk, private_jwk, x5c},
    },
    pki::{Leaf, Pki, Usage},
    scenario::{DataCall, DataTweak},
};

const KEYS: &str = "RFC 7517 §4.5 and §5";

/// Keys that no party has beside the attacker.
const WEAK: Leaf = Leaf::trusted("attack-weak-signing", "Somebody else", Usage::WeakSigning);
const ELLIPTIC: Leaf = Leaf::trusted("attack-p384-signing", "Somebody else", Usage::SigningP384);

/// What is published under the kid, and how the call is signed.
struct Published {
    keys: Vec<Value>,
    key: &'static str,
    algorithm: ForgedAlgorithm,
    /// What the header says, if not the algorithm's name.
    alg: Option<&'static str>,
}

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "keys-two-of-one-kid",
            "a key set with two keys of one name, either first",
            KEYS,
            SIGNATURE,
            |bench, must| two_of_one_kid(bench, must)
        ),
        attack!(
            "keys-symmetric",
            "an HMAC with a secret that the key set publishes",
            "RFC 7518 §6.4; RFC 8725 §3.1",
            SIGNATURE,
            |bench, must| refused(bench, must, |pki, kid| {
                let secret = izin_jose::base64url::encode(&pki.certificate(ROGUE)?);
                Ok(Published {
                    keys: vec![json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": secret })],
                    algorithm: ForgedAlgorithm::Hs256,
                    ..Published::bare(pki, kid)?
                })
            })
        ),
        attack!(
            "keys-weak",
            "an RSA key of 1,024 bits",
            "RFC 7518 §3.5",
            SIGNATURE,
            |bench, must| refused(bench, must, |pki, kid| {
                pki.issue_in_memory(&WEAK)?;
                Ok(Published {
                    keys: vec![bare_jwk(pki, WEAK.name, kid)?],
                    key: WEAK.name,
                    ..Published::bare(pki, kid)?
                })
            })
        ),
        attack!(
            "keys-elliptic-named-ps256",
            "an elliptic key whose token says PS256",
            "RFC 8725 §3.1; RFC 7515 §4.1.1",
            SIGNATURE,
            |bench, must| refused(bench, must, elliptic)
        ),
        attack!(
            "keys-of-other-use",
            "a signature with a key that says it is for encryption, by use, key_ops or alg",
            "RFC 7517 §4.2 to §4.4",
            SIGNATURE,
            |bench, must| other_use(bench, must)
        ),
        attack!(
            "keys-private",
            "a key that was published with its private part",
            "RFC 7517 §9.2",
            SIGNATURE,
            |bench, must| refused(bench, must, |pki, kid| {
                let keys = vec![private_jwk(pki, ROGUE, kid)?];
                Ok(Published {
                    keys,
                    ..Published::bare(pki, kid)?
                })
            })
        ),
        attack!(
            "keys-certificate-of-another",
            "a key with the certificate of another key",
            "RFC 7517 §4.7",
            SIGNATURE,
            |bench, must| refused(bench, must, |pki, kid| {
                let mut key = bare_jwk(pki, ROGUE, kid)?;
                key["x5c"] = x5c(pki, "dc-signing")?;
                Ok(Published {
                    keys: vec![key],
                    ..Published::bare(pki, kid)?
                })
            })
        ),
        attack!(
            "keys-nameless",
            "a key without a name, or whose name is no text",
            KEYS,
            SIGNATURE,
            |bench, must| nameless(bench, must)
        ),
    ]
}

const ROGUE: &str = "rogue-signing";

impl Published {
    /// A key that nothing is wrong with.
    fn bare(pki: &Pki, kid: &str) -> Outcome<Self> {
        Ok(Self {
            keys: vec![bare_jwk(pki, ROGUE, kid)?],
            key: ROGUE,
            algorithm: ForgedAlgorithm::Ps256,
            alg: None,
        })
    }
}

type Maker = fn(&Pki, &str) -> Outcome<Published>;

/// That the key is wrong is the only reason: the same with a key that is right gets further.
async fn refused(bench: &Bench<'_>, must: Refusal, maker: Maker) -> Outcome<Seen> {
    call(bench, CONSENT, Published::bare)
        .await
        .map_err(|finding| finding.about("with an honest key"))?;
    call(bench, must, maker).await
}

async fn call(bench: &Bench<'_>, must: Refusal, maker: Maker) -> Outcome<Seen> {
    let kid = "k".repeat(43);
    let published = maker(bench.simulator.pki(), &kid)?;
    let document = json!({ "keys": published.keys });
    let consent = bench.awaiting_of_publisher(document).await?;
    let consumer = &bench.consumer()?.dc_id;
    let account = uuid::Uuid::new_v4().to_string();
    let mut call = DataCall::balances(&consent.consent_id, account)
        .by(consumer)
        .with(DataTweak::Claim("iss".to_owned(), consent.dc_id.into()))
        .with(DataTweak::SignedBy(published.key.to_owned()))
        .with(DataTweak::Algorithm(published.algorithm))
        .with(DataTweak::Kid(kid.clone()))
        .with(DataTweak::WithoutHopSignature)
        .with(DataTweak::EncryptionKid(Some(kid)));
    if let Some(alg) = published.alg {
        let header = Forgery::Header("alg".to_owned(), alg.into());
        call = call.with(DataTweak::Forged(header));
    }
    refused_call(bench, call, must).await
}

async fn two_of_one_kid(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    let rogue_first: Maker = |pki, kid| {
        let keys = vec![
            bare_jwk(pki, ROGUE, kid)?,
            bare_jwk(pki, "dc-signing", kid)?,
        ];
        Ok(Published {
            keys,
            ..Published::bare(pki, kid)?
        })
    };
    let rogue_last: Maker = |pki, kid| {
        let keys = vec![
            bare_jwk(pki, "dc-signing", kid)?,
            bare_jwk(pki, ROGUE, kid)?,
        ];
        Ok(Published {
            keys,
            ..Published::bare(pki, kid)?
        })
    };
    for maker in [rogue_first, rogue_last] {
        seen.add(refused(bench, must, maker).await?);
    }
    Ok(seen)
}

fn elliptic(pki: &Pki, kid: &str) -> Outcome<Published> {
    pki.issue_in_memory(&ELLIPTIC)?;
    let jwk = crate::keys::public_jwk(
        &pki.certificate(ELLIPTIC.name)?,
        izin_jose::KeyUse::Signature,
    )?;
    let mut jwk = serde_json::to_value(jwk)?;
    jwk["kid"] = kid.into();
    Ok(Published {
        keys: vec![jwk],
        key: ELLIPTIC.name,
        algorithm: ForgedAlgorithm::Es384,
        alg: Some("PS256"),
    })
}

async fn other_use(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    let makers: [Maker; 3] = [
        |pki, kid| Published::saying(pki, kid, "use", json!("enc")),
        |pki, kid| Published::saying(pki, kid, "key_ops", json!(["encrypt", "wrapKey"])),
        |pki, kid| Published::saying(pki, kid, "alg", json!("RSA-OAEP-256")),
    ];
    for maker in makers {
        seen.add(refused(bench, must, maker).await?);
    }
    Ok(seen)
}

async fn nameless(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    let makers: [Maker; 3] = [
        |pki, kid| Published::saying(pki, kid, "kid", Value::Null),
        |pki, kid| Published::saying(pki, kid, "kid", json!("")),
        |pki, kid| Published::saying(pki, kid, "kid", json!([kid])),
    ];
    for maker in makers {
        seen.add(refused(bench, must, maker).await?);
    }
    Ok(seen)
}

impl Published {
    fn saying(pki: &Pki, kid: &str, member: &str, value: Value) -> Outcome<Self> {
        let mut key = bare_jwk(pki, ROGUE, kid)?;
        key[member] = value;
        Ok(Self {
            keys: vec![key],
            ..Self::bare(pki, kid)?
        })
    }
}
