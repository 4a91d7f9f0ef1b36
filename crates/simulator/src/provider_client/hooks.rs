//! What happens to every generated call before it leaves: PayNet's signature goes on, the generator's own header goes off.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use izin_jose::{HeaderFields, SignError, Signer, sign_detached};
use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};

use crate::generated::ofp_dp::client::Client;

/// PayNet's key, and what its detached signature of this call covers.
#[derive(Clone, Debug)]
pub(crate) struct ClientContext {
    pub(super) header: &'static str,
    pub(super) signer: Arc<dyn Signer>,
    pub(super) signed: Signed,
}

#[derive(Clone, Debug)]
pub(super) enum Signed {
    /// The bytes of the body.
    Body,
    Nothing,
    /// On a GET: the consent id.
    Text(String),
}

impl ClientHooks<ClientContext> for Client {
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _: &OperationInfo,
    ) -> Result<(), Error<E>> {
        // An invention of the generator that PayNet does not send.
        request.headers_mut().remove("api-version");
        let signature = self.inner().signature(request).await;
        let Some(signature) = signature.map_err(|error| Error::Custom(error.to_string()))? else {
            return Ok(());
        };
        let value = HeaderValue::try_from(signature)?;
        let header = HeaderName::from_static(self.inner().header);
        request.headers_mut().insert(header, value);
        Ok(())
    }
}

impl ClientContext {
    async fn signature(&self, request: &reqwest::Request) -> Result<Option<String>, SignError> {
        let covered = match &self.signed {
            Signed::Nothing => return Ok(None),
            Signed::Text(text) => text.as_bytes(),
            Signed::Body => request
                .body()
                .and_then(reqwest::Body::as_bytes)
                .unwrap_or_default(),
        };
        sign_detached(self.signer.as_ref(), &HeaderFields::default(), covered)
            .await
            .map(Some)
    }
}
