//! Userinfo, by which PayNet asks who approved.

use http::Method;
use serde_json::Value;

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::{Outcome, Seen},
    refusal::{CONSENT, REQUEST, Refusal, SIGNATURE, interaction_id},
};
use crate::{
    forge::{ForgedAlgorithm, Forgery, Signing, tamper_signature},
    scenario::Answer,
};

const USERINFO: &str = "v1.2.2, User Info";

pub(super) fn checks() -> Vec<Check> {
    vec![
        check!(
            "userinfo-honest",
            "userinfo names the customer who approved",
            USERINFO,
            |bench| honest(bench)
        ),
        attack!(
            "userinfo-no-interaction-id",
            "userinfo without an interaction id is refused, with a fresh one",
            USERINFO,
            REQUEST,
            |bench, must| without_id(bench, must)
        ),
        attack!(
            "userinfo-not-authorized",
            "userinfo of an undecided consent is refused",
            USERINFO,
            CONSENT,
            |bench, must| awaiting(bench, must)
        ),
        attack!(
            "userinfo-unknown-consent",
            "userinfo of an unknown consent is refused",
            USERINFO,
            CONSENT,
            |bench, must| unknown(bench, must)
        ),
        attack!(
            "userinfo-foreign-key",
            "userinfo signed with an unpublished key is refused",
            USERINFO,
            SIGNATURE,
            |bench, must| forged(bench, must)
        ),
        attack!(
            "userinfo-consumer-key",
            "a Data Consumer cannot sign for userinfo",
            USERINFO,
            SIGNATURE,
            |bench, must| by_consumer(bench, must)
        ),
        attack!(
            "userinfo-unsigned",
            "userinfo without a signature, or with the algorithm none, is refused",
            USERINFO,
            SIGNATURE,
            |bench, must| unsigned(bench, must)
        ),
        attack!(
            "userinfo-other-consents-signature",
            "userinfo with PayNet's signature of another consent is refused",
            USERINFO,
            SIGNATURE,
            |bench, must| of_another(bench, must)
        ),
    ]
}

struct Asked {
    consent_id: String,
    interaction_id: Option<String>,
    signing: Signing,
    /// What is signed instead of the consent id.
    signed: Option<String>,
}

impl Asked {
    fn about(consent_id: &str) -> Self {
        Self {
            consent_id: consent_id.to_owned(),
            interaction_id: Some(fresh_id()),
            signing: Signing::by("paynet-signing").detached(),
            signed: None,
        }
    }

    async fn send(&self, bench: &Bench<'_>, damage: bool) -> Outcome<Answer> {
        let consent_id = &self.consent_id;
        let content = self.signed.as_ref().unwrap_or(consent_id);
        let mut signature = bench.simulator.sign(&self.signing, content.as_bytes())?;
        if damage {
            signature = tamper_signature(&signature);
        }
        let url = format!(
            "{}/v1/oauth/userinfo?consent_id={consent_id}",
            bench.webhooks_url
        );
        let mut request = bench
            .simulator
            .request(Method::GET, url)
            .certificate("paynet-client");
        if let Some(id) = &self.interaction_id {
            request = request.header("x-fapi-interaction-id", id);
        }
        Ok(request.header("x-fapi-signature", signature).send().await?)
    }

    async fn refused(&self, bench: &Bench<'_>, refusal: Refusal) -> Outcome<Seen> {
        let answer = self.send(bench, false).await?;
        refusal.check(&answer, self.interaction_id.as_deref())
    }
}

async fn honest(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let asked = Asked::about(&shared.consent_id);
    let answer = asked.send(bench, false).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    interaction_id(&answer, asked.interaction_id.as_deref())?;
    let caching = answer.header("cache-control").unwrap_or_default();
    ensure!(caching.contains("no-store"), "cache-control is {caching:?}");
    let claims = answer.json();
    let consent = bench.consent(&shared.consent_id)?.consent;
    let hashed = consent.identity.map(|identity| identity.hashed_id_number);
    ensure!(
        claims["sub"].as_str().is_some_and(|sub| !sub.is_empty()),
        "no sub in {claims}"
    );
    ensure!(
        claims["hashed_id_number"].as_str() == hashed.as_deref()
            || claims["hashed_id_number"] == Value::Null,
        "not the customer PayNet was told of: {claims}"
    );
    Ok(())
}

async fn without_id(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let asked = Asked {
        interaction_id: None,
        ..Asked::about(&shared.consent_id)
    };
    asked.refused(bench, must).await
}

async fn awaiting(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let consent = bench.awaiting().await?;
    Asked::about(&consent.consent_id).refused(bench, must).await
}

async fn unknown(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    Asked::about(&fresh_id()).refused(bench, must).await
}

async fn forged(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let rogue = Signing::by("rogue-signing").detached();
    let asked = Asked {
        signing: rogue,
        ..Asked::about(&shared.consent_id)
    };
    asked.refused(bench, must).await?;
    let asked = Asked::about(&shared.consent_id);
    let answer = asked.send(bench, true).await?;
    must.check(&answer, asked.interaction_id.as_deref())
}

async fn by_consumer(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let key = bench.consumer()?.key("signing");
    let asked = Asked {
        signing: Signing::by(key).detached(),
        ..Asked::about(&shared.consent_id)
    };
    asked.refused(bench, must).await
}

async fn unsigned(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let mut seen = Seen::default();
    for forgery in [
        Forgery::Instead(String::new()),
        Forgery::Algorithm(ForgedAlgorithm::None),
    ] {
        let asked = Asked::about(&shared.consent_id);
        let signing = asked.signing.clone().forged(forgery);
        let asked = Asked { signing, ..asked };
        seen.add(asked.refused(bench, must).await?);
    }
    Ok(seen)
}

async fn of_another(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let other = bench.awaiting().await?.consent_id;
    let asked = Asked {
        signed: Some(other),
        ..Asked::about(&shared.consent_id)
    };
    asked.refused(bench, must).await
}
