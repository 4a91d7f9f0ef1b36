//! Client access tokens: `client_credentials` over mutual TLS, with `private_key_jwt` or `tls_client_auth` (v1.2.2
//! portal, Client Authentication). The token is bound to our client certificate, so it is of no use to anybody else.

use std::sync::Arc;

use biscuit::{ClaimsSet, Empty, RegisteredClaims, SingleOrMultiple, Timestamp};
use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::{HeaderFields, SignError};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::cache::{Cached, Freshness};
use super::discovery::{DiscoveryError, DiscoverySource};
use super::fetch::{FetchError, loggable_code, read_bounded, transport};
use crate::clock::SharedClock;
use crate::config::ClientAuth;
use crate::http::HttpClient;
use crate::keys::SigningKeys;

const MAX_BYTES: usize = 64 * 1024;
/// The portal allows ten minutes; five leave room for clocks that differ.
const ASSERTION_LIFE: TimeDelta = TimeDelta::minutes(5);
/// A token is not used in its last seconds: it would expire on the way.
const MARGIN: TimeDelta = TimeDelta::seconds(30);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Debug, Clone, thiserror::Error)]
#[error("no access token: {0}")]
pub struct TokenUnavailable(String);

/// Why the token endpoint gave none.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    #[error("the token endpoint cannot be reached: {0}")]
    Fetch(#[from] FetchError),
    #[error("the token endpoint refused: {0}")]
    Refused(String),
    #[error("client assertion: {0}")]
    Sign(#[from] SignError),
    #[error("the token endpoint's answer is not usable: {0}")]
    Unusable(String),
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    token_type: String,
    expires_in: i64,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

struct Held {
    token: SecretString,
    expires_at: DateTime<Utc>,
}

/// A token is good until it expires, and never served after that.
const FRESHNESS: Freshness = Freshness {
    fresh_for: TimeDelta::days(1),
    refetch_every: TimeDelta::zero(),
    stale_for: TimeDelta::zero(),
};

/// Holds one token and gets the next one in time.
pub struct TokenSource {
    clock: SharedClock,
    held: Cached<Held>,
    requester: Arc<Requester>,
}

struct Requester {
    authentication: ClientAuth,
    client_id: String,
    http: HttpClient,
    discovery: Arc<DiscoverySource>,
    signing: SigningKeys,
}

impl TokenSource {
    pub fn new(
        client_id: &str,
        authentication: ClientAuth,
        http: HttpClient,
        discovery: Arc<DiscoverySource>,
        signing: SigningKeys,
        clock: SharedClock,
    ) -> Self {
        let client_id = client_id.to_owned();
        let requester = Arc::new(Requester {
            authentication,
            client_id,
            http,
            discovery,
            signing,
        });
        Self {
            clock,
            held: Cached::new(FRESHNESS),
            requester,
        }
    }

    /// A token that is good for at least half a minute.
    pub async fn bearer(&self) -> Result<SecretString, TokenUnavailable> {
        let now = self.clock.now();
        let requester = self.requester.clone();
        let fetch = async move {
            requester
                .fetch(now)
                .await
                .map_err(|error| error.to_string())
        };
        let lasts = move |held: &Held| now + MARGIN < held.expires_at;
        let held = self
            .held
            .get(now, lasts, fetch)
            .await
            .map_err(TokenUnavailable)?;
        Ok(held.token.clone())
    }

    /// Asks for one that is not used. Answers how long it would live.
    pub async fn try_out(&self) -> Result<TimeDelta, TokenError> {
        let answer = self.requester.request(self.clock.now()).await?;
        Ok(TimeDelta::try_seconds(answer.expires_in).unwrap_or_default())
    }

    /// The next call gets a fresh one.
    pub fn forget(&self) {
        self.held.forget();
    }

    /// PayNet refused what stood in this header, so the next call gets another token, unless somebody has it already.
    pub fn refused(&self, authorization: &HeaderValue) {
        self.held.forget_if(|held| {
            authorization
                .as_bytes()
                .ends_with(held.token.expose_secret().as_bytes())
        });
    }
}

impl Requester {
    async fn fetch(&self, now: DateTime<Utc>) -> Result<Held, TokenError> {
        let answer = self.request(now).await?;
        let life = TimeDelta::try_seconds(answer.expires_in).unwrap_or_default();
        Ok(Held {
            token: answer.access_token,
            // A life that no calendar has is none.
            expires_at: now.checked_add_signed(life).unwrap_or(now),
        })
    }

    async fn request(&self, now: DateTime<Utc>) -> Result<TokenAnswer, TokenError> {
        let discovery = self.discovery.current().await?;
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("scope", "accounts".to_owned()),
            ("client_id", self.client_id.clone()),
        ];
        if self.authentication == ClientAuth::PrivateKeyJwt {
            let assertion = self.assertion(&discovery.issuer, now).await?;
            form.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
            form.push(("client_assertion", assertion));
        }
        let request = self
            .http
            .current()
            .post(&discovery.token_endpoint)
            .header("x-fapi-interaction-id", Uuid::new_v4().to_string())
            .form(&form);
        let response = request.send().await.map_err(transport)?;
        let status = response.status();
        let body = Zeroizing::new(read_bounded(response, MAX_BYTES).await?);
        if !status.is_success() {
            let refusal = serde_json::from_slice::<TokenRefusal>(&body).ok();
            let code = loggable_code(refusal.as_ref().map(|refusal| refusal.error.as_str()));
            return Err(TokenError::Refused(format!("status {status}, {code}")));
        }
        let answer: TokenAnswer = serde_json::from_slice(&body)
            .map_err(|_| TokenError::Unusable("not a token response".into()))?;
        if !answer.token_type.eq_ignore_ascii_case("bearer")
            || answer.access_token.expose_secret().is_empty()
        {
            return Err(TokenError::Unusable("not a bearer token".into()));
        }
        Ok(answer)
    }

    async fn assertion(&self, issuer: &str, now: DateTime<Utc>) -> Result<String, TokenError> {
        let claims = ClaimsSet::<Empty> {
            registered: RegisteredClaims {
                issuer: Some(self.client_id.clone()),
                subject: Some(self.client_id.clone()),
                audience: Some(SingleOrMultiple::Single(issuer.to_owned())),
                issued_at: Some(Timestamp::from(now)),
                not_before: Some(Timestamp::from(now)),
                expiry: Some(Timestamp::from(now + ASSERTION_LIFE)),
                id: Some(Uuid::new_v4().to_string()),
            },
            private: Empty {},
        };
        let fields = HeaderFields {
            typ: Some("JWT".into()),
            ..HeaderFields::default()
        };
        let payload = serde_json::json!(claims).to_string();
        Ok(izin_jose::sign(&*self.signing.current()?, &fields, payload.as_bytes()).await?)
    }
}
