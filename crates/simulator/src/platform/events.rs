//! Consent events: PayNet tells a Data Provider that a consent was created or has changed.

use std::sync::Arc;

use serde::Serialize;

use super::{Platform, consent::Consent, error::ApiError, state::SentEvent};

/// What happened; v1.2.2, Consent Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    ConsentCreated,
    ConsentEventTypeUnspecified,
    ConsentStatusUpdated,
    ConsentUpdated,
}

impl EventType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConsentCreated => "consent_created",
            Self::ConsentEventTypeUnspecified => "consent_event_type_unspecified",
            Self::ConsentStatusUpdated => "consent_status_updated",
            Self::ConsentUpdated => "consent_updated",
        }
    }
}

/// The body of `POST /v1/consents/events`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Event {
    pub(crate) event_type: EventType,
    pub(crate) data: Consent,
}

impl Platform {
    /// Posts the event, signed, and remembers what came of it.
    pub(crate) async fn announce(
        &self,
        consent_id: &str,
        event_type: EventType,
    ) -> Result<SentEvent, ApiError> {
        let consent = self.current_consent(consent_id);
        let consent = consent.ok_or_else(|| ApiError::consent_invalid("no such consent"))?;
        let provider = self.provider(&consent.dp_id);
        let provider =
            provider.ok_or_else(|| ApiError::invalid_request("unknown Data Provider"))?;
        let event = Event {
            event_type,
            data: consent,
        };
        let answer = self
            .providers
            .post_event(&provider.webhooks_url, &event)
            .await;
        let sent = SentEvent {
            event_type: event_type.as_str(),
            status: answer.as_ref().ok().copied(),
            failure: answer.err().map(|error| error.to_string()),
        };
        self.record_event(consent_id, sent.clone());
        Ok(sent)
    }

    /// Announces without keeping anybody waiting; a failure shows in the consent's list of events.
    pub(crate) fn announce_later(self: &Arc<Self>, consent_id: String, event_type: EventType) {
        let platform = Arc::clone(self);
        self.running.spawn(async move {
            if let Err(error) = platform.announce(&consent_id, event_type).await {
                tracing::warn!(%error, "a consent event could not be sent");
            }
        });
    }
}
