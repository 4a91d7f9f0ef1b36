//! A bank's own binary: the bank's implementations of the contracts, linked to this service.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use figment::Figment;
use figment::value::Dict;
use serde::de::DeserializeOwned;

use crate::bank::DynCoreBank;
use crate::generated::core_bank::server::CoreBank;

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

    /// What is different from config/default.toml with what is linked in.
    pub(crate) fn defaults(&self) -> String {
        match self.core_bank {
            Some(_) => "bank.kind = \"linked\"".to_owned(),
            None => String::new(),
        }
    }
}

/// `[bank.settings]` of the configuration, for the bank's own code.
#[derive(Debug, Clone, Default)]
pub struct Settings(pub(crate) Dict);

impl Settings {
    /// As the bank's own type; an error names the key.
    pub fn extract<T: DeserializeOwned>(&self) -> Result<T, ConnectError> {
        let settings = Figment::from(figment::providers::Serialized::defaults(&self.0));
        settings
            .extract()
            .map_err(|error| format!("bank.settings: {error}").into())
    }
}
