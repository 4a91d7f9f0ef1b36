//! `izin keys rotate`: a new signing key takes over, with both published for a while.

mod config_file;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, DurationRound as _, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use clap::Args;
use izin_jose::CryptoPool;
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, TableLike, Value};

use crate::config::{Config, KeyLocation, KeySource, Loaded, Origin, SigningKey};
use crate::keys::{CertificateFacts, KeyReader, KeyRing, published_until};
use config_file::ConfigFile;

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
    /// Print the signing keys as the file would have them and change nothing
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
        let config = self.configured(defaults)?;
        let source = self.source()?;
        let mut wanted = config.clone();
        wanted.signing.keys.push(of_now(&source));
        let reader = KeyReader::open(&wanted, Arc::new(CryptoPool::for_this_machine()?))?;
        let certificate = checked(&config, &reader, &source)?;
        let from = match self.from {
            Some(from) => from.trunc_subsecs(0),
            None => (now + LEAD).duration_round_up(TimeDelta::minutes(1))?,
        };
        ensure!(
            certificate.not_before <= from && from < certificate.not_after,
            "the new certificate is valid from {} until {}, and not at {}",
            second(certificate.not_before),
            second(certificate.not_after),
            second(from)
        );
        let file = ConfigFile::read(&self.config)?;
        let mut document: DocumentMut = file.text().parse()?;
        let mut plan = Plan {
            keys: &config.signing.keys,
            from,
            now,
            told: Told::default(),
        };
        plan.rewrite(&mut document, &entry(&source, from))?;
        let changed = document.to_string();
        wanted.signing.keys = Config::load_text(&changed, defaults)
            .context("the file would not be readable any more; nothing was changed")?
            .signing
            .keys;
        usable(&wanted, &reader, now)?;
        if self.dry_run {
            crate::cli::tell(&signing_of(&document));
            return Ok(ExitCode::SUCCESS);
        }
        file.replace(&changed)?;
        let early = from < now + LEAST_LEAD;
        crate::cli::tell(&plan.told.text(&certificate, from, early));
        Ok(ExitCode::SUCCESS)
    }

    /// As it is in force, with its signing keys from the file: what a variable replaces, a change of the file would not change.
    fn configured(&self, defaults: &str) -> anyhow::Result<Config> {
        let loaded = Loaded::read(Some(&self.config), defaults, std::env::vars_os());
        let origin = loaded.origin(&["signing".into(), "keys".into()]);
        let config = loaded.config()?;
        match origin {
            Some(Origin::File { .. }) => Ok(config),
            Some(Origin::Variable(name)) => {
                bail!("{name} replaces signing.keys of the file; change that variable instead")
            }
            _ => bail!("the file has no signing.keys; write the first key there by hand"),
        }
    }

    /// With absolute paths, since the service may be started in another folder.
    fn source(&self) -> anyhow::Result<KeySource> {
        let location = KeyLocation::try_from(self.private_key.clone());
        let absolute = |path: &PathBuf| std::path::absolute(path);
        Ok(KeySource {
            certificate: self.certificate.as_ref().map(absolute).transpose()?,
            private_key: match location.map_err(anyhow::Error::msg)? {
                KeyLocation::File(path) => KeyLocation::File(absolute(&path)?),
                token @ KeyLocation::Token(_) => token,
            },
            passphrase_file: self.passphrase_file.as_ref().map(absolute).transpose()?,
        })
    }
}

fn entry(source: &KeySource, from: DateTime<Utc>) -> InlineTable {
    let mut entry = InlineTable::new();
    if let Some(certificate) = &source.certificate {
        entry.insert("certificate", path(certificate));
    }
    let private_key = match &source.private_key {
        KeyLocation::File(file) => path(file),
        KeyLocation::Token(name) => name.to_string().into(),
    };
    entry.insert("private_key", private_key);
    if let Some(passphrase) = &source.passphrase_file {
        entry.insert("passphrase_file", path(passphrase));
    }
    entry.insert("from", second(from).into());
    entry
}

fn of_now(source: &KeySource) -> SigningKey {
    SigningKey {
        certificate: source.certificate.clone(),
        private_key: source.private_key.clone(),
        passphrase_file: source.passphrase_file.clone(),
        from: None,
        until: None,
    }
}

/// That the key can be used, and is not one of those there are.
fn checked(
    config: &Config,
    reader: &KeyReader,
    source: &KeySource,
) -> anyhow::Result<CertificateFacts> {
    let (_, certificate) = reader.signer(source).context("the new key")?;
    for key in &config.signing.keys {
        let known = reader.certificate(&key.key());
        if known.is_ok_and(|known| known.thumbprint == certificate.thumbprint) {
            bail!("{} is one of signing.keys already", certificate.thumbprint);
        }
    }
    Ok(certificate)
}

/// That the service can take it up, and that there is a key for every moment.
fn usable(wanted: &Config, reader: &KeyReader, now: DateTime<Utc>) -> anyhow::Result<()> {
    const UNCHANGED: &str = "nothing was changed";
    let problems = wanted.key_problems();
    ensure!(problems.is_empty(), "{}; {UNCHANGED}", problems.join("; "));
    let ring = KeyRing::read(reader, &wanted.signing.keys, now).context(UNCHANGED)?;
    if let Some((since, until)) = ring.gap(now) {
        bail!(
            "from {} until {} no key would sign: give --from {} or earlier; {UNCHANGED}",
            second(since),
            second(until),
            second(since)
        );
    }
    Ok(())
}

/// Without the rest of the file, in which there may be passwords.
fn signing_of(document: &DocumentMut) -> String {
    let mut signing = DocumentMut::new();
    if let Some(keys) = document.get("signing") {
        signing.insert("signing", keys.clone());
    }
    signing.to_string()
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
            let last = published_until(from).map_or_else(|| "its end".to_owned(), second);
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

/// What is to become of the entries there are.
struct Plan<'a> {
    /// As the file has them.
    keys: &'a [SigningKey],
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    told: Told,
}

impl Plan<'_> {
    /// The entries of `signing.keys`, in whichever of TOML's two forms they are.
    fn rewrite(&mut self, document: &mut DocumentMut, new: &InlineTable) -> anyhow::Result<()> {
        let keys = document.get_mut("signing");
        let keys = keys.and_then(|signing| signing.get_mut("keys"));
        let keys =
            keys.context("the file has no signing.keys; write the first key there by hand")?;
        for (number, key) in self.keys.iter().enumerate() {
            if let Some(from) = key.from.filter(|from| *from >= self.from) {
                bail!(
                    "signing.keys[{number}] begins to sign at {}, which is not before the new key: take it out of the file, \
                     or give a later --from",
                    second(from)
                );
            }
        }
        match keys {
            Item::Value(Value::Array(array)) => self.rewrite_array(array, new),
            Item::ArrayOfTables(tables) => self.rewrite_tables(tables, new),
            _ => bail!("signing.keys of the file is no list"),
        }
        Ok(())
    }

    fn rewrite_array(&mut self, array: &mut toml_edit::Array, new: &InlineTable) {
        for number in (0..array.len()).rev() {
            if self.is_over(number) {
                let key = array.get(number).and_then(Value::as_inline_table);
                self.told.removed.push(named(key));
                array.remove(number);
            } else if let Some(key) = array.get_mut(number).and_then(Value::as_inline_table_mut) {
                self.end(number, key);
            }
        }
        // What stands behind the last entry, a comment perhaps, goes on standing there.
        let behind = array.trailing().as_str().unwrap_or_default().trim_end();
        let mut value = Value::from(new.clone());
        value.decor_mut().set_prefix(format!("{behind}\n  "));
        array.push_formatted(value);
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }

    fn rewrite_tables(&mut self, tables: &mut ArrayOfTables, new: &InlineTable) {
        for number in (0..tables.len()).rev() {
            if self.is_over(number) {
                self.told.removed.push(named(tables.get(number)));
                tables.remove(number);
            } else if let Some(key) = tables.get_mut(number) {
                self.end(number, key);
            }
        }
        let members = new.iter();
        let members = members.map(|(key, value)| (key.to_owned(), value.clone()));
        tables.push(members.collect());
    }

    fn is_over(&self, number: usize) -> bool {
        let until = self.until(number).and_then(published_until);
        until.is_some_and(|until| until < self.now)
    }

    /// A key that would go on signs until the new one does.
    fn end<T: TableLike + ?Sized>(&mut self, number: usize, key: &mut T) {
        let until = self.until(number);
        if until.is_some_and(|until| until <= self.from.max(self.now)) {
            return;
        }
        key.insert("until", toml_edit::value(second(self.from)));
        self.told.ended.push(named(Some(key)));
    }

    fn until(&self, number: usize) -> Option<DateTime<Utc>> {
        self.keys.get(number).and_then(|key| key.until)
    }
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
