//! An HTTP client that can be replaced while it is in use.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// Cheap to clone; all clones see a replacement. Requests under way end on the connections they began on, later ones open new
/// connections, so that nothing is sent over one that was made with an old certificate.
#[derive(Clone)]
pub struct HttpClient(Arc<ArcSwap<reqwest::Client>>);

impl HttpClient {
    pub fn new(client: reqwest::Client) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(client)))
    }

    pub fn current(&self) -> reqwest::Client {
        reqwest::Client::clone(&self.0.load())
    }

    pub fn replace(&self, client: reqwest::Client) {
        self.0.store(Arc::new(client));
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}
