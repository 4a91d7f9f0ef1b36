//! Which implementations of the bank's contracts the configuration chose.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use crate::bank::{self, Bank, DemoBank, DynCoreBank, Implementation};
use crate::clock::SharedClock;
use crate::config::{BankKind, Config};
use crate::generated::sign_in::server::DynSignIn;
use crate::generated::sign_in::types::SecondFactorMethod;
use crate::http::HttpClient;
use crate::institution::{Institution, connected};
use crate::sign_in::Checks;

const NO_CORE_BANK: &str = "bank.kind = \"linked\", but this binary has no bank linked in; \
    docs/integrator-guide.md shows how";
const NO_SIGN_IN: &str = "sign_in.checked_by is \"linked\" (left out, it is as bank.kind), but this binary has no \
    sign-in linked in: set sign_in.checked_by = \"http\" with sign_in.http.url, or link one with \
    Institution::sign_in; docs/integrator-guide.md shows how";

/// With `kind = "http"`.
#[derive(Clone, Default)]
pub struct BankClients {
    pub core: Option<HttpClient>,
    pub sign_in: Option<HttpClient>,
}

pub struct Banks {
    pub core: Bank,
    pub sign_in: Checks,
}

impl Banks {
    pub async fn connect(
        config: &Config,
        clock: &SharedClock,
        institution: Institution,
        clients: BankClients,
    ) -> anyhow::Result<Self> {
        let kinds = [config.bank.kind, config.sign_in_checked_by()];
        // One for both contracts: the codes that were used are in its memory.
        let demo = if kinds.contains(&BankKind::Demo) {
            Some(Arc::new(DemoBank::new(clock.clone())?))
        } else {
            None
        };
        let Institution { core_bank, sign_in } = institution;
        let settings = &config.bank.settings;
        let core: (Arc<dyn DynCoreBank>, _) = match (kinds[0], &demo, clients.core) {
            (BankKind::Demo, Some(demo), _) => (demo.clone(), Implementation::Linked),
            (BankKind::Http, _, Some(http)) => {
                let client = bank::http::core_bank(&config.bank.http, http)?;
                (Arc::new(client), Implementation::OverHttp)
            }
            _ => {
                let connect = core_bank.context(NO_CORE_BANK)?;
                let bank = connected(connect, settings, "the bank").await?;
                (bank, Implementation::Linked)
            }
        };
        let checks: (Arc<dyn DynSignIn>, _) = match (kinds[1], &demo, clients.sign_in) {
            (BankKind::Demo, Some(demo), _) => (demo.clone(), Implementation::Linked),
            (BankKind::Http, _, Some(http)) => {
                let client = bank::http::sign_in(&config.sign_in.http, http)?;
                (Arc::new(client), Implementation::OverHttp)
            }
            _ => {
                let connect = sign_in.context(NO_SIGN_IN)?;
                let bank = connected(connect, settings, "the bank's sign-in").await?;
                (bank, Implementation::Linked)
            }
        };
        let budget = Duration::from_millis(config.limits.bank_timeout);
        let core = Bank::new(core.0, clock.clone(), core.1, budget);
        let sign_in = Checks::new(checks.0, clock.clone(), checks.1, budget);
        tokio::spawn(greet(core.clone()));
        tokio::spawn(greet_sign_in(sign_in.clone()));
        Ok(Self { core, sign_in })
    }
}

/// Says in the log who answers. A bank that is in maintenance now is no reason not to start.
async fn greet(core: Bank) {
    match core.capabilities().await {
        Ok(bank) => {
            let implementation = bank.implementation.as_deref().unwrap_or("unnamed");
            let operations = bank.operations.join(", ");
            tracing::info!(
                implementation,
                version = bank.contract_version,
                operations,
                "the bank answers"
            );
        }
        Err(error) => {
            tracing::warn!(%error, "the bank does not answer yet; `izin bank check` tells more");
        }
    }
}

/// The same of the bank's sign-in.
async fn greet_sign_in(checks: Checks) {
    match checks.capabilities().await {
        Ok(bank) => {
            let implementation = bank.implementation.as_deref().unwrap_or("unnamed");
            let operations = bank.operations.join(", ");
            let methods: Vec<_> = bank.methods.iter().map(|method| method.as_str()).collect();
            let methods = methods.join(", ");
            tracing::info!(
                implementation,
                version = bank.contract_version,
                operations,
                methods,
                "the bank's sign-in answers"
            );
            if bank.methods == [SecondFactorMethod::Approval] {
                tracing::error!(
                    "the bank has approval as its only second factor, which the pages do not offer: nobody can sign in"
                );
            }
        }
        Err(error) => {
            tracing::warn!(%error, "the bank's sign-in does not answer yet; `izin bank check` tells more");
        }
    }
}
