//! Which implementation of the bank's contracts the configuration chose.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};

use crate::bank::{self, Bank, DemoBank, DynCoreBank, Implementation};
use crate::clock::SharedClock;
use crate::config::{BankKind, Config};
use crate::institution::{Institution, Settings};
use crate::sign_in::PasswordCheck;

pub struct Banks {
    pub core: Bank,
    pub sign_in: Arc<dyn PasswordCheck>,
}

impl Banks {
    pub async fn connect(
        config: &Config,
        clock: &SharedClock,
        institution: Institution,
    ) -> anyhow::Result<Self> {
        let demo = Arc::new(DemoBank::new(clock.clone())?);
        let core: (Arc<dyn DynCoreBank>, _) = match config.bank.kind {
            BankKind::Demo => (demo.clone(), Implementation::Linked),
            BankKind::Http => {
                let client = bank::http::core_bank(&config.bank.http)?;
                (Arc::new(client), Implementation::OverHttp)
            }
            BankKind::Linked => {
                let connect = institution.core_bank.context(
                    "bank.kind = \"linked\", but this binary has no bank linked in; docs/integrator-guide.md shows how",
                )?;
                let settings = Settings(config.bank.settings.clone());
                let connected = connect(settings).await;
                let bank =
                    connected.map_err(|error| anyhow!("the bank cannot be connected: {error}"))?;
                (bank, Implementation::Linked)
            }
        };
        let budget = Duration::from_millis(config.limits.bank_timeout);
        let core = Bank::new(core.0, core.1, budget);
        tokio::spawn(greet(core.clone()));
        Ok(Self {
            core,
            sign_in: demo,
        })
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
            tracing::warn!(%error, "the bank does not answer yet; `izin bank check` tells more")
        }
    }
}
