//! What to start: the parties, and where they listen.

use std::net::SocketAddr;

use crate::{dialect::Dialect, pki::Pki};

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    pub pki: Pki,
    /// Loopback; port 0 takes any free port.
    pub authorization_server: SocketAddr,
    pub resource_server: SocketAddr,
    pub pages: SocketAddr,
    pub consumers: Vec<Consumer>,
    pub dialect: Dialect,
    /// Where the authorization server is reached, and so its issuer, if something stands in front of it.
    pub authorization_server_url: Option<String>,
    /// PayNet calls providers over a connection of its own each time, so that a balancer can send each call elsewhere.
    pub reconnects: bool,
}

/// A Data Consumer and its app.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub dc_id: String,
    pub name: String,
    /// `pfm` or `credit_underwriting`.
    pub purpose: String,
    /// Where its app listens.
    pub address: SocketAddr,
    /// Its keys in the PKI are `{key_prefix}-client`, `-signing` and `-encryption`.
    pub key_prefix: String,
}

impl SimulatorOptions {
    /// Everything on free loopback ports, with the two demonstration consumers.
    pub fn new(pki: Pki) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            pki,
            authorization_server: any,
            resource_server: any,
            pages: any,
            consumers: vec![Consumer::kira_budget(any), Consumer::pinjam_pantas(any)],
            dialect: Dialect::default(),
            authorization_server_url: None,
            reconnects: false,
        }
    }
}

impl Consumer {
    /// A budgeting app.
    pub fn kira_budget(address: SocketAddr) -> Self {
        Self {
            dc_id: "kira-budget".to_owned(),
            name: "Kira Budget".to_owned(),
            purpose: "pfm".to_owned(),
            address,
            key_prefix: "dc".to_owned(),
        }
    }

    /// A lender that looks at accounts before it lends.
    pub fn pinjam_pantas(address: SocketAddr) -> Self {
        Self {
            dc_id: "pinjam-pantas".to_owned(),
            name: "Pinjam Pantas".to_owned(),
            purpose: "credit_underwriting".to_owned(),
            address,
            key_prefix: "dc2".to_owned(),
        }
    }

    pub(crate) fn key(&self, purpose: &str) -> String {
        format!("{}-{purpose}", self.key_prefix)
    }
}
