//! How this PayNet reads what v1.2.2 leaves open. Told nothing, it reads it as most Data Providers will; told otherwise, it plays each
//! alternative, so that a provider's settings for them can be proved.

use crate::{
    forge::{ForgedAlgorithm, Signing},
    options::Consumer,
};

/// What PayNet, and the consumers behind it, send and expect, as far as scripts drive them. The consumers' apps, which people click
/// through, keep the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What data answers look like.
    pub answers: AnswerForm,
    pub authorize: AuthorizeRoute,
    /// PayNet's keys are at `/v1/oauth/jwks`, and discovery does not say where.
    pub keys_at_root: bool,
    /// A balance's amount is an object of its own.
    pub nested_amounts: bool,
    /// Where PayNet's signature of events and userinfo is, and of the hop of a data call unless the consumer's is there.
    pub paynet_header: &'static str,
    /// Where the consumer's signature of a data call is.
    pub consumer_header: &'static str,
    pub signatures: SignatureKeys,
    /// Update Consent is a POST, and PATCH is not.
    pub update_by_post: bool,
}

/// The body of a data answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerForm {
    pub body: AnswerBody,
    pub payload: AnswerPayload,
}

/// Where the provider's signed token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerBody {
    /// `data` of a JSON envelope.
    #[default]
    Envelope,
    /// Alone, as `application/jose`.
    Jose,
    /// Alone, as `application/jwt`.
    Jwt,
}

/// What the provider's token signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerPayload {
    /// Claims, with the encrypted data in `data`.
    #[default]
    Claims,
    /// The encrypted data itself.
    Jwe,
}

/// How the customer gets to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizeRoute {
    /// The browser opens PayNet's link.
    Browser,
    /// PayNet opens it over mutual TLS and passes the redirect on.
    Relayed,
}

/// Which keys of the PKI sign, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureKeys {
    pub algorithm: ForgedAlgorithm,
    pub paynet: String,
    /// Of all consumers; each has its own unless given.
    pub consumers: Option<String>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            answers: AnswerForm::default(),
            authorize: AuthorizeRoute::Browser,
            keys_at_root: false,
            nested_amounts: false,
            paynet_header: "x-fapi-signature",
            consumer_header: "x-signature",
            signatures: SignatureKeys {
                algorithm: ForgedAlgorithm::Ps256,
                paynet: "paynet-signing".to_owned(),
                consumers: None,
            },
            update_by_post: false,
        }
    }
}

impl Dialect {
    pub(crate) fn signs_as_paynet(&self) -> Signing {
        self.signing(self.signatures.paynet.clone())
    }

    pub(crate) fn signs_as(&self, consumer: &Consumer) -> Signing {
        self.signing(self.consumer_key(consumer))
    }

    /// Name of the consumer's signing key.
    pub(crate) fn consumer_key(&self, consumer: &Consumer) -> String {
        let common = self.signatures.consumers.clone();
        common.unwrap_or_else(|| consumer.key("signing"))
    }

    fn signing(&self, key: String) -> Signing {
        Signing {
            algorithm: self.signatures.algorithm,
            ..Signing::by(key)
        }
    }
}

impl AnswerForm {
    /// The provider's token, if the answer has the form.
    pub(crate) fn token(self, content_type: Option<&str>, body: &[u8]) -> Result<String, String> {
        let expected = match self.body {
            AnswerBody::Envelope => "application/json",
            AnswerBody::Jose => "application/jose",
            AnswerBody::Jwt => "application/jwt",
        };
        let media_type = content_type.unwrap_or_default();
        if media_type.split(';').next().map(str::trim) != Some(expected) {
            return Err(format!("the answer is {media_type:?} and not {expected}"));
        }
        if self.body != AnswerBody::Envelope {
            return String::from_utf8(body.to_vec()).map_err(|_| "not a token".to_owned());
        }
        let envelope: serde_json::Value =
            serde_json::from_slice(body).map_err(|_| "the answer is not JSON".to_owned())?;
        let token = envelope.get("data").and_then(serde_json::Value::as_str);
        token
            .map(str::to_owned)
            .ok_or_else(|| "no data in the answer".to_owned())
    }
}
