//! `POST /v1/consents/events`: PayNet created or changed a consent. The same event may come again, late, or
//! before an older one; it is stored once, and its effect is the state machine's business.

use aws_lc_rs::digest::{SHA256, digest};
use izin_jose::base64url;

use super::Webhooks;
use crate::authorization::Authorization;
use crate::consent::{Command, NewConsent, Outcome, PlatformReport, Status, apply, register};
use crate::generated::ofp_dp::types;
#[cfg(feature = "lab")]
use crate::generated::runtime::JsonBody;
use crate::http::{ApiError, ErrorCode};
use crate::ids::{ConsentId, DpId};
use crate::paynet::consent_from_wire;
use crate::store::{At, EventRow, StoreError, detached};
use crate::trust::EventCall;

impl Webhooks {
    pub(super) async fn take_event(
        &self,
        call: EventCall,
        event: types::ConsentEvent,
    ) -> Result<types::Empty, ApiError> {
        let event_type = event.event_type.as_str();
        let reported = reported(event.data, &self.authorization.dp_id)?;
        let row = self.event_row(&call, event_type, &reported)?;
        let authorization = self.authorization.clone();
        detached(async move { take(&authorization, row, &reported).await }).await??;
        Ok(types::Empty {})
    }

    fn event_row(
        &self,
        call: &EventCall,
        event_type: &str,
        reported: &NewConsent,
    ) -> Result<EventRow, ApiError> {
        let body = String::from_utf8(call.signed_bytes.to_vec()).map_err(|_| {
            ApiError::invalid_request("the event is not UTF-8").because("event.not_utf8")
        })?;
        Ok(EventRow {
            consent_id: reported.id.to_string(),
            event_type: event_type.to_owned(),
            body_sha256: base64url::encode(digest(&SHA256, &call.signed_bytes).as_ref()),
            body,
            received_at: At(self.authorization.clock.now()),
        })
    }
}

/// The consent that an event is about, if it is one of ours.
fn reported(consent: types::Consent, ours: &DpId) -> Result<NewConsent, ApiError> {
    let reported = consent_from_wire(consent)
        .map_err(|problem| ApiError::invalid_request(problem).because("event.unusable_consent"))?;
    if reported.dp_id == *ours {
        Ok(reported)
    } else {
        let told = "this event is for another Data Provider";
        Err(ApiError::new(ErrorCode::AccessDenied, told).because("event.other_provider"))
    }
}

/// What a body says that PayNet has signed, for tests: the event written again, and the consent that would be stored.
#[cfg(feature = "lab")]
pub fn read_event(body: &[u8], ours: &DpId) -> Result<(String, NewConsent), String> {
    let event = JsonBody::<types::ConsentEvent>::read(body)?;
    let again = serde_json::json!(event).to_string();
    let reported = reported(event.data, ours);
    Ok((again, reported.map_err(|error| error.reason.to_owned())?))
}

/// Stores the event and its effect. A repeated event is stored once, but its effect is looked at each time:
/// a restriction that comes again, after whatever else, restricts again.
async fn take(
    authorization: &Authorization,
    row: EventRow,
    reported: &NewConsent,
) -> Result<(), ApiError> {
    let mut command = Command::Report(reported.report());
    loop {
        let now = authorization.clock.now();
        let known = authorization.store.consent(&reported.id).await?;
        let mut status = known.as_ref().map(|known| known.status);
        let change = match known {
            None => Some(register(reported.clone(), authorization.window, now)),
            Some(known) => match apply(&known, command.clone(), now) {
                Ok(Outcome::Changed(change)) => {
                    status = Some(change.consent.status);
                    Some(*change)
                }
                Ok(Outcome::Unchanged(why)) => {
                    tracing::info!(consent = %known.id, why, "the event changes nothing");
                    None
                }
                Ok(Outcome::Uncertain) => {
                    command = Command::Adopt(present_word(authorization, &known.id).await?);
                    continue;
                }
                // Reports are never refused; they are taken in or not.
                Err(refusal) => return Err(ApiError::internal(refusal)),
            },
        };
        match authorization
            .store
            .record_event(row.clone(), change.as_ref())
            .await
        {
            // Somebody changed the consent meanwhile: look again.
            Err(StoreError::Stale) => {}
            other => {
                other?;
                if status == Some(Status::Deciding) {
                    hasten(authorization, &reported.id).await;
                }
                return Ok(());
            }
        }
    }
}

/// An event that leaves an approval without PayNet's word is a sign that the word can be had. The event itself is stored.
async fn hasten(authorization: &Authorization, id: &ConsentId) {
    if let Err(error) = authorization.settling().hasten(id).await {
        tracing::warn!(consent = %id, %error, "its delivery was not hastened");
    }
}

/// What PayNet says when it is asked. If it does not answer, neither do we, and the event comes again.
async fn present_word(
    authorization: &Authorization,
    id: &ConsentId,
) -> Result<PlatformReport, ApiError> {
    let remote = authorization.paynet.retrieve_consent(id).await;
    let unavailable = |error| ApiError::unavailable(error).because("paynet.unavailable");
    Ok(remote.map_err(unavailable)?.report())
}
