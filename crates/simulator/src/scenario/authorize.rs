//! The authorize redirect, with anything in it changed.

use url::Url;

use super::ScenarioError;
use crate::{
    forge::{Signing, tamper_signature},
    simulator::Simulator,
};

/// What PayNet puts into the browser's address bar.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    consent_id: String,
    /// Whose provider; of the consent unless given.
    dp_id: Option<String>,
    redirect_uri: Option<String>,
    signing: Signing,
    payload: Option<String>,
    tampered: bool,
    omitted: Vec<String>,
}

impl AuthorizeRequest {
    pub fn new(consent_id: impl Into<String>) -> Self {
        Self {
            consent_id: consent_id.into(),
            dp_id: None,
            redirect_uri: None,
            signing: Signing::by("paynet-signing"),
            payload: None,
            tampered: false,
            omitted: Vec::new(),
        }
    }

    /// Needed for a consent that PayNet does not know.
    #[must_use]
    pub fn at(mut self, dp_id: impl Into<String>) -> Self {
        self.dp_id = Some(dp_id.into());
        self
    }

    #[must_use]
    pub fn redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(redirect_uri.into());
        self
    }

    #[must_use]
    pub fn signing(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// What is signed instead of the consent id.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<String>) -> Self {
        self.payload = Some(payload.into());
        self
    }

    #[must_use]
    pub fn tampered(mut self) -> Self {
        self.tampered = true;
        self
    }

    /// Leaves out `consent_id`, `redirect_uri` or `signature`.
    #[must_use]
    pub fn without(mut self, parameter: impl Into<String>) -> Self {
        self.omitted.push(parameter.into());
        self
    }
}

impl Simulator {
    /// The address for a changed request.
    pub fn forged_authorize_url(
        &self,
        request: &AuthorizeRequest,
    ) -> Result<String, ScenarioError> {
        let dp_id = match &request.dp_id {
            Some(dp_id) => dp_id.clone(),
            None => self.known(&request.consent_id)?.dp_id,
        };
        let provider = self.platform.registered(&dp_id)?;
        let payload = request.payload.as_ref().unwrap_or(&request.consent_id);
        let mut signature = self.sign(&request.signing, payload.as_bytes())?;
        if request.tampered {
            signature = tamper_signature(&signature);
        }
        let redirect_uri = request.redirect_uri.clone();
        let parameters = [
            ("consent_id", request.consent_id.clone()),
            (
                "redirect_uri",
                redirect_uri.unwrap_or_else(|| self.platform.callback_url()),
            ),
            ("signature", signature),
        ];
        let mut url = Url::parse(&format!("{}/v1/oauth/authorize", provider.pages_url))?;
        let kept = parameters
            .iter()
            .filter(|(name, _)| !request.omitted.iter().any(|omitted| omitted == name));
        url.query_pairs_mut().extend_pairs(kept);
        Ok(url.into())
    }
}
