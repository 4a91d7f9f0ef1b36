//! `t`, the one way by which a template gets words: `t("key", name=value)` for a message, `t.moment(…)`, `t.date(…)` and `t.time(…)`
//! for Malaysian times. Both parties' names are arguments of every message.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fluent_bundle::FluentArgs;
use minijinja::value::{Kwargs, Object, ObjectRepr, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use crate::pages::messages::{Language, MessageError, Messages};

#[derive(Debug)]
pub(super) struct Translator {
    pub(super) messages: Arc<Messages>,
    pub(super) language: Language,
    pub(super) bank: String,
    pub(super) consumer: String,
}

impl Translator {
    /// A message that needs no more than the parties' names.
    pub(super) fn heading(&self, key: &str) -> Result<String, MessageError> {
        self.messages.text(self.language, key, &self.names())
    }

    fn names(&self) -> FluentArgs<'_> {
        let mut arguments = FluentArgs::new();
        arguments.set("bank", self.bank.as_str());
        arguments.set("consumer", self.consumer.as_str());
        arguments
    }
}

impl Object for Translator {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &State<'_, '_>, values: &[Value]) -> Result<Value, Error> {
        let (key, named): (&str, Kwargs) = from_args(values)?;
        let mut arguments = self.names();
        for name in named.args() {
            let value: Value = named.get(name)?;
            // Numbers stay numbers, for plural forms.
            match i64::try_from(value.clone()) {
                Ok(number) if value.is_number() => arguments.set(name, number),
                _ => arguments.set(name, value.to_string()),
            }
        }
        text(self.messages.text(self.language, key, &arguments))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &State<'_, '_>,
        method: &str,
        values: &[Value],
    ) -> Result<Value, Error> {
        let (at,): (&str,) = from_args(values)?;
        let at: DateTime<Utc> = at.parse().map_err(|error| {
            Error::new(ErrorKind::InvalidOperation, "not a time").with_source(error)
        })?;
        match method {
            "date" => text(self.messages.date(self.language, at)),
            "moment" => text(self.messages.moment(self.language, at)),
            "time" => text(self.messages.time(self.language, at)),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

fn text(message: Result<String, MessageError>) -> Result<Value, Error> {
    message.map(Value::from).map_err(|error| {
        Error::new(ErrorKind::InvalidOperation, error.to_string()).with_source(error)
    })
}
