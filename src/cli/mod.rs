//! Commands, one file each.

#[cfg(feature = "lab")]
pub mod bank;
mod config;
mod consents;
mod database;
#[cfg(feature = "lab")]
pub mod demo;
mod doctor;
mod jose;
mod keys;
mod ledger;
mod logging;
mod migrate;
mod outbox;
mod plain;
mod progress;
mod reconcile;
mod retention;
mod selftest;
mod serve;
#[cfg(feature = "lab")]
mod simulate;
#[cfg(feature = "codegen")]
mod spec;
mod table;

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::institution::Institution;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// PayNet's consent systems for Malaysian institutions: a Data Provider on the Open Finance Platform.
#[derive(Debug, Parser)]
#[command(name = "izin", version, about, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin demo                       the whole journey on this machine, nothing to install
  izin serve --config izin.toml   the service
  izin config check --help        what a configuration would do, before the service runs with it
  izin consents list --config F   the consents; show and revoke one
  izin outbox list --config F     what PayNet has not been told yet
  izin reconcile list --config F  what PayNet has otherwise than we do
  izin doctor --config izin.toml  is everything ready for traffic? What is not, and what to do
  izin migrate --config izin.toml the database's schema brought up to date
  izin keys list --config F       which key signs, and until when each certificate is valid
  izin ledger verify --config F   is the evidence what was written? export hands it out
  izin retention run --dry-run    what is personal and old enough to be erased
  izin spec diff OLD NEW          what a new edition of an OpenAPI document means for us
  izin simulate attacks           how a Data Provider stands the catalogue of attacks
  izin selftest                   the cryptography of this binary against published examples
  izin jose verify --help         signatures and ciphertexts on files

Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "lab")]
    Bank(bank::Bank),
    Config(config::Config),
    /// Start everything on this machine: the Data Provider, a PayNet simulator and a consumer app
    #[cfg(feature = "lab")]
    Demo(demo::Demo),
    Consents(consents::Consents),
    Doctor(doctor::Doctor),
    Jose(jose::Jose),
    Keys(keys::Keys),
    Ledger(ledger::Ledger),
    Migrate(migrate::Migrate),
    Outbox(outbox::Outbox),
    Reconcile(reconcile::Reconcile),
    Retention(retention::Retention),
    Selftest(selftest::Selftest),
    /// Run the service
    Serve(serve::Serve),
    #[cfg(feature = "lab")]
    Simulate(simulate::Simulate),
    #[cfg(feature = "codegen")]
    Spec(spec::Spec),
}

/// Runs the command line of this process and answers the exit code.
pub fn run(institution: Institution) -> ExitCode {
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            runtime.block_on(async {
                match cli.command {
                    #[cfg(feature = "lab")]
                    Command::Bank(bank) => bank.run(institution).await,
                    Command::Config(config) => Ok(config.run(&institution)),
                    #[cfg(feature = "lab")]
                    Command::Demo(demo) => Box::pin(demo.run(institution))
                        .await
                        .map(|()| ExitCode::SUCCESS),
                    Command::Doctor(doctor) => Ok(doctor.run(&institution).await),
                    Command::Jose(jose) => Ok(jose.run().await),
                    Command::Consents(consents) => consents.run(&institution).await,
                    Command::Keys(keys) => Ok(keys.run(&institution)),
                    Command::Ledger(ledger) => ledger.run(&institution).await,
                    Command::Migrate(migrate) => migrate.run(&institution).await,
                    Command::Outbox(outbox) => outbox.run(&institution).await,
                    Command::Reconcile(reconcile) => reconcile.run(&institution).await,
                    Command::Retention(retention) => retention.run(&institution).await,
                    Command::Selftest(selftest) => Ok(selftest.run().await),
                    Command::Serve(serve) => {
                        serve.run(institution).await.map(|()| ExitCode::SUCCESS)
                    }
                    #[cfg(feature = "lab")]
                    Command::Simulate(simulate) => simulate.run(institution).await,
                    #[cfg(feature = "codegen")]
                    Command::Spec(spec) => Ok(spec.run()),
                }
            })
        });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(format_args!("izin: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// To standard output, which may be closed: a service goes on when nobody reads what it says.
fn tell(text: &str) {
    let _ = write_out(text);
}

/// The same for a command whose answer it is. `code` is what it ends with, unless the answer is lost: then 2. Somebody who closes a
/// pipe has read enough.
fn report(text: &str, code: ExitCode) -> ExitCode {
    match write_out(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            unusable(format_args!("standard output cannot be written: {error}"))
        }
        _ => code,
    }
}

fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// A line on standard error, which may be closed as well.
fn complain(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What was given cannot be used: another exit code than that of something which was tried and failed.
fn unusable(why: impl fmt::Display) -> ExitCode {
    complain(format_args!("izin: {why}"));
    ExitCode::from(2)
}

/// A secret from a file: its one line, without the line's end.
#[cfg(feature = "lab")]
fn read_secret(path: &std::path::Path) -> anyhow::Result<secrecy::SecretString> {
    use anyhow::Context as _;
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
}

/// SIGTERM or Ctrl-C. Listened for before anything is announced, so that a quick stop is a clean one.
struct StopSignals {
    interrupted: Signal,
    terminated: Signal,
}

impl StopSignals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt())?,
            terminated: signal(SignalKind::terminate())?,
        })
    }

    async fn received(mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}
