//! Mechanism only: the accept loop with the peer's certificate, the interaction id, the one error writer.
//! Knows nothing of consents.

mod client;
mod errors;
mod listener;
mod peer;
mod pinned;
#[cfg(test)]
mod refusals;
mod tls;
mod traced;

pub use client::HttpClient;
pub use errors::{ApiError, ErrorCode, error_response, innermost_cause, schemas_named_in};
pub use listener::{BoundListener, Handshake, ServerTls};
pub use peer::Peer;
pub use pinned::Pinned;
pub use tls::{client_config, install_crypto_provider, server_config};
pub use traced::{InteractionId, Traced};
