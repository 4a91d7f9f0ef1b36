//! A bank's own binary: the bank's implementations of the contracts, linked to this service.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::anyhow;
use figment::Figment;
use figment::value::Dict;
use serde::de::DeserializeOwned;

use crate::bank::DynCoreBank;
use crate::config::BankSettings;
use crate::generated::core_bank::server::CoreBank;
use crate::generated::sign_in::server::{DynSignIn, SignIn};

/// What a bank's code may fail with at start; it ends the command and is told to the operator.
pub type ConnectError = Box<dyn Error + Send + Sync>;

type Connecting<T> = Pin<Box<dyn Future<Output = Result<Arc<T>, ConnectError>> + Send>>;
type Connect<T> = Box<dyn FnOnce(Settings) -> Connecting<T> + Send>;

/// The implementations that a bank links in. Without any, this is the stock `izin`.
///
/// ```ignore
/// fn main() -> std::process::ExitCode {
///     izin::Institution::default().core_bank(MyBank::connect).main()
/// }
/// ```
#[derive(Default)]
pub struct Institution {
    pub(crate) core_bank: Option<Connect<dyn DynCoreBank>>,
    pub(crate) sign_in: Option<Connect<dyn DynSignIn>>,
}

impl Institution {
    /// The bank's implementation of `openapi/core-bank-1.yaml`, made once, at start. With it `bank.kind` is `"linked"` unless
    /// the configuration says otherwise.
    #[must_use]
    pub fn core_bank<B, E, F>(
        mut self,
        connect: impl FnOnce(Settings) -> F + Send + 'static,
    ) -> Self
    where
        B: CoreBank,
        E: Into<ConnectError>,
        F: Future<Output = Result<B, E>> + Send + 'static,
    {
        self.core_bank = Some(Box::new(move |settings| {
            let connecting = connect(settings);
            Box::pin(async move {
                let bank: Arc<dyn DynCoreBank> = Arc::new(connecting.await.map_err(Into::into)?);
                Ok(bank)
            })
        }));
        self
    }

    /// The bank's implementation of `openapi/sign-in-1.yaml`, made once, at start, from the same settings. With it
    /// `sign_in.checked_by` is `"linked"` unless the configuration says otherwise.
    #[must_use]
    pub fn sign_in<B, E, F>(mut self, connect: impl FnOnce(Settings) -> F + Send + 'static) -> Self
    where
        B: SignIn,
        E: Into<ConnectError>,
        F: Future<Output = Result<B, E>> + Send + 'static,
    {
        self.sign_in = Some(Box::new(move |settings| {
            let connecting = connect(settings);
            Box::pin(async move {
                let bank: Arc<dyn DynSignIn> = Arc::new(connecting.await.map_err(Into::into)?);
                Ok(bank)
            })
        }));
        self
    }

    /// What is different from config/default.toml with what is linked in.
    pub(crate) fn defaults(&self) -> String {
        let mut defaults = String::new();
        if self.core_bank.is_some() {
            defaults.push_str("bank.kind = \"linked\"\n");
        }
        if self.sign_in.is_some() {
            defaults.push_str("sign_in.checked_by = \"linked\"\n");
        }
        defaults
    }
}

/// Makes what is linked in, with the settings of the configuration. `what` names it in the error.
pub(crate) async fn connected<T: ?Sized>(
    connect: Connect<T>,
    settings: &BankSettings,
    what: &str,
) -> anyhow::Result<Arc<T>> {
    let connecting = connect(Settings(settings.0.clone()));
    connecting
        .await
        .map_err(|error| anyhow!("{what} cannot be connected: {error}"))
}

/// `[bank.settings]` of the configuration, for the bank's own code.
#[derive(Clone, Default)]
pub struct Settings(Dict);

impl Settings {
    /// From TOML, as it would stand under `[bank.settings]`: for the tests of the bank's own code.
    pub fn parse(toml: &str) -> Result<Self, ConnectError> {
        use figment::providers::{Format, Toml};
        let settings = Figment::from(Toml::string(toml)).extract();
        settings.map(Self).map_err(|error| error.to_string().into())
    }

    /// As the bank's own type. An error names the key, and not the value, which may be a secret.
    pub fn extract<T: DeserializeOwned>(&self) -> Result<T, ConnectError> {
        let settings = Figment::from(figment::providers::Serialized::defaults(&self.0));
        settings.extract().map_err(|error| match error.kind {
            figment::error::Kind::MissingField(name) => {
                format!("bank.settings: {name} is missing").into()
            }
            _ => format!(
                "bank.settings.{}: not what the bank's code expects",
                error.path.join(".")
            )
            .into(),
        })
    }
}

/// May hold secrets.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Settings").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "lab"))]
mod tests {
    use super::*;
    use crate::bank::DemoBank;
    use crate::clock::SystemClock;
    use crate::config::BankKind::{Demo, Linked};
    use crate::config::Config;

    async fn connect(_: Settings) -> Result<DemoBank, ConnectError> {
        Ok(DemoBank::new(Arc::new(SystemClock))?)
    }

    #[derive(Debug, serde::Deserialize)]
    struct Wanted {
        #[expect(dead_code, reason = "only its type matters")]
        port: u16,
    }

    #[test]
    fn settings_are_read_and_never_printed() {
        let settings = Settings::parse("password = \"hunter2\"\nport = \"x\"").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        let error = settings.extract::<Wanted>().unwrap_err().to_string();
        assert!(error.contains("bank.settings.port"), "{error}");
        let missing = Settings::default().extract::<Wanted>().unwrap_err();
        assert_eq!(missing.to_string(), "bank.settings: port is missing");
    }

    #[test]
    fn what_is_linked_in_is_the_default() {
        let kinds = |institution: Institution| {
            let config = Config::load(None, &institution.defaults()).unwrap();
            (config.bank.kind, config.sign_in_checked_by())
        };
        assert_eq!(kinds(Institution::default()), (Demo, Demo));
        let core = || Institution::default().core_bank(connect);
        assert_eq!(kinds(core()), (Linked, Linked));
        assert_eq!(kinds(core().sign_in(connect)), (Linked, Linked));
        let sign_in = Institution::default().sign_in(connect);
        assert_eq!(kinds(sign_in), (Demo, Linked));
    }
}
