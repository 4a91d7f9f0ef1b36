//! `izin jose sign`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use izin_jose::{
    CryptoPool, FileSigner, HeaderFields, JwsError, UnverifiedJws, sign, sign_detached,
};
use serde_json::Value;

use super::input::{Input, Message};
use super::keys::PrivateKey;
use super::output::{Outcome, Report};

/// Sign with PS256: a compact JWS, attached or detached
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sign {
    #[command(flatten)]
    key: PrivateKey,
    /// The header's typ
    #[arg(long)]
    typ: Option<String>,
    /// The header's cty
    #[arg(long)]
    cty: Option<String>,
    /// A further header member; the value is JSON, or a text if it is not
    #[arg(long = "header", value_name = "NAME=VALUE")]
    headers: Vec<Member>,
    /// Leave the payload out of the token
    #[arg(long)]
    detached: bool,
    #[command(flatten)]
    input: Input,
}

const EXAMPLES: &str = r#"Examples:
  izin jose sign --key signing.key --certificate signing.pem --typ JWT claims.json
  izin jose sign --key signing.key --certificate signing.pem --header iat=1760000000 --header 'crit=["iat"]' --detached < body
  printf 'consent-1\nconsent-2\n' | izin jose sign --key signing.key --certificate signing.pem --batch"#;

#[derive(Clone, Debug)]
struct Member {
    name: String,
    value: Value,
}

impl FromStr for Member {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let member = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, value) = member.ok_or("not NAME=VALUE")?;
        Ok(Self {
            name: name.to_owned(),
            value: serde_json::from_str(value).unwrap_or_else(|_| value.into()),
        })
    }
}

impl Sign {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        self.input.shares_nothing(&self.key.places())?;
        self.no_member_twice()?;
        let pair = self.key.load()?;
        let pool = Arc::new(CryptoPool::start(1, 1)?);
        let passphrase = pair.passphrase.as_deref();
        let signer = FileSigner::from_pem(&pair.certificate, &pair.key, passphrase, pool)
            .with_context(|| self.key.name())?;
        let fields = HeaderFields {
            typ: self.typ.clone(),
            cty: self.cty.clone(),
            extra: self
                .headers
                .iter()
                .map(|member| (member.name.clone(), member.value.clone()))
                .collect(),
        };
        let mut messages = self.input.messages()?;
        let mut report = Report::new(self.input.batch);
        while let Some(message) = messages.next()? {
            report.text(self.sign(&signer, &fields, &message).await)?;
        }
        Ok(report.code())
    }

    /// Which of the two was meant cannot be known.
    fn no_member_twice(&self) -> anyhow::Result<()> {
        let mut seen = BTreeSet::new();
        let mut names = self.headers.iter().map(|member| member.name.as_str());
        if let Some(twice) = names.find(|name| !seen.insert(*name)) {
            bail!("--header {twice} is given twice");
        }
        Ok(())
    }

    /// Nothing is made that our own reader would refuse.
    async fn sign(
        &self,
        signer: &FileSigner,
        fields: &HeaderFields,
        message: &Message,
    ) -> Outcome<String> {
        let Message::Bytes(payload) = message else {
            return Err(JwsError::TooLarge.reason());
        };
        let token = if self.detached {
            sign_detached(signer, fields, payload).await
        } else {
            sign(signer, fields, payload).await
        };
        let token = token.map_err(|error| error.reason())?;
        if token.len() > UnverifiedJws::MAX_BYTES {
            return Err(JwsError::TooLarge.reason());
        }
        Ok(token)
    }
}
