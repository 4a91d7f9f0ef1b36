//! A Data Consumer's app: a person links a bank account and sees its balance.
//!
//! It knows PayNet only over HTTP, as a real consumer would, and shares nothing with the platform but the process. Every screen names
//! itself in `<body data-screen>`, so that a browser test reads like the journey.

mod callback;
mod consent;
mod link;
mod linked;
mod messages;
mod money;
mod paynet;
mod paynet_error;
mod providers;
mod screens;
mod session;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use izin_jose::{CryptoPool, DecryptionKey, FileSigner, KeyFileError};
use poem::{Endpoint, EndpointExt, Response, Route, get, http::StatusCode, post};

use self::{paynet::Paynet, screens::Screens, session::Sessions};
use crate::{
    addresses::Urls,
    options::Consumer,
    pki::{Pki, PkiError},
    tls::{self, TlsError},
};

/// One consumer's app.
#[derive(Debug)]
pub(crate) struct ConsumerApp {
    paynet: Paynet,
    screens: Screens,
    sessions: Mutex<Sessions>,
    purpose: String,
    pages_url: String,
}

impl ConsumerApp {
    pub(crate) fn new(
        pki: &Pki,
        consumer: &Consumer,
        base_url: &str,
        urls: &Urls,
        pool: &Arc<CryptoPool>,
    ) -> Result<Self, ConsumerError> {
        let key = |purpose| {
            let name = consumer.key(purpose);
            Ok::<_, PkiError>((pki.certificate(&name)?, pki.key(&name)?))
        };
        let (certificate, private) = key("signing")?;
        let signer = FileSigner::from_pem(&certificate, &private, None, Arc::clone(pool))?;
        let (certificate, private) = key("encryption")?;
        let decryption = DecryptionKey::from_pem(&certificate, &private, None)?;
        let paynet = Paynet {
            http: tls::client(pki, Some(&consumer.key("client")))?,
            dc_id: consumer.dc_id.clone(),
            callback_url: format!("{base_url}/callback"),
            authorization_server: urls.authorization_server.clone(),
            resource_server: urls.resource_server.clone(),
            signer,
            decryption,
        };
        Ok(Self {
            paynet,
            screens: Screens::new(&consumer.dc_id, &consumer.name),
            sessions: Mutex::new(Sessions::new(&consumer.dc_id)),
            purpose: consumer.purpose.clone(),
            pages_url: urls.pages.clone(),
        })
    }

    pub(crate) fn routes(self) -> impl Endpoint<Output = Response> + 'static + use<> {
        let app = Arc::new(self);
        let for_errors = Arc::clone(&app);
        Route::new()
            .at("/", get(link::link))
            .at("/providers", get(providers::providers))
            .at("/consent", get(consent::review).post(consent::submit))
            .at("/callback", get(callback::callback))
            .at("/linked", get(linked::linked))
            .at("/unlink", post(linked::unlink))
            .at("/not-linked", get(callback::not_linked))
            .at("/app.css", get(screens::stylesheet))
            .data(app)
            .catch_all_error(move |error: poem::Error| {
                let app = Arc::clone(&for_errors);
                async move { app.trouble(error.status(), explanation(error.status())) }
            })
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The screen for whatever went wrong, in words for the person.
    fn trouble(&self, status: StatusCode, message: &str) -> Response {
        let mut response = self
            .screens
            .render("error", minijinja::context! { message });
        response.set_status(status);
        response
    }
}

fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "We cannot find that page.",
        status if status.is_client_error() => "We do not understand that request.",
        _ => "That did not work. Please try again.",
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConsumerError {
    #[error("{0}")]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}
