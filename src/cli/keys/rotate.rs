//! `izin keys rotate`: a new signing key takes over, with both published for a while.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use izin_jose::CryptoPool;
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, TableLike, Value};

use crate::config::{Config, KeyLocation, KeySource};
use crate::keys::{CertificateFacts, KeyReader, PUBLISHED_AFTERWARDS};

/// Let a new signing key take over from the one that signs now
///
/// Writes the signing keys of the configuration file: the new key signs from --from on, and the old one until then. Both are published
/// from the next reload until a day after that moment, so that whoever has a copy of our key set can verify everything. Entries whose
/// time is over are taken out. The rest of the file stays as it is, comments included.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rotate {
    /// Configuration file (TOML), which is changed
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// The new key's certificate (PEM, with its chain); left out beside a PKCS#12 file
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The new key: a PEM or PKCS#12 file, or pkcs11:object=LABEL
    #[arg(long, value_name = "KEY")]
    private_key: String,
    /// A file with the key file's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// When it begins to sign (RFC 3339); left out: in an hour, when no copy of our key set is older than the key
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// Print the file as it would become and change nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "Examples:
  izin keys rotate --config izin.toml --certificate signing-2027.crt --private-key signing-2027.key
  izin keys rotate --config izin.toml --certificate signing-2027.crt --private-key pkcs11:object=signing-2027 \\
    --from 2027-01-01T00:00:00+08:00 --dry-run

The service takes it up on SIGHUP: systemctl reload izin, or kill -HUP.";

/// PayNet and consumers keep a copy of our key set for 15 minutes at most.
const LEAD: TimeDelta = TimeDelta::hours(1);
const LEAST_LEAD: TimeDelta = TimeDelta::minutes(15);

impl Rotate {
    pub(super) fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let now = Utc::now();
        let config = Config::load(Some(&self.config), defaults)?;
        let source = self.source()?;
        let certificate = checked(&config, &source)?;
        let from = self.from.unwrap_or(now + LEAD);
        let from = from.duration_round_up(TimeDelta::minutes(1))?;
        ensure!(
            certificate.not_before <= from && from < certificate.not_after,
            "the new certificate is valid from {} until {}, and not at {}",
            second(certificate.not_before),
            second(certificate.not_after),
            second(from)
        );
        let text = std::fs::read_to_string(&self.config)
            .with_context(|| format!("{} cannot be read", self.config.display()))?;
        let mut document: DocumentMut = text.parse()?;
        let mut told = Told::default();
        rewrite(
            &mut document,
            &config,
            &self.entry(from),
            now,
            from,
            &mut told,
        )?;
        let changed = document.to_string();
        let reread = Config::load_text(&changed, defaults);
        reread.context("the file would not be readable any more; nothing was changed")?;
        if self.dry_run {
            crate::cli::tell(&changed);
            return Ok(ExitCode::SUCCESS);
        }
        replace(&self.config, &changed)?;
        let early = from < now + LEAST_LEAD;
        crate::cli::tell(&told.text(&certificate, from, early));
        Ok(ExitCode::SUCCESS)
    }

    fn source(&self) -> anyhow::Result<KeySource> {
        let location = KeyLocation::try_from(self.private_key.clone());
        Ok(KeySource {
            certificate: self.certificate.clone(),
            private_key: location.map_err(anyhow::Error::msg)?,
            passphrase_file: self.passphrase_file.clone(),
        })
    }

    fn entry(&self, from: DateTime<Utc>) -> InlineTable {
        let mut entry = InlineTable::new();
        if let Some(certificate) = &self.certificate {
            entry.insert("certificate", path(certificate));
        }
        entry.insert("private_key", self.private_key.as_str().into());
        if let Some(passphrase) = &self.passphrase_file {
            entry.insert("passphrase_file", path(passphrase));
        }
        entry.insert("from", second(from).into());
        entry
    }
}

/// That the key can be used, and is not one of those there are.
fn checked(config: &Config, source: &KeySource) -> anyhow::Result<CertificateFacts> {
    let mut with_it = config.clone();
    with_it.signing.keys.push(crate::config::SigningKey {
        certificate: source.certificate.clone(),
        private_key: source.private_key.clone(),
        passphrase_file: source.passphrase_file.clone(),
        from: None,
        until: None,
    });
    let reader = KeyReader::open(&with_it, Arc::new(CryptoPool::for_this_machine()?))?;
    let (_, certificate) = reader.signer(source).context("the new key")?;
    for key in &config.signing.keys {
        let known = reader.certificate(&key.key());
        if known.is_ok_and(|known| known.thumbprint == certificate.thumbprint) {
            bail!("{} is one of signing.keys already", certificate.thumbprint);
        }
    }
    Ok(certificate)
}

/// What was done, for the person who did it.
#[derive(Default)]
struct Told {
    ended: Vec<String>,
    removed: Vec<String>,
}

impl Told {
    fn text(&self, certificate: &CertificateFacts, from: DateTime<Utc>, early: bool) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{} signs from {}\n", certificate.thumbprint, second(from));
        for key in &self.ended {
            let last = second(from + PUBLISHED_AFTERWARDS);
            let _ = writeln!(text, "{key} signs until then and is published until {last}");
        }
        for key in &self.removed {
            let _ = writeln!(text, "{key} was taken out: its time is over");
        }
        if early {
            text.push_str(
                "\nThis is sooner than copies of our key set are renewed (15 minutes): some signatures may be refused.\n",
            );
        }
        text.push_str(
            "\nNext: reload every replica before that time (systemctl reload izin, or kill -HUP). Where PayNet takes signing\n\
             certificates in its portal, hand the new one in first.\n",
        );
        text
    }
}

/// The entries of `signing.keys`, in whichever of TOML's two forms they are.
fn rewrite(
    document: &mut DocumentMut,
    config: &Config,
    new: &InlineTable,
    now: DateTime<Utc>,
    from: DateTime<Utc>,
    told: &mut Told,
) -> anyhow::Result<()> {
    let keys = document
        .get_mut("signing")
        .and_then(|signing| signing.get_mut("keys"))
        .context("the file has no signing.keys; write the first key there by hand")?;
    let is_over = |number: usize| {
        let key = config.signing.keys.get(number);
        let until = key.and_then(|key| key.until);
        until.is_some_and(|until| until + PUBLISHED_AFTERWARDS < now)
    };
    match keys {
        Item::Value(Value::Array(array)) => {
            ensure!(
                array.len() == config.signing.keys.len(),
                "signing.keys of the file are not those in use: the environment replaces them"
            );
            for number in (0..array.len()).rev() {
                if is_over(number) {
                    told.removed.push(named(
                        array.get(number).and_then(|key| key.as_inline_table()),
                    ));
                    array.remove(number);
                } else if let Some(key) = array.get_mut(number).and_then(Value::as_inline_table_mut)
                {
                    end(key, now, from, told);
                }
            }
            let mut new = Value::from(new.clone());
            new.decor_mut().set_prefix("\n  ");
            array.push_formatted(new);
            array.set_trailing("\n");
            array.set_trailing_comma(true);
        }
        Item::ArrayOfTables(tables) => {
            ensure!(
                tables.len() == config.signing.keys.len(),
                "signing.keys of the file are not those in use: the environment replaces them"
            );
            rewrite_tables(tables, new, is_over, now, from, told);
        }
        _ => bail!("signing.keys of the file is no list"),
    }
    Ok(())
}

fn rewrite_tables(
    tables: &mut ArrayOfTables,
    new: &InlineTable,
    is_over: impl Fn(usize) -> bool,
    now: DateTime<Utc>,
    from: DateTime<Utc>,
    told: &mut Told,
) {
    for number in (0..tables.len()).rev() {
        if is_over(number) {
            told.removed.push(named(tables.get(number)));
            tables.remove(number);
        } else if let Some(key) = tables.get_mut(number) {
            end(key, now, from, told);
        }
    }
    let members = new.iter();
    let members = members.map(|(key, value)| (key.to_owned(), value.clone()));
    tables.push(members.collect());
}

/// A key that would go on signs until the new one does.
fn end<T: TableLike + ?Sized>(
    key: &mut T,
    now: DateTime<Utc>,
    from: DateTime<Utc>,
    told: &mut Told,
) {
    let until = key.get("until").and_then(Item::as_str);
    let until = until.and_then(|until| until.parse::<DateTime<Utc>>().ok());
    if until.is_some_and(|until| until <= from.max(now)) {
        return;
    }
    key.insert("until", toml_edit::value(second(from)));
    told.ended.push(named(Some(key)));
}

fn named<T: TableLike + ?Sized>(key: Option<&T>) -> String {
    let name = key.and_then(|key| key.get("certificate").or_else(|| key.get("private_key")));
    let name = name.and_then(Item::as_str).unwrap_or("an entry");
    name.to_owned()
}

fn path(path: &Path) -> Value {
    path.display().to_string().into()
}

fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// At once or not at all: a service that reloads meanwhile sees the old file or the new one.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let told = || format!("{} cannot be written; nothing was changed", path.display());
    let target = path.canonicalize().with_context(told)?;
    let folder = target.parent().with_context(told)?;
    let name = target.file_name().with_context(told)?.to_string_lossy();
    let beside = folder.join(format!(".{name}.new"));
    let mode = std::fs::metadata(&target).with_context(told)?.permissions();
    let write = || -> std::io::Result<()> {
        std::fs::write(&beside, text)?;
        std::fs::set_permissions(&beside, mode)?;
        std::fs::File::open(&beside)?.sync_all()?;
        std::fs::rename(&beside, &target)
    };
    write().with_context(told)
}
