//! The database of a configuration, for commands that work beside the service.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;

use crate::config::Config;
use crate::database;
use crate::store::{Migrations, Store};

/// One connection is enough for a command.
const CONNECTIONS: usize = 1;

#[derive(Debug, Args)]
pub(super) struct Database {
    /// Configuration file (TOML) whose database is meant
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Database {
    /// As it is: nothing is migrated.
    pub(super) fn open(&self, defaults: &str) -> anyhow::Result<Store> {
        let config = Config::load(self.config.as_deref(), defaults)?;
        database::open(&config, CONNECTIONS)
    }

    /// For commands to which a database that is not there, or not of this release, would be an empty one.
    pub(super) async fn open_existing(&self, defaults: &str) -> anyhow::Result<(Config, Store)> {
        let config = Config::load(self.config.as_deref(), defaults)?;
        let found = database::look(&config).await?;
        let Migrations {
            pending, unknown, ..
        } = found.migrations;
        ensure!(
            pending.is_empty(),
            "the database is of an older release (it lacks {}): run izin migrate first",
            pending.join(", ")
        );
        ensure!(
            unknown.is_empty(),
            "the database is of a newer release (it has {}): use that release",
            unknown.join(", ")
        );
        let store = database::open(&config, CONNECTIONS)?;
        Ok((config, store))
    }

    /// The same as the owner of the tables, if that is another user: the service itself may not change evidence.
    pub(super) async fn open_as_owner(&self, defaults: &str) -> anyhow::Result<(Config, Store)> {
        let (config, store) = self.open_existing(defaults).await?;
        let owner = database::owner_options(&config)?;
        let store = match owner {
            Some(owner) => Store::connect(owner, CONNECTIONS)?,
            None => store,
        };
        Ok((config, store))
    }
}
