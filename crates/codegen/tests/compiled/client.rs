//! The hand-written side of the library: the hooks of its client.

use progenitor_client::ClientHooks;

use crate::library_generated::library::client::Client;

#[derive(Clone, Debug)]
pub(crate) struct Context;

impl ClientHooks<Context> for Client {}
