//! What became of it, and the way back to the consumer. Success is shown only after PayNet has accepted.

use std::time::Duration;

use poem::Response;
use poem::http::StatusCode;

use super::Pages;
use super::flow::Visit;
use super::responses::{Forms, see};
use super::review::{chosen_account, clusters};
use super::views::{ErrorReason, ErrorView, Outcome, ResultView, Shared};
use crate::authorization::Step;
use crate::consent::{Consent, Status};
use crate::http::ApiError;
use crate::ids::CustomerId;

/// PayNet usually answers at once; so long the browser waits before it is shown "finishing".
const PATIENCE: Duration = Duration::from_millis(1500);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Pages {
    /// Waits a little for PayNet to take the decision in, so that most customers never see "finishing" and
    /// PayNet knows the outcome when the browser comes back.
    pub(super) async fn wait_for_platform(&self, visit: &Visit) {
        let told = async {
            while let Ok(true) = self
                .authorization
                .store
                .is_undelivered(&visit.consent.id)
                .await
            {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        // Not told in time is no failure: the delivery goes on.
        let _ = tokio::time::timeout(PATIENCE, told).await;
    }

    /// The consent as it is now.
    pub(super) async fn again(&self, visit: Visit) -> poem::Result<Visit> {
        let consent = self.authorization.consent(&visit.consent.id).await;
        match consent.map_err(ApiError::from)? {
            Some(consent) => Ok(Visit { consent, ..visit }),
            None => Ok(visit),
        }
    }

    /// The page of a consent that cannot be decided any more.
    pub(super) async fn show_outcome(&self, visit: Visit) -> poem::Result<Response> {
        let decided_here = matches!(visit.session.journey.step, Step::Decided { .. });
        let Some(outcome) = outcome(&visit.consent, decided_here) else {
            return Ok(self.over(&visit));
        };
        let shared = match (outcome, Self::sharer(&visit)) {
            (Outcome::Approved, Some(customer)) => self.shared(&visit, &customer).await?,
            _ => None,
        };
        let action_url = (outcome != Outcome::Finishing).then(|| "/consent/result".to_owned());
        let view = ResultView {
            outcome,
            action_url,
            shared,
        };
        Ok(self.rendered(
            StatusCode::OK,
            &self.frame(&visit),
            &view.into(),
            Forms::MayLeave,
        ))
    }

    /// The button "go back": 303 to the address of PayNet's verified link, which is checked once more.
    pub(super) fn submit_result(&self, visit: &Visit) -> poem::Result<Response> {
        let address = self
            .authorization
            .redirects
            .check(&visit.session.journey.redirect_uri);
        let Some(address) = address else {
            return Err(ApiError::invalid_request("redirect_uri is not registered").into());
        };
        let profile = &self.authorization.profile;
        let id = visit.consent.id.as_str();
        let location = match visit.consent.status {
            Status::Authorized | Status::Deciding => {
                address.with(&[(&profile.redirect_consent_id, id)])
            }
            _ => address.with(&[
                (&profile.redirect_consent_id, id),
                (&profile.redirect_error, "access_denied"),
                (
                    &profile.redirect_error_description,
                    "the customer did not share any data",
                ),
            ]),
        };
        Ok(see(&location))
    }

    /// Whom the details may be shown to: the customer who decided in this very session.
    fn sharer(visit: &Visit) -> Option<CustomerId> {
        match &visit.session.journey.step {
            Step::Decided { customer } => customer.clone(),
            step => step.signed_in().map(|signed_in| signed_in.customer.clone()),
        }
        .filter(|customer| visit.consent.customer.as_ref() == Some(customer))
    }

    async fn shared(&self, visit: &Visit, customer: &CustomerId) -> poem::Result<Option<Shared>> {
        let consent = &visit.consent;
        let ids = self
            .authorization
            .store
            .consented_accounts(&consent.id)
            .await;
        let ids = ids.map_err(ApiError::from)?;
        let mut accounts = self.offered(visit, customer).await?;
        accounts.retain(|offer| ids.contains(&offer.id));
        Ok(Some(Shared {
            data: clusters(&consent.permissions),
            accounts: accounts.iter().map(chosen_account).collect(),
            until: consent.expires_at,
        }))
    }

    /// Ended by somebody else: the clock, PayNet, or an earlier visit.
    fn over(&self, visit: &Visit) -> Response {
        let reason = match visit.consent.status {
            Status::AwaitingAuthorization | Status::Failed | Status::Expired => {
                ErrorReason::Expired
            }
            _ => ErrorReason::AlreadyDecided,
        };
        let mut view = ErrorView::new(reason);
        view.action_url = Some("/consent/error".into());
        self.rendered(
            StatusCode::OK,
            &self.frame(visit),
            &view.into(),
            Forms::MayLeave,
        )
    }
}

/// `None`: not decided in this session, so there is no result of the customer's own to show.
fn outcome(consent: &Consent, decided_here: bool) -> Option<Outcome> {
    match consent.status {
        Status::Deciding => Some(Outcome::Finishing),
        _ if !decided_here => None,
        Status::Authorized => Some(Outcome::Approved),
        Status::Rejected => Some(Outcome::Rejected),
        Status::Failed => Some(Outcome::Failed),
        Status::AwaitingAuthorization | Status::Suspended | Status::Expired | Status::Revoked => {
            None
        }
    }
}
