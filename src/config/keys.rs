//! Where our private keys are: files, or a token behind a PKCS#11 module.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use izin_jose::TokenKeyName;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::{BankKind, Config, DatabaseTls};

/// `[signing]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    pub keys: Vec<SigningKey>,
}

/// A key that signs at certain times. It is published from the moment it is configured until a day after `until`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    pub certificate: Option<PathBuf>,
    pub private_key: KeyLocation,
    pub passphrase_file: Option<PathBuf>,
    /// Signs from then on; left out: has always.
    #[schemars(with = "Option<String>")]
    pub from: Option<DateTime<Utc>>,
    /// Signs no more then; left out: as long as the certificate is valid.
    #[schemars(with = "Option<String>")]
    pub until: Option<DateTime<Utc>>,
}

impl SigningKey {
    pub fn key(&self) -> KeySource {
        KeySource {
            certificate: self.certificate.clone(),
            private_key: self.private_key.clone(),
            passphrase_file: self.passphrase_file.clone(),
        }
    }
}

/// `[pkcs11]`: the token that keys named `pkcs11:…` are on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11 {
    /// The vendor's library.
    pub module: Option<PathBuf>,
    /// The token's label.
    pub token: Option<String>,
    /// The maker's number, where several tokens have that label.
    pub serial: Option<String>,
    /// With the user's PIN as its only content.
    pub pin_file: Option<PathBuf>,
    /// Signatures made at a time.
    pub sessions: usize,
}

/// A private key and its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    /// PEM, with chain. Left out beside a PKCS#12 container, which has both.
    pub certificate: Option<PathBuf>,
    pub private_key: KeyLocation,
    /// With the passphrase of the key file as its only content.
    pub passphrase_file: Option<PathBuf>,
}

impl KeySource {
    pub(super) fn of(
        private_key: Option<&KeyLocation>,
        certificate: Option<&PathBuf>,
        passphrase_file: Option<&PathBuf>,
    ) -> Option<Self> {
        Some(Self {
            certificate: certificate.cloned(),
            private_key: private_key.cloned()?,
            passphrase_file: passphrase_file.cloned(),
        })
    }

    /// Everything that is read for it.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let key = match &self.private_key {
            KeyLocation::File(path) => Some(path),
            KeyLocation::Token(_) => None,
        };
        let files = [
            self.certificate.as_ref(),
            key,
            self.passphrase_file.as_ref(),
        ];
        files.into_iter().flatten().map(PathBuf::as_path)
    }
}

/// Where a private key is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum KeyLocation {
    /// PEM or PKCS#12, told apart by what is in it.
    File(PathBuf),
    /// `pkcs11:object=…` (RFC 7512), on the token of `[pkcs11]`.
    Token(TokenKeyName),
}

impl KeyLocation {
    /// By its name a container that has the certificate as well.
    pub fn is_container(&self) -> bool {
        let Self::File(path) = self else {
            return false;
        };
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| matches!(extension, "p12" | "pfx"))
    }
}

impl TryFrom<String> for KeyLocation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.starts_with(TokenKeyName::SCHEME) {
            TokenKeyName::from_str(&text)
                .map(Self::Token)
                .map_err(|problem| format!("this pkcs11: name is none of a token's key: {problem}"))
        } else if text.contains(char::is_control) {
            Err("this is the content of a key file; give its path".into())
        } else {
            Ok(Self::File(text.into()))
        }
    }
}

/// A text.
impl JsonSchema for KeyLocation {
    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// A place for a private key in the configuration, filled or not.
pub struct ConfiguredKey {
    /// As it stands in the file, for example `listeners.webhooks.private_key`.
    pub setting: String,
    pub certificate_setting: String,
    certificate: Option<PathBuf>,
    pub source: Option<KeySource>,
    /// When it signs, for those in `signing.keys`.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    is_required: bool,
}

impl ConfiguredKey {
    /// `prefix` stands before the names of the settings.
    fn new(
        section: &str,
        prefix: &str,
        certificate: Option<&PathBuf>,
        source: Option<KeySource>,
    ) -> Self {
        Self {
            setting: format!("{section}.{prefix}private_key"),
            certificate_setting: format!("{section}.{prefix}certificate"),
            certificate: certificate.cloned(),
            source,
            from: None,
            until: None,
            is_required: false,
        }
    }

    fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    fn problems(&self, problems: &mut Vec<String>) {
        let (setting, certificate) = (&self.setting, &self.certificate_setting);
        let Some(source) = &self.source else {
            if self.is_required {
                problems.push(format!("{setting} is required"));
            }
            if self.certificate.is_some() {
                problems.push(format!("{certificate} is of no use without {setting}"));
            }
            return;
        };
        if self.certificate.is_none() && !source.private_key.is_container() {
            problems.push(format!(
                "{certificate} is required beside {setting}, unless that is a .p12 or .pfx file"
            ));
        }
        let is_on_token = matches!(source.private_key, KeyLocation::Token(_));
        if is_on_token && source.passphrase_file.is_some() {
            problems.push(format!(
                "{setting} is on a token, which has a PIN (pkcs11.pin_file) and no passphrase"
            ));
        }
    }
}

impl Config {
    /// Every place for a private key that this configuration looks at.
    pub fn configured_keys(&self) -> Vec<ConfiguredKey> {
        let (webhooks, public) = (&self.listeners.webhooks, &self.listeners.public);
        let key = |section: &str, certificate: &Option<PathBuf>, source| {
            ConfiguredKey::new(section, "", certificate.as_ref(), source)
        };
        let client = |section: &str, certificate: &Option<PathBuf>, source| {
            ConfiguredKey::new(section, "client_", certificate.as_ref(), source)
        };
        let ofp = &self.ofp;
        let mut keys = vec![
            key("listeners.webhooks", &webhooks.certificate, webhooks.key()).required(),
            key("listeners.public", &public.certificate, public.key()),
            client("ofp", &ofp.client_certificate, ofp.client_key()).required(),
        ];
        if self.database.tls() == DatabaseTls::VerifyFull {
            let database = &self.database;
            keys.push(ConfiguredKey::new(
                "database",
                "",
                database.client_certificate(),
                database.client_key(),
            ));
        }
        let banks = [
            ("bank.http", self.bank.kind, &self.bank.http),
            (
                "sign_in.http",
                self.sign_in_checked_by(),
                &self.sign_in.http,
            ),
        ];
        for (section, kind, bank) in banks {
            if kind == BankKind::Http {
                keys.push(client(section, &bank.client_certificate, bank.client_key()));
            }
        }
        for (number, signing) in self.signing.keys.iter().enumerate() {
            let section = format!("signing.keys[{number}]");
            keys.push(ConfiguredKey {
                from: signing.from,
                until: signing.until,
                ..key(&section, &signing.certificate, Some(signing.key()))
            });
        }
        keys
    }

    /// Whether a token is needed at all.
    pub fn uses_token(&self) -> bool {
        let keys = self.configured_keys().into_iter();
        let mut sources = keys.filter_map(|key| key.source);
        sources.any(|source| matches!(source.private_key, KeyLocation::Token(_)))
    }

    /// What is wrong with the places for private keys.
    pub fn key_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.private_keys(&mut problems);
        problems
    }

    pub(super) fn private_keys(&self, problems: &mut Vec<String>) {
        for key in self.configured_keys() {
            key.problems(problems);
        }
        for (number, key) in self.signing.keys.iter().enumerate() {
            if let (Some(from), Some(until)) = (key.from, key.until)
                && until <= from
            {
                problems.push(format!("signing.keys[{number}]: until is not after from"));
            }
        }
        let token = &self.pkcs11;
        if self.uses_token() {
            let required = [
                ("module", token.module.is_some()),
                ("token", token.token.is_some()),
                ("pin_file", token.pin_file.is_some()),
            ];
            let missing = required.iter().filter(|(_, present)| !present);
            problems.extend(missing.map(|(key, _)| {
                format!("pkcs11.{key} is required, because a private key is named pkcs11:…")
            }));
        }
        if !(1..=256).contains(&token.sessions) {
            problems.push("pkcs11.sessions must be between 1 and 256".into());
        }
    }
}
