//! `izin migrate`: the database's schema brought up to date, and the service's rights in it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;

use crate::config::Config;
use crate::database;
use crate::institution::Institution;
use crate::store::{Deviation, Store};

/// Bring the database's schema up to date
///
/// Works as the user of `database.owner_url`, and then grants the user of `database.url`, whom the service runs as, what it needs and
/// nothing more: of evidence (ledger, access log, events, decisions, receipts) it may add and read. Without `database.owner_url` it
/// works as the user of `database.url`, and grants nothing.
///
/// Several at once, or beside services that start, do no harm. A release's migrations leave the previous release working: migrate
/// first, then replace one replica after the other.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, or nothing to do; 1 failed, or with --check something is pending; 2 wrong usage."
)]
pub struct Migrate {
    /// Configuration file (TOML) whose database is meant
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only look: 1 as the exit code if something is pending
    #[arg(long)]
    check: bool,
}

impl Migrate {
    pub async fn run(self, institution: &Institution) -> anyhow::Result<ExitCode> {
        let config = Config::load(self.config.as_deref(), &institution.defaults())?;
        if self.check {
            return check(&config).await;
        }
        let owner = database::owner_options(&config)?;
        let role = config.database.user();
        let (Some(owner), Some(role)) = (owner, role) else {
            let store = database::open(&config, 1)?;
            refuse_newer(&store).await?;
            super::tell(&told(&store.migrate().await?));
            return Ok(ExitCode::SUCCESS);
        };
        let store = Store::connect(owner, 1)?;
        refuse_newer(&store).await?;
        let (applied, deviation) = store
            .migrate_for(&role)
            .await
            .context("as the user of database.owner_url")?;
        super::tell(&format!("{}{}", told(&applied), rights(&role, &deviation)));
        Ok(ExitCode::from(u8::from(!deviation.missing.is_empty())))
    }
}

/// As the service sees it.
async fn check(config: &Config) -> anyhow::Result<ExitCode> {
    let store = database::open(config, 1)?;
    refuse_newer(&store).await?;
    let pending = store.migrations().await?.pending;
    if pending.is_empty() {
        super::tell("The schema is up to date.\n");
        return Ok(ExitCode::SUCCESS);
    }
    super::tell(&format!("Pending: {}\n", pending.join(", ")));
    Ok(ExitCode::FAILURE)
}

async fn refuse_newer(store: &Store) -> anyhow::Result<()> {
    ensure!(
        !store.migrations().await?.is_too_new(),
        "the database is of a newer release of izin, which this one cannot work with: run that release"
    );
    Ok(())
}

fn told(applied: &[String]) -> String {
    if applied.is_empty() {
        "The schema is up to date.\n".into()
    } else {
        format!("Applied: {}\n", applied.join(", "))
    }
}

fn rights(role: &str, deviation: &Deviation) -> String {
    if !deviation.missing.is_empty() {
        return format!("{role} still lacks {}.\n", deviation.missing.join(", "));
    }
    let has = format!("{role} has the rights that the service needs");
    let against = deviation.against_evidence();
    if against.is_empty() {
        return format!("{has}, and cannot change evidence.\n");
    }
    format!(
        "{has}.\nWarning: it can change evidence all the same ({}): it is a superuser, owns the tables, or is a member of a role that \
         may.\n",
        against.join(", ")
    )
}
