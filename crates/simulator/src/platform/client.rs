//! Client authentication: the registered certificate, and unless registered otherwise an assertion signed with the registered key
//! (`private_key_jwt`; v1.2.2, Client Authentication).

use chrono::{TimeDelta, Utc};
use izin_jose::{JwkSet, KeyId};

use super::{
    Platform,
    error::ApiError,
    form::{Form, field},
    state::ClientAuthentication,
};
use crate::{
    keys::{Claims, TokenError, numeric_now, verify_claims},
    listener::Peer,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECONDS: f64 = 600.0;
/// Longer than an assertion can live, so that none is forgotten while it is still good.
const REMEMBERED: TimeDelta = TimeDelta::minutes(11);

/// A client that has proved who it is.
pub(super) struct Client {
    pub(super) kind: ClientKind,
    pub(super) certificate: KeyId,
}

pub(super) enum ClientKind {
    Consumer(String),
    Provider(String),
}

impl Client {
    /// The consumer's id; providers have no business at the consumers' endpoints.
    pub(super) fn consumer(self) -> Result<String, ApiError> {
        match self.kind {
            ClientKind::Consumer(dc_id) => Ok(dc_id),
            ClientKind::Provider(_) => Err(ApiError::unauthorized_client(
                "only Data Consumers may do this",
            )),
        }
    }
}

/// What is registered about a client, whichever side it is on.
struct Registration {
    kind: ClientKind,
    certificate: Option<KeyId>,
    authentication: ClientAuthentication,
    keys: JwkSet,
}

impl Platform {
    /// Certificate first, then the assertion: without the certificate nothing is looked at.
    pub(super) async fn authenticate(&self, form: &Form, peer: &Peer) -> Result<Client, ApiError> {
        let Some(certificate) = peer.certificate.clone() else {
            return Err(ApiError::invalid_client("a client certificate is required"));
        };
        let client_id = field(form, "client_id")?;
        let registration = self.registration(client_id, form).await?;
        if registration.certificate.as_ref() != Some(&certificate) {
            return Err(ApiError::invalid_client(
                "the client certificate is not the registered one",
            ));
        }
        match registration.authentication {
            ClientAuthentication::TlsClientAuth => {}
            ClientAuthentication::PrivateKeyJwt => {
                self.check_assertion(client_id, form, &registration.keys)?;
            }
        }
        Ok(Client {
            kind: registration.kind,
            certificate,
        })
    }

    async fn registration(&self, client_id: &str, form: &Form) -> Result<Registration, ApiError> {
        if let Some(consumer) = self.state().consumers.get(client_id) {
            return Ok(Registration {
                kind: ClientKind::Consumer(consumer.dc_id.clone()),
                certificate: Some(consumer.client_certificate.clone()),
                authentication: ClientAuthentication::PrivateKeyJwt,
                keys: consumer.signing_keys.clone(),
            });
        }
        let provider = self.state().provider_by_client(client_id).cloned();
        let provider = provider.ok_or_else(|| ApiError::invalid_client("unknown client"))?;
        let assertion = form.get("client_assertion").map_or("", String::as_str);
        Ok(Registration {
            keys: self.provider_keys(&provider, assertion).await?,
            kind: ClientKind::Provider(provider.dp_id),
            certificate: provider.client_certificate,
            authentication: provider.client_authentication,
        })
    }

    fn check_assertion(&self, client_id: &str, form: &Form, keys: &JwkSet) -> Result<(), ApiError> {
        if field(form, "client_assertion_type")? != ASSERTION_TYPE {
            return Err(ApiError::invalid_client("unknown client_assertion_type"));
        }
        let assertion = field(form, "client_assertion")?;
        let checked = verify_claims(assertion, keys)
            .and_then(|claims| self.check_assertion_claims(client_id, &claims));
        checked.map_err(|error| ApiError::invalid_client(error.to_string()))
    }

    fn check_assertion_claims(&self, client_id: &str, claims: &Claims) -> Result<(), TokenError> {
        claims.must_be("iss", client_id)?;
        claims.must_be("sub", client_id)?;
        claims.must_be_for(self.issuer())?;
        claims.must_be_current(numeric_now(), ASSERTION_SECONDS)?;
        let jti = claims.text("jti")?;
        let now = Utc::now();
        let until = now + REMEMBERED;
        if self.state().remember_assertion(client_id, jti, until, now) {
            Ok(())
        } else {
            Err(TokenError::claim("jti was used before"))
        }
    }
}
