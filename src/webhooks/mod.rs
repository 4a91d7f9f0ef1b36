//! The operations PayNet calls, one file each. The generated trait is implemented here; signatures, claims
//! and sealing have happened or will happen around it (`trust`).

mod accounts;
mod authorize;
#[cfg(test)]
mod contract;
mod events;
mod mirror;

#[cfg(feature = "lab")]
pub use events::read_event;
pub use mirror::Mirror;

use crate::authorization::Authorization;
use crate::generated::ofp_dp::server::{
    AuthorizeOutput, AuthorizeParams, GetAccountBalancesParams, GetAccountParams,
    GetAccountTransactionsParams, GetHealthParams, GetUserinfoParams, OfpWebhooks,
    ReceiveConsentEventParams,
};
use crate::generated::ofp_dp::types;
use crate::http::ApiError;
use crate::keys::SigningKeys;
use crate::resources::Resources;
use crate::trust::{AccountCall, AuthorizeCall, EventCall, PublicCall, UserinfoCall};

// Parameters are taken apart even where the guard has used them all: one that a new edition brings then fails the build
// instead of being overlooked.

/// Everything PayNet may ask of us.
pub struct Webhooks {
    pub authorization: Authorization,
    /// Where browsers reach the customers' pages, without a trailing slash.
    pub public_url: String,
    pub resources: Resources,
    pub signing: SigningKeys,
}

impl OfpWebhooks for Webhooks {
    async fn authorize(
        &self,
        call: AuthorizeCall,
        params: AuthorizeParams,
    ) -> Result<AuthorizeOutput, ApiError> {
        self.begin_authorization(call, params).await
    }

    async fn get_userinfo(
        &self,
        call: UserinfoCall,
        params: GetUserinfoParams,
    ) -> Result<types::UserInfo, ApiError> {
        let GetUserinfoParams {
            consent_id: _,
            x_fapi_signature: _,
            x_signature: _,
            x_fapi_interaction_id: _,
        } = params;
        self.resources.userinfo(&call).await
    }

    async fn get_provider_jwks(&self, _call: PublicCall) -> Result<types::JwkSet, ApiError> {
        let published = serde_json::json!(self.signing.published());
        serde_json::from_value(published).map_err(ApiError::internal)
    }

    async fn get_health(
        &self,
        _call: PublicCall,
        params: GetHealthParams,
    ) -> Result<types::Health, ApiError> {
        let GetHealthParams {
            x_fapi_interaction_id: _,
        } = params;
        self.resources.store.ping().await?;
        Ok(types::Health {
            status: Some("ok".to_owned()),
        })
    }

    async fn receive_consent_event(
        &self,
        call: EventCall,
        params: ReceiveConsentEventParams,
        body: types::ConsentEvent,
    ) -> Result<types::Empty, ApiError> {
        let ReceiveConsentEventParams {
            x_fapi_signature: _,
            x_signature: _,
            x_fapi_interaction_id: _,
        } = params;
        self.take_event(call, body).await
    }

    async fn get_account(
        &self,
        call: AccountCall,
        params: GetAccountParams,
    ) -> Result<types::AccountData, ApiError> {
        let GetAccountParams {
            account_id,
            consent_id: _,
            x_fapi_signature: _,
            x_signature: _,
            x_enc_kid: _,
            x_fapi_interaction_id: _,
        } = params;
        self.resources.account(&call, &account_id).await
    }

    async fn get_account_balances(
        &self,
        call: AccountCall,
        params: GetAccountBalancesParams,
    ) -> Result<types::BalanceData, ApiError> {
        let GetAccountBalancesParams {
            account_id,
            consent_id: _,
            x_fapi_signature: _,
            x_signature: _,
            x_enc_kid: _,
            x_fapi_interaction_id: _,
        } = params;
        self.resources.balance(&call, &account_id).await
    }

    async fn get_account_transactions(
        &self,
        call: AccountCall,
        params: GetAccountTransactionsParams,
    ) -> Result<types::TransactionsData, ApiError> {
        self.list_transactions(call, params).await
    }
}
