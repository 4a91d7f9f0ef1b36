//! Our own listeners, looked at from outside as far as this machine can: who is let in, which certificate is presented, and what
//! anybody may read there.

mod call;
mod headers;
mod public;
mod webhooks;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding};
use crate::doctor::inventory::Inventory;
use call::{NoAnswer, Ourselves};

/// Where the service is not what the configuration says.
const RELOAD: &str = "Reload the service on every replica (systemctl reload izin, or kill -HUP), so that it has the keys and \
    lists of this configuration; if that changes nothing, something else listens there.";

const IMITATED: &str = "the configured certificate is presented, without proof of its key";

const PATIENCE: Duration = Duration::from_secs(3);

/// Where something listens at the configured addresses.
#[derive(Debug, Default)]
pub struct Running {
    webhooks: bool,
    public: bool,
}

impl Running {
    /// Tries to connect; `offline` finds nobody.
    pub async fn look(subject: &Subject) -> Self {
        if subject.offline {
            return Self::default();
        }
        let listeners = &subject.config.listeners;
        Self {
            webhooks: accepts(listeners.webhooks.address).await,
            public: accepts(listeners.public.address).await,
        }
    }

    pub fn any(&self) -> bool {
        self.webhooks || self.public
    }

    #[cfg(test)]
    pub fn everywhere() -> Self {
        Self {
            webhooks: true,
            public: true,
        }
    }
}

pub async fn listeners(
    subject: &Subject,
    inventory: &Inventory,
    running: &Running,
) -> Vec<Finding> {
    let mut findings = webhooks::webhooks(subject, inventory, running.webhooks).await;
    findings.extend(public::public(subject, inventory, running.public).await);
    findings
}

/// The finding on a listener that is not there.
fn not_running(check: Check, subject: &Subject, address: SocketAddr) -> Finding {
    if subject.offline {
        return check.skipped(crate::doctor::checks::OFFLINE);
    }
    if address.port() == 0 {
        return check
            .skipped("its address leaves the port to the system, so where it is cannot be known");
    }
    check
        .skipped(format!("not running at {address}"))
        .advised("Start izin serve, and run izin doctor again.")
}

/// Whether the configured certificate was presented; `problem` is why the call failed, if it did.
fn presented(check: Check, ourselves: &Ourselves, problem: Option<&NoAnswer>) -> Finding {
    if ourselves.is_met() {
        return check.ok(format!(
            "the configured one is presented: {}",
            ourselves.subject()
        ));
    }
    if ourselves.is_imitated() {
        return check.failed(IMITATED, RELOAD);
    }
    match (ourselves.somebody_else(), problem) {
        (Some(other), _) => check.failed(format!("another one is presented: {other}"), RELOAD),
        (None, Some(problem)) => {
            check.failed(format!("there is no TLS with it: {}", problem.why), RELOAD)
        }
        (None, None) => check.failed("there is no TLS with it", RELOAD),
    }
}

async fn accepts(address: SocketAddr) -> bool {
    let connecting = TcpStream::connect(from_here(address));
    address.port() != 0 && matches!(timeout(PATIENCE, connecting).await, Ok(Ok(_)))
}

/// The address by which this machine reaches it.
fn from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
