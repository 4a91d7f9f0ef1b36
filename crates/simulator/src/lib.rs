//! PayNet's Open Finance Platform and a Data Consumer, over real sockets, for development and tests.
//!
//! The simulator is the counterparty of a Data Provider: an authorization server and a resource server that check what the real ones
//! check (mutual TLS, client assertions, certificate-bound tokens, `id_token`s, the consent's states), and a small consumer app that a
//! person can click through. It knows nothing of the provider it talks to beyond the published contract, holds all state in memory,
//! and listens on loopback only. Tests drive it through [`Simulator`]'s scripting methods, which can also do what no honest party would.

mod addresses;
pub mod checks;
mod clock;
mod consumer;
mod counterparty;
mod customer;
mod dialect;
mod forge;
#[path = "../generated/mod.rs"]
#[rustfmt::skip]
mod generated;
mod keys;
mod listener;
mod options;
mod pages;
mod pki;
mod platform;
mod provider_client;
mod random;
mod registration;
mod scenario;
mod signer;
mod simulator;
mod tls;
mod traffic;
mod wire;

pub use addresses::Urls;
pub use counterparty::{
    Addition, CLIENT_CERTIFICATE, Counterparties, Exchange, Proof, Target, TestRequest,
};
pub use customer::{Button, Choice, Customer, CustomerError, Form, Hop, Input, Page};
pub use dialect::{AnswerBody, AnswerForm, AnswerPayload, AuthorizeRoute, Dialect, SignatureKeys};
pub use forge::{ForgeError, ForgedAlgorithm, Forgery, Rewrite, Signing};
pub use keys::KeysError;
pub use options::{Consumer, SimulatorOptions};
pub use pki::{Authority, Leaf, Pki, PkiError, Usage};
pub use platform::{
    consent::{Consent, ConsentStatus, ConsentedAccount, StatusReason, UserIdentity},
    consents::NewConsent,
    events::EventType,
    faults::{Fault, HostileDocument, Operation, RetryAfter},
    state::{ClientAuthentication, ReceivedUpdate, SentEvent},
};
pub use registration::{KeySource, Provider};
pub use scenario::{
    Answer, AuthorizeRequest, ConsentSnapshot, DataAnswer, DataCall, DataTweak, EventPost,
    EventTweak, RawRequest, Resource, ScenarioError,
};
pub use simulator::{Simulator, SimulatorError};
pub use tls::TlsError;
pub use traffic::Traffic;
