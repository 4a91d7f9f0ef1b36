//! The platform as Data Providers see it: the generated trait, answered from the platform's state.

use std::sync::Arc;

use poem::{Endpoint, EndpointExt};
use poem_openapi::OpenApiService;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Platform,
    error::ApiError,
    guard::{PlatformGuard, ProviderCall, PublicCall, TokenCall},
};
use crate::generated::ofp_dp::{
    VERSION,
    server::{
        GetConsumerJwksParams, IssueTokenParams, OfpPlatform, OfpPlatformRoutes,
        RetrieveConsentParams, RevokeConsentParams, UpdateConsentParams,
    },
    types,
};

/// The operations with these ids, behind the guard.
pub(super) fn service(
    platform: &Arc<Platform>,
    operations: &[&'static str],
) -> impl Endpoint + use<> {
    let handler = Arc::new(Api(Arc::clone(platform)));
    let guard = Arc::new(PlatformGuard(Arc::clone(platform)));
    let routes = OfpPlatformRoutes::guarded(handler, guard).only(operations);
    OpenApiService::new(routes, "OFP simulator", VERSION).boxed()
}

struct Api(Arc<Platform>);

impl OfpPlatform for Api {
    async fn get_openid_configuration(
        &self,
        _: PublicCall,
    ) -> Result<types::OpenidConfiguration, ApiError> {
        let issuer = self.0.issuer();
        converted(&json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/v1/oauth/jwks/paynet"),
            "authorization_endpoint": format!("{}/authorize", self.0.addresses.pages),
            "pushed_authorization_request_endpoint": format!("{issuer}/consumers/par"),
            "scopes_supported": ["openid", "accounts", "profile"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "id_token_signing_alg_values_supported": ["PS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "tls_client_auth"],
            "token_endpoint_auth_signing_alg_values_supported": ["PS256"],
            "tls_client_certificate_bound_access_tokens": true,
        }))
    }

    async fn get_paynet_jwks(&self, _: PublicCall) -> Result<types::JwkSet, ApiError> {
        converted(&self.0.published_keys())
    }

    async fn get_consumer_jwks(
        &self,
        _: PublicCall,
        params: GetConsumerJwksParams,
    ) -> Result<types::JwkSet, ApiError> {
        let consumer = self.0.consumer(&params.dc_id);
        let consumer = consumer.map_err(|_| ApiError::not_found("no such Data Consumer"))?;
        converted(&consumer.published)
    }

    async fn issue_token(
        &self,
        call: TokenCall,
        _: IssueTokenParams,
        _: types::TokenRequest,
    ) -> Result<types::TokenResponse, ApiError> {
        converted(&self.0.provider_token(&call.form, &call.peer).await?)
    }

    async fn update_consent(
        &self,
        call: ProviderCall,
        params: UpdateConsentParams,
        body: types::ConsentUpdate,
    ) -> Result<types::Empty, ApiError> {
        let update = converted(&body)?;
        self.0
            .update_consent(&call, &params.consent_id, update)
            .await?;
        Ok(types::Empty {})
    }

    async fn retrieve_consent(
        &self,
        call: ProviderCall,
        params: RetrieveConsentParams,
    ) -> Result<types::Consent, ApiError> {
        let consent = self
            .0
            .consent_of_provider(&params.consent_id, &call.dp_id)?;
        converted(&consent)
    }

    async fn revoke_consent(
        &self,
        call: ProviderCall,
        params: RevokeConsentParams,
        body: types::ConsentRevocation,
    ) -> Result<types::Consent, ApiError> {
        let revocation = converted(&body)?;
        converted(
            &self
                .0
                .revoke_consent(&call, &params.consent_id, revocation)?,
        )
    }
}

/// Between the contract's types and the platform's own, which agree in their JSON.
fn converted<T: DeserializeOwned>(from: &impl Serialize) -> Result<T, ApiError> {
    serde_json::to_value(from)
        .and_then(serde_json::from_value)
        .map_err(|error| ApiError::server_error(error.to_string()))
}
