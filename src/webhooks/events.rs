//! `POST /v1/consents/events`: PayNet created or changed a consent. The same event may come again, late, or
//! before an older one; it is stored once, and its effect is the state machine's business.

use aws_lc_rs::digest::{SHA256, digest};
use izin_jose::base64url;

use super::Webhooks;
use crate::consent::{Change, Command, NewConsent, Outcome, PlatformReport, apply, register};
use crate::generated::ofp_dp::types;
use crate::http::{ApiError, ErrorCode};
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
        let reported = consent_from_wire(event.data).map_err(ApiError::invalid_request)?;
        if reported.dp_id != self.authorization.dp_id {
            return Err(ApiError::new(
                ErrorCode::AccessDenied,
                "this event is for another Data Provider",
            ));
        }
        let row = self.event_row(&call, event_type, &reported)?;
        let authorization = self.authorization.clone();
        let stored = detached(async move {
            loop {
                let change = match authorization.store.consent(&reported.id).await? {
                    None => Some(register(
                        reported.clone(),
                        authorization.window,
                        authorization.clock.now(),
                    )),
                    Some(known) => effect_on(&known, &reported, authorization.clock.now()),
                };
                match authorization
                    .store
                    .record_event(row.clone(), change.as_ref())
                    .await
                {
                    // Somebody changed the consent meanwhile: look again.
                    Err(StoreError::Stale) => {}
                    other => return other,
                }
            }
        });
        let is_new = stored.await??;
        if !is_new {
            tracing::info!("the event was already known");
        }
        Ok(types::Empty {})
    }

    fn event_row(
        &self,
        call: &EventCall,
        event_type: &str,
        reported: &NewConsent,
    ) -> Result<EventRow, ApiError> {
        let body = String::from_utf8(call.signed_bytes.to_vec())
            .map_err(|_| ApiError::invalid_request("the event is not UTF-8"))?;
        Ok(EventRow {
            consent_id: reported.id.to_string(),
            event_type: event_type.to_owned(),
            body_sha256: base64url::encode(digest(&SHA256, &call.signed_bytes).as_ref()),
            body,
            received_at: At(self.authorization.clock.now()),
        })
    }
}

fn effect_on(
    known: &crate::consent::Consent,
    reported: &NewConsent,
    now: chrono::DateTime<chrono::Utc>,
) -> Option<Change> {
    let report = PlatformReport {
        status: reported.status,
        reason: reported.reason.clone(),
        updated_at: reported.updated_at,
    };
    match apply(known, Command::Report(report), now) {
        Ok(Outcome::Changed(change)) => Some(*change),
        Ok(Outcome::Unchanged(why)) => {
            tracing::info!(consent = %known.id, why, "the event changes nothing");
            None
        }
        // Reports are never refused; they are taken in or not.
        Err(refusal) => {
            tracing::warn!(consent = %known.id, %refusal, "the event was refused by the state machine");
            None
        }
    }
}
