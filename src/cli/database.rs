//! The database of a configuration, for commands that work beside the service.

use std::path::PathBuf;

use clap::Args;

use crate::config::Config;
use crate::database;
use crate::store::Store;

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
}
