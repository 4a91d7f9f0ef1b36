//! `GET /providers`: the banks to choose from, those that are offline included.

use std::sync::Arc;

use minijinja::context;
use poem::{Response, handler, http::StatusCode, web::Data};
use url::form_urlencoded;

use super::ConsumerApp;

#[handler]
pub(super) async fn providers(app: Data<&Arc<ConsumerApp>>) -> Response {
    match app.paynet.providers().await {
        Ok(mut listed) => {
            listed.sort_by_key(|provider| (!provider.online(), provider.name.clone()));
            let providers: Vec<_> = listed
                .iter()
                .map(|provider| {
                    context! {
                        id => provider.provider_id,
                        name => provider.name,
                        query => query(&provider.provider_id),
                        online => provider.online(),
                    }
                })
                .collect();
            app.screens.render("providers", context! { providers })
        }
        Err(error) => {
            tracing::warn!(%error, "the providers cannot be listed");
            app.trouble(StatusCode::SERVICE_UNAVAILABLE, error.message())
        }
    }
}

fn query(provider_id: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("provider", provider_id)
        .finish()
}
