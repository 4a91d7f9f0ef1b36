//! `izin simulate attacks`: the catalogue of attacks against a Data Provider.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use izin_simulator::checks::{Bench, Check, ControlFailed, Pace, attacks, run_all};
use url::Url;

use super::super::demo::{CLIENT_ID, DP_ID};
use super::super::{StopSignals, logging, report as write_report, unusable};
use super::arrangement::{Arrangement, Target};
use super::customers::Customers;
use super::report::{Report, list};
use crate::institution::Institution;

/// Attack a Data Provider in every way of the catalogue, and report how each attack ended
///
/// Without --target, the demo's Data Provider is started in this process and attacked. With it, a running one is: forged signatures have to
/// be made with keys that it knows, so it must take this command for PayNet. `izin simulate setup` makes keys and a configuration for that.
///
/// An honest consent and data call come first and must succeed: a provider that refuses everything has shown nothing. They come last, too.
/// Attacks leave consents, ledger entries and log lines behind, so the target's database should be one for tests.
///
/// Exit codes: 0 every attack that was tried was refused, 1 some were not, 2 wrong usage, also a target that refuses honest calls, or a
/// report that cannot be written.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Attacks {
    /// The mutual TLS listener of a running Data Provider
    #[arg(long, value_name = "URL", requires_all = ["pages_url", "pki"])]
    target: Option<Url>,
    /// The target's listener for customers
    #[arg(long, value_name = "URL", requires = "target")]
    pages_url: Option<Url>,
    /// The folder with the test keys of PayNet and the Data Consumers
    #[arg(long, value_name = "DIR", requires = "target")]
    pki: Option<PathBuf>,
    /// The target's `ofp.dp_id`
    #[arg(long, value_name = "ID", default_value = DP_ID)]
    dp_id: String,
    /// The target's client id at PayNet, its `ofp.client_id`
    #[arg(long, value_name = "ID", default_value = CLIENT_ID)]
    client_id: String,
    /// Where the target expects PayNet's authorization server, its `ofp.authorization_server`; loopback
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7703")]
    authorization_server: SocketAddr,
    /// Where the target expects PayNet's resource server, its `ofp.resource_server`; loopback
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7704")]
    resource_server: SocketAddr,
    /// Where the target sends customers back to: of its `ofp.redirect_uris`, without the path; loopback
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7705")]
    paynet_pages: SocketAddr,
    #[command(flatten)]
    customers: Customers,
    /// The database of the Data Provider that is started here; without it an SQLite file that goes away
    #[arg(long, value_name = "URL", conflicts_with = "target")]
    database: Option<String>,
    /// Only attacks whose name has this in it; * stands for anything. May be given several times
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// Go through the attacks so many times; those that need a new sign-in or wait for a time limit come once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Say which attacks there are, and attack nothing
    #[arg(long)]
    list: bool,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  izin simulate attacks
  izin simulate attacks --only 'event-*' --only replay --json > report.json
  izin simulate attacks --list

A deployment of your own, in two terminals:
  izin simulate setup lab                       # keys and a configuration; it says how to go on
  izin serve --config lab/izin.toml
  izin simulate attacks --target https://localhost:7702 --pages-url http://127.0.0.1:7701 --pki lab/pki

The simulator listens on loopback only. For a target on another machine, let that machine's ports 7703 and 7704 lead here,
and its listeners' there: ssh -R 7703:127.0.0.1:7703 -R 7704:127.0.0.1:7704 -L 7702:127.0.0.1:7702 -L 7701:127.0.0.1:7701 HOST";

impl Attacks {
    pub async fn run(self, institution: Institution) -> anyhow::Result<ExitCode> {
        let chosen = match self.chosen() {
            Ok(chosen) => chosen,
            Err(error) => return Ok(unusable(format_args!("{error:#}"))),
        };
        if self.list {
            return Ok(write_report(&list(&chosen, self.json)?, ExitCode::SUCCESS));
        }
        logging::start("error");
        let stop = StopSignals::listen()?;
        let arrangement = match self.arrange(institution).await {
            Ok(arrangement) => arrangement,
            Err(error) => return Ok(unusable(format_args!("{error:#}"))),
        };
        let outcome = tokio::select! {
            outcome = self.attack(&arrangement, &chosen) => Some(outcome),
            () = stop.received() => None,
        };
        let code = match outcome {
            Some(Ok(report)) => report
                .told(self.json)
                .map(|told| write_report(&told, report.exit_code()))
                .map_err(anyhow::Error::from),
            Some(Err(error)) => Ok(unusable(format_args!("{error:#}"))),
            None => Err(anyhow::anyhow!("interrupted; there is no report")),
        };
        arrangement.stop().await;
        code
    }

    /// The attacks that `--only` leaves, in the catalogue's order.
    fn chosen(&self) -> anyhow::Result<Vec<Check>> {
        anyhow::ensure!(
            self.only.iter().all(|pattern| !pattern.is_empty()),
            "--only is empty, which would be every attack; leave it out for that"
        );
        let mut chosen = attacks();
        if !self.only.is_empty() {
            chosen.retain(|check| self.only.iter().any(|pattern| fits(pattern, check.id)));
        }
        anyhow::ensure!(
            !chosen.is_empty(),
            "no attack is called {}; --list names them all",
            self.only.join(" or ")
        );
        Ok(chosen)
    }

    async fn arrange(&self, institution: Institution) -> anyhow::Result<Arrangement> {
        let (Some(url), Some(pages_url), Some(pki)) = (&self.target, &self.pages_url, &self.pki)
        else {
            return Arrangement::of_our_own(institution, self.database.as_deref()).await;
        };
        let base = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        Arrangement::around(Target {
            dp_id: self.dp_id.clone(),
            client_id: self.client_id.clone(),
            webhooks_url: base(url),
            pages_url: base(pages_url),
            pki: pki.clone(),
            authorization_server: self.authorization_server,
            resource_server: self.resource_server,
            paynet_pages: self.paynet_pages,
        })
        .await
    }

    async fn attack(&self, arrangement: &Arrangement, chosen: &[Check]) -> anyhow::Result<Report> {
        let (customer, other) = self.customers.credentials()?;
        let bench = Bench::new(&arrangement.simulator, &arrangement.dp_id, customer)?;
        let bench = bench.with_other_customer(other);
        let again: Vec<Check> = chosen
            .iter()
            .filter(|check| check.pace == Pace::Any)
            .copied()
            .collect();
        let repeated = u64::from(self.repeat - 1) * again.len() as u64;
        let bar = progress(chosen.len() as u64 + repeated)?;
        bar.set_message("an honest consent and data call");
        let control = bench.control().await;
        control.map_err(|failed| nothing_attacked(arrangement, &failed))?;
        let mut report = Report::new(arrangement.name());
        for round in 0..self.repeat {
            let checks = if round == 0 { chosen } else { &again };
            let verdicts = run_all(checks, &bench, |check, _| {
                bar.inc(1);
                bar.set_message(check.id);
            });
            report.add(verdicts.await);
        }
        bar.set_message("the honest ones again");
        let traffic = arrangement.simulator.traffic();
        report.finish(bench.control().await.err(), traffic);
        bar.finish_and_clear();
        Ok(report)
    }
}

fn nothing_attacked(arrangement: &Arrangement, failed: &ControlFailed) -> anyhow::Error {
    let advice = arrangement.advice(failed);
    anyhow::anyhow!(
        "nothing was attacked, because honest calls must succeed first\n\n{failed}\n\n{advice}"
    )
}

/// `*` stands for anything; a pattern without one may be anywhere in the name.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next().filter(|_| pattern.contains('*')) else {
        return name.contains(pattern);
    };
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    for (position, part) in parts.iter().enumerate() {
        if position + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    true
}

/// Shown on a terminal only, and on standard error, so that the report can be sent elsewhere.
fn progress(attacks: u64) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(attacks);
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {msg}");
    bar.set_style(style.context("the progress cannot be shown")?);
    bar.enable_steady_tick(Duration::from_millis(100));
    Ok(bar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_part_of_the_name_or_has_stars() {
        for (pattern, fit) in [
            ("jku", true),
            ("event-*", false),
            ("data-*", true),
            ("*-jku", true),
            ("*j*u", true),
            ("d*-*u", true),
            ("*-jk", false),
            ("data-jku-*", false),
            ("*", true),
        ] {
            assert_eq!(fits(pattern, "data-jku"), fit, "{pattern}");
        }
    }
}
