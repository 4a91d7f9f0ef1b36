//! `izin ledger export`

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, Utc};
use clap::{ArgGroup, Args};

use super::Database;
use crate::cli::plain::plain;
use crate::cli::progress::Progress;
use crate::cli::unusable;
use crate::clock::{SharedClock, SystemClock};
use crate::evidence;
use crate::evidence::Wanted;
use crate::ids::{ConsentId, CustomerId};

/// Export evidence as JSON Lines: one object a line, each with its type
///
/// What is exported is personal, so who wants it and why goes into the ledger first. docs/evidence.md has the fields.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("wanted").required(true).args(["consent", "customer", "from"]))]
pub(super) struct Export {
    #[command(flatten)]
    database: Database,
    /// Everything of this consent
    #[arg(long, value_name = "ID")]
    consent: Option<String>,
    /// Everything of all consents of this customer: the bank's own id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Everything since this day (Malaysian time) or moment (RFC 3339)
    #[arg(long, value_name = "DATE", requires = "to", value_parser = from)]
    from: Option<DateTime<Utc>>,
    /// Up to this day, which is part of it, or up to this moment, which is not
    #[arg(long, value_name = "DATE", requires = "from", value_parser = to)]
    to: Option<DateTime<Utc>>,
    /// Who you are; goes into the ledger
    #[arg(long, value_name = "NAME", value_parser = plain)]
    operator: String,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT", value_parser = plain)]
    reason: String,
    /// Where to, readable to you alone; never over a file that is there. Left out: standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) async fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let wanted = match self.wanted() {
            Ok(wanted) => wanted,
            Err(error) => return Ok(unusable(format_args!("{error:#}"))),
        };
        let (_, store) = self.database.open_existing(defaults).await?;
        let mut out: Box<dyn Write + Send> = match &self.output {
            Some(path) => match create(path) {
                Ok(file) => Box::new(BufWriter::new(file)),
                Err(error) => return Ok(unusable(format_args!("{error:#}"))),
            },
            None => Box::new(BufWriter::new(std::io::stdout())),
        };
        let clock: SharedClock = Arc::new(SystemClock);
        let progress = Progress::start();
        let export = evidence::Export {
            store,
            clock,
            out: &mut *out,
            watch: &progress,
            lines: 0,
        };
        let lines = export.run(&wanted, &self.operator, &self.reason).await;
        drop(progress);
        let lines = lines.inspect_err(|_| {
            // Half an export must not pass for a whole one.
            if let Some(path) = &self.output {
                let _ = std::fs::remove_file(path);
            }
        })?;
        if let Some(path) = &self.output {
            let told = format!("{lines} lines in {}.\n", path.display());
            crate::cli::tell(&told);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn wanted(&self) -> anyhow::Result<Wanted> {
        match (&self.consent, &self.customer, self.from, self.to) {
            (Some(id), ..) => Ok(Wanted::Consent(ConsentId::parse(id.clone())?)),
            (_, Some(id), ..) => Ok(Wanted::Customer(CustomerId::parse(id.clone())?)),
            (.., Some(from), Some(to)) => {
                anyhow::ensure!(from < to, "--to is not after --from");
                Ok(Wanted::Period { from, to })
            }
            _ => anyhow::bail!("one of --consent, --customer, or --from with --to"),
        }
    }
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("{} cannot be made", path.display()))
}

fn from(text: &str) -> Result<DateTime<Utc>, String> {
    date(text, 0)
}

/// The day itself is meant as well.
fn to(text: &str) -> Result<DateTime<Utc>, String> {
    date(text, 1)
}

/// A moment, or the beginning of so many days after a Malaysian day.
fn date(text: &str, days: u64) -> Result<DateTime<Utc>, String> {
    const EIGHT_HOURS: i32 = 8 * 3600;
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let day = day.and_then(|day| day.checked_add_days(Days::new(days)));
    let zone = FixedOffset::east_opt(EIGHT_HOURS);
    let midnight = day.zip(zone).and_then(|(day, zone)| {
        let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(zone);
        midnight.single()
    });
    midnight.map(|midnight| midnight.to_utc()).ok_or_else(|| {
        "a day such as 2027-03-31, or a moment such as 2027-03-31T18:00:00+08:00".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_malaysian_and_whole() {
        let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        assert_eq!(
            from("2027-03-31").unwrap(),
            moment("2027-03-31T00:00:00+08:00")
        );
        assert_eq!(
            to("2027-03-31").unwrap(),
            moment("2027-04-01T00:00:00+08:00")
        );
        let exact = "2027-03-31T18:00:00+08:00";
        assert_eq!(to(exact).unwrap(), moment(exact));
        for wrong in ["", "31.3.2027", "2027-02-30", "2027-03-31 18:00"] {
            assert!(from(wrong).is_err(), "{wrong:?}");
        }
    }
}
