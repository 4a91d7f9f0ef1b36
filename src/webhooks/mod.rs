//! The operations PayNet calls, one file each. The generated trait is implemented here; signatures, claims
//! and sealing have happened or will happen around it (`trust`).

mod accounts;
mod authorize;
#[cfg(test)]
mod contract;
mod events;

use crate::authorization::Authorization;
use crate::generated::ofp_dp::server::{
    AuthorizeOutput, AuthorizeParams, GetAccountBalancesParams, GetAccountParams,
    GetAccountTransactionsParams, GetHealthParams, GetUserinfoParams, OfpWebhooks,
    ReceiveConsentEventParams,
};
use crate::generated::ofp_dp::types;
use crate::http::ApiError;
use crate::resources::Resources;
use crate::signing::SigningKeys;
use crate::trust::{AccountCall, AuthorizeCall, EventCall, PublicCall, UserinfoCall};

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
        _params: GetUserinfoParams,
    ) -> Result<types::UserInfo, ApiError> {
        self.resources.userinfo(&call.consent_id).await
    }

    async fn get_provider_jwks(&self, _call: PublicCall) -> Result<types::JwkSet, ApiError> {
        let published = serde_json::json!(self.signing.published());
        serde_json::from_value(published).map_err(ApiError::internal)
    }

    async fn get_health(
        &self,
        _call: PublicCall,
        _params: GetHealthParams,
    ) -> Result<types::Health, ApiError> {
        self.resources.store.ping().await?;
        Ok(types::Health {
            status: Some("ok".to_owned()),
        })
    }

    async fn receive_consent_event(
        &self,
        call: EventCall,
        _params: ReceiveConsentEventParams,
        body: types::ConsentEvent,
    ) -> Result<types::Empty, ApiError> {
        self.take_event(call, body).await
    }

    async fn get_account(
        &self,
        call: AccountCall,
        params: GetAccountParams,
    ) -> Result<types::AccountData, ApiError> {
        self.resources.account(&call, &params.account_id).await
    }

    async fn get_account_balances(
        &self,
        call: AccountCall,
        params: GetAccountBalancesParams,
    ) -> Result<types::BalanceData, ApiError> {
        self.resources.balance(&call, &params.account_id).await
    }

    async fn get_account_transactions(
        &self,
        call: AccountCall,
        params: GetAccountTransactionsParams,
    ) -> Result<types::TransactionsData, ApiError> {
        self.list_transactions(call, params).await
    }
}
