//! `GET /v1/oauth/authorize`: 303 to our own sign-in with a one-time handle, and no cookie on that answer,
//! so that it works whether the browser or PayNet itself follows it (docs/decisions/0001-wire-profile.md).

use super::Webhooks;
use crate::authorization::BeginRefusal;
use crate::generated::ofp_dp::server::{AuthorizeOutput, AuthorizeParams};
use crate::http::{ApiError, ErrorCode};
use crate::trust::AuthorizeCall;

impl Webhooks {
    pub(super) async fn begin_authorization(
        &self,
        call: AuthorizeCall,
        params: AuthorizeParams,
    ) -> Result<AuthorizeOutput, ApiError> {
        // Taken apart, so that a parameter of a new edition cannot be overlooked. The guard has used the rest.
        let AuthorizeParams {
            consent_id: _,
            redirect_uri,
            signature: _,
        } = params;
        let handle = self
            .authorization
            .begin(&call.consent_id, &redirect_uri)
            .await
            .map_err(refused)?;
        Ok(AuthorizeOutput {
            location: format!("{}/authorize/{}", self.public_url, handle.expose()),
        })
    }
}

fn refused(refusal: BeginRefusal) -> ApiError {
    match refusal {
        BeginRefusal::ForeignRedirect => {
            ApiError::invalid_request("redirect_uri is not registered").because("redirect.foreign")
        }
        BeginRefusal::UnknownConsent => {
            ApiError::new(ErrorCode::ConsentInvalid, "there is no such consent")
                .because("consent.unknown")
        }
        BeginRefusal::HandleSpent => {
            ApiError::invalid_request("the link was used before").because("redirect.link_spent")
        }
        BeginRefusal::Unavailable(cause) => {
            ApiError::unavailable(cause).because("paynet.unavailable")
        }
    }
}
