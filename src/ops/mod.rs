//! The operations listener, for the institution's own people: is the process alive, can it work, its numbers, and what exactly are its
//! interfaces, to read and (beside the simulator) to try out. It listens on loopback only and authenticates nobody, so it shows nothing of customers
//! and, in production, changes nothing.

mod docs;
mod documents;
mod health;
mod metrics;
mod page;
mod ready;
#[cfg(feature = "lab")]
mod try_it;

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt, Response, Route, get};

use crate::store::Store;
use docs::swagger::SwaggerError;
use documents::Library;
pub use metrics::Scrape;
use page::Screens;
#[cfg(feature = "lab")]
pub use try_it::TryIt;

/// What the listener's endpoints need.
pub struct Ops {
    /// Swagger UI sends requests.
    can_try: bool,
    library: Library,
    scrape: Scrape,
    screens: Screens,
    store: Store,
    #[cfg(feature = "lab")]
    try_it: Option<TryIt>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    #[error("a document cannot be read: {0}")]
    Document(#[from] serde_json::Error),
    #[error("a page cannot be read: {0}")]
    Page(#[from] minijinja::Error),
    #[error(transparent)]
    Swagger(#[from] SwaggerError),
}

impl Ops {
    #[cfg(feature = "lab")]
    pub fn new(store: Store, scrape: Scrape, try_it: Option<TryIt>) -> Result<Self, OpsError> {
        let can_try = try_it.is_some();
        Ok(Self {
            can_try,
            library: Library::load(can_try)?,
            scrape,
            screens: Screens::load()?,
            store,
            try_it,
        })
    }

    #[cfg(not(feature = "lab"))]
    pub fn new(store: Store, scrape: Scrape) -> Result<Self, OpsError> {
        Ok(Self {
            can_try: false,
            library: Library::load(false)?,
            scrape,
            screens: Screens::load()?,
            store,
        })
    }

    pub fn routes(self) -> BoxEndpoint<'static, Response> {
        let routes = Route::new()
            .at("/", get(docs::home))
            .at("/health", get(health::health))
            .at("/metrics", get(metrics::scrape))
            .at("/ready", get(ready::ready))
            .at("/docs", get(docs::index))
            .at("/docs/:name", get(docs::document))
            .at("/ops.css", get(page::stylesheet));
        #[cfg(feature = "lab")]
        let routes = try_it::add_routes(routes, self.can_try);
        routes.data(Arc::new(self)).map_to_response().boxed()
    }
}
