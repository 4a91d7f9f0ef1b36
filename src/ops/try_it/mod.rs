//! "Try it out": PayNet's calls need a client certificate, signatures and somebody who can open the answer. The test proxy has all of
//! that from the test counterparties, so that a person needs none of it. It exists only beside the simulator (`config::Ops`).

mod call;
mod index;
mod operation;
mod same_origin;

use izin_simulator::{Counterparties, Pki, PkiError, Target};
use poem::{Route, get};
use std::path::Path;

/// Who speaks for the tester.
pub struct TryIt {
    counterparties: Counterparties,
}

impl TryIt {
    /// `test_keys` is a folder with the development PKI.
    pub fn new(test_keys: &Path, target: Target) -> Result<Self, PkiError> {
        let counterparties = Counterparties::new(Pki::open(test_keys)?, target);
        Ok(Self { counterparties })
    }
}

/// Nothing of this is there unless it was switched on.
pub fn add_routes(routes: Route, switched_on: bool) -> Route {
    if switched_on {
        routes
            .at("/try", get(index::index))
            .at("/try/*call", call::Call)
    } else {
        routes
    }
}
