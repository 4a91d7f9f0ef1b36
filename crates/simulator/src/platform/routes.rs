//! Which of the platform's endpoints answers on which listener.

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, get, post};

use super::{
    Platform,
    consumers::{ProviderKeysEndpoint, ProvidersEndpoint, PushEndpoint, StopEndpoint},
    data::DataEndpoint,
    faults::Faulty,
    token::ConsumerTokenEndpoint,
};

/// Discovery, keys, tokens, pushed requests. A client certificate is asked for, not demanded.
pub(crate) fn authorization_server(
    platform: &Arc<Platform>,
) -> impl Endpoint<Output = Response> + 'static + use<> {
    let public = super::api::service(
        platform,
        &[
            "getOpenidConfiguration",
            "getPaynetJwks",
            "getConsumerJwks",
            "issueToken",
        ],
    );
    let routes = Route::new()
        .at(
            "/consumers/token",
            post(ConsumerTokenEndpoint(Arc::clone(platform))),
        )
        .at("/consumers/par", post(PushEndpoint(Arc::clone(platform))))
        .nest_no_strip("/", public);
    Faulty::new(Arc::clone(platform), routes)
}

/// Consents for providers, data for consumers. Without a client certificate there is no connection.
pub(crate) fn resource_server(
    platform: &Arc<Platform>,
) -> impl Endpoint<Output = Response> + 'static + use<> {
    let consents = super::api::service(
        platform,
        &["updateConsent", "retrieveConsent", "revokeConsent"],
    );
    let data = Arc::new(DataEndpoint(Arc::clone(platform)));
    let routes = Route::new()
        .at(
            "/consumers/providers",
            get(ProvidersEndpoint(Arc::clone(platform))),
        )
        .at(
            "/consumers/jwks/:dp_id",
            get(ProviderKeysEndpoint(Arc::clone(platform))),
        )
        .at(
            "/consumers/consent/revoke",
            post(StopEndpoint(Arc::clone(platform))),
        )
        .at("/v1/accounts/:account_id", get(Arc::clone(&data)))
        .at("/v1/accounts/:account_id/balances", get(Arc::clone(&data)))
        .at("/v1/accounts/:account_id/transactions", get(data))
        .nest_no_strip("/", consents);
    Faulty::new(Arc::clone(platform), routes.boxed())
}
