//! `izin consents revoke`: stops sharing, as the customer asked at a counter or as the bank must.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Database;
use crate::authorization::{Stop, stop_sharing};
use crate::cli::plain::plain;
use crate::clock::{SharedClock, SystemClock};
use crate::consent::Actor;
use crate::ids::ConsentId;

/// Stop sharing under a consent
///
/// From the moment this command ends, the next data call is refused, on every replica. The running service tells PayNet, and the
/// customer through the bank, with time and data categories. It cannot be taken back: sharing again needs a new consent.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The consent's id
    #[arg(value_name = "CONSENT")]
    id: String,
    /// Who you are; goes into the consent's history
    #[arg(long, value_name = "NAME", value_parser = plain)]
    operator: String,
    /// Why; goes into the consent's history and to PayNet, so leave personal data out
    #[arg(long, value_name = "TEXT", value_parser = plain)]
    reason: String,
    /// Whose wish it is; the customer is told
    #[arg(long, value_enum, default_value_t = Whose::Bank)]
    by: Whose,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Whose {
    Bank,
    Customer,
}

impl Revoke {
    pub(super) async fn run(self, defaults: &str) -> anyhow::Result<()> {
        let id = ConsentId::parse(self.id)?;
        let store = self.database.open(defaults)?;
        let clock: SharedClock = Arc::new(SystemClock);
        let stop = Stop {
            by: match self.by {
                Whose::Bank => Actor::Bank,
                Whose::Customer => Actor::Customer,
            },
            reason: Some(self.reason),
            operator: Some(self.operator),
        };
        let stopped = stop_sharing(&store, &clock, &id, &stop).await?;
        crate::cli::tell(if stopped {
            "Stopped. The running service tells PayNet and the customer; izin consents show tells how far that is.\n"
        } else {
            "It had been stopped before.\n"
        });
        Ok(())
    }
}
