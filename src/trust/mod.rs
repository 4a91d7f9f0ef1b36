//! Who is asking, and is it proved: signatures, keys, claims, replay, and the sealing of answers.
//!
//! One [`OfpGuard`] stands before every operation PayNet can call. Handlers get a context that only the
//! guard makes, so they work with what was verified and never see a signature.

mod account;
mod claims;
mod context;
mod guard;
mod redirect;
mod request;
mod seal;
mod verifier;

#[cfg(feature = "lab")]
pub use claims::{CallClaims, Expected};
pub use context::{
    AccountCall, AuthorizeCall, EventCall, PublicCall, RequestSignature, UserinfoCall,
};
pub use guard::{OfpGuard, Transport};
pub use redirect::RedirectPolicy;
pub use seal::Sealer;
pub use verifier::SignatureVerifier;
