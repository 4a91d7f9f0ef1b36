//! What a handler learns about the caller: only what was verified. `openapi/codegen.toml` says which
//! operation gets which.

use bytes::Bytes;

use crate::http::InteractionId;
use crate::ids::{ConsentId, DcId};

/// How a request proves itself; declared per operation in `openapi/codegen.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestSignature {
    /// The Data Consumer's signature, perhaps with PayNet's beside it.
    Account,
    /// PayNet's signature over the consent id, in the query: the customer's browser brings it.
    AuthorizeQuery,
    /// PayNet's signature over the body.
    Event,
    /// No signature: health and public keys.
    Nothing,
    /// PayNet's signature over the consent id, in a header.
    Userinfo,
}

/// A call that proves nothing and needs no proof.
#[derive(Debug, Clone)]
pub struct PublicCall;

/// PayNet signed this consent id. The `redirect_uri` beside it is *not* covered by the signature.
#[derive(Debug, Clone)]
pub struct AuthorizeCall {
    pub consent_id: ConsentId,
}

/// PayNet asks who approved this consent.
#[derive(Debug, Clone)]
pub struct UserinfoCall {
    pub consent_id: ConsentId,
    pub interaction_id: InteractionId,
}

/// PayNet signed these bytes.
#[derive(Debug, Clone)]
pub struct EventCall {
    /// The event as it was signed, byte for byte.
    pub signed_bytes: Bytes,
}

/// The Data Consumer of the consent (or PayNet for it) signed this request, and it is no replay.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "identifiers are called so")]
pub struct AccountCall {
    pub consent_id: ConsentId,
    pub dc_id: DcId,
    pub interaction_id: InteractionId,
}
