//! Account calls: the Data Consumer signs end to end, PayNet perhaps for its hop, and the answer is encrypted to the consumer.

use izin_jose::{KeyError, KeyId, UnverifiedJws};

use super::claims::{CallClaims, Expected, OneTimeUse};
use super::context::AccountCall;
use super::guard::{OfpGuard, consent_id_missing, consent_id_of};
use super::request::RequestFacts;
use super::seal::Recipient;
use super::verifier::{SignatureRefusal, Signed};
use crate::config::{SignatureHeader, SigningParty};
use crate::http::{ApiError, ErrorCode};
use crate::ids::{ConsentId, DcId};
use crate::paynet::Party;
use crate::store::At;

impl OfpGuard {
    pub(super) async fn open_account(
        &self,
        facts: &RequestFacts,
    ) -> Result<(AccountCall, Recipient), ApiError> {
        let signatures = self.signatures(facts)?;
        let consent_id = match facts.query.get("consent_id") {
            Some(_) => consent_id_of(facts)?,
            None => subject_of(&signatures)?,
        };
        let unknown = || {
            ApiError::new(ErrorCode::ConsentInvalid, "there is no such consent")
                .because("consent.unknown")
        };
        let consent = self.store.consent(&consent_id).await?.ok_or_else(unknown)?;
        let dc_id = consent.dc_id;
        self.verify_account_signatures(facts, &signatures, &dc_id, &consent_id)
            .await?;
        let recipient = self.recipient(facts, &dc_id).await?;
        let interaction_id = facts.interaction_id;
        Ok((
            AccountCall {
                consent_id,
                dc_id,
                interaction_id,
            },
            recipient,
        ))
    }

    /// Every signature must verify, and at least one must carry the claims that bind it to this request and
    /// to one use.
    async fn verify_account_signatures(
        &self,
        facts: &RequestFacts,
        signatures: &[(SignatureHeader, &str)],
        dc_id: &DcId,
        consent_id: &ConsentId,
    ) -> Result<(), ApiError> {
        let consumer = Party::Consumer(dc_id.clone());
        let content = consent_id.as_str().as_bytes();
        let mut bound = Vec::new();
        for (header, signature) in signatures {
            let party = self.sealer.profile.party_of(*header);
            let claims = self.account_signature(signature, party, &consumer, content);
            bound.extend(claims.await?);
        }
        if bound.is_empty() {
            let told = "no signature of the Data Consumer with claims";
            return Err(ApiError::new(ErrorCode::InvalidClaim, told).because("claims.missing"));
        }
        let expected = Expected {
            profile: &self.sealer.profile,
            issuer: dc_id,
            audience: &self.sealer.dp_id,
            path: &facts.path,
            query: &facts.query,
            now: self.sealer.clock.now(),
        };
        let mut once = Vec::new();
        for claims in &bound {
            once.extend(claims.check(&expected)?);
        }
        // The same token may come in both headers; that is one use.
        once.dedup_by(|one, other| one.jti == other.jti);
        for one in once {
            self.use_up(dc_id, &one).await?;
        }
        Ok(())
    }

    /// One signature of an account call, by whom its header allows; with the consumer's claims, if it is attached. The
    /// consumer signs end to end; PayNet may sign its hop.
    async fn account_signature(
        &self,
        signature: &str,
        party: SigningParty,
        consumer: &Party,
        content: &[u8],
    ) -> Result<Option<CallClaims>, ApiError> {
        if party != SigningParty::Paynet {
            match self.verifier.verify(signature, consumer, content).await {
                Ok(Signed::Attached(jws)) => return Ok(Some(CallClaims::parse(jws.payload())?)),
                Ok(Signed::Detached(jws)) => {
                    self.check_age(jws.header())?;
                    return Ok(None);
                }
                // Only a key that the consumer does not have at all may be PayNet's.
                Err(SignatureRefusal::Key(KeyError::Unknown)) if party == SigningParty::Either => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        let verified = self
            .verifier
            .verify_content(signature, &Party::Paynet, content)
            .await?;
        self.check_age(verified.header())?;
        Ok(None)
    }

    async fn use_up(&self, dc_id: &DcId, one: &OneTimeUse) -> Result<(), ApiError> {
        let issuer = dc_id.as_str();
        if self
            .store
            .first_use(issuer, &one.jti, At(one.until))
            .await?
        {
            Ok(())
        } else {
            let told = "this request was already made (jti)";
            Err(ApiError::new(ErrorCode::InvalidClaim, told).because("claims.replayed"))
        }
    }

    async fn recipient(&self, facts: &RequestFacts, dc_id: &DcId) -> Result<Recipient, ApiError> {
        let unusable =
            || ApiError::invalid_request("x-enc-kid names no encryption key of the Data Consumer");
        let named = facts.header("x-enc-kid")?.ok_or_else(|| {
            ApiError::invalid_request("the header x-enc-kid is required")
                .because("key.enc_kid_missing")
        })?;
        let encryption_key: KeyId = named
            .parse()
            .map_err(|_| unusable().because("key.enc_kid_malformed"))?;
        let party = Party::Consumer(dc_id.clone());
        let keys = self.keys.keys(&party, &encryption_key).await;
        let keys = keys.map_err(SignatureRefusal::from)?;
        let now = self.sealer.clock.now().timestamp();
        if let Err(error) = keys.encryption_key(&encryption_key) {
            return Err(unusable()
                .because(error.reason())
                .detailed(error.to_string()));
        }
        if !keys.is_valid_at(&encryption_key, now) {
            return Err(unusable().because("key.certificate_expired"));
        }
        Ok(Recipient {
            dc_id: dc_id.clone(),
            keys,
            encryption_key,
        })
    }
}

/// Where no `consent_id` is given, the signed subject may name it (ADR 0001). Only used to find the
/// consent; the signature is then verified with that consent's consumer.
fn subject_of(signatures: &[(SignatureHeader, &str)]) -> Result<ConsentId, ApiError> {
    let subject = signatures.iter().find_map(|(_, compact)| {
        let jws = UnverifiedJws::parse(compact).ok()?;
        let claims = izin_jose::read_unambiguous(jws.unverified_payload()).ok()?;
        ConsentId::parse(claims["sub"].as_str()?).ok()
    });
    subject.ok_or_else(consent_id_missing)
}
