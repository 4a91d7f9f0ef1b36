//! The positive control: an honest announcement, an honest customer, an honest data call. A provider that refuses these refuses every
//! attack as well, and nothing has been shown by that.

use thiserror::Error;

use super::{
    Bench,
    bench::FOR_ONE,
    data_calls::{balances, opened},
    finding::Finding,
    refusal::excerpt,
    transport::health,
};
use crate::{
    platform::events::EventType,
    scenario::{Answer, EventPost, ScenarioError},
};

/// Which honest step did not succeed, with what came instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ControlFailed {
    /// No connection, or none over which the health check is answered.
    #[error("the health check is not answered: {0}")]
    Connection(String),
    /// The client certificate is not taken.
    #[error("PayNet's client certificate is not accepted: {0}")]
    Client(String),
    /// The announcement of a consent is refused.
    #[error("an honest event is refused: {0}")]
    Event(String),
    /// The customer cannot sign in, choose an account and approve, or PayNet does not learn of it.
    #[error("an honest customer cannot share an account: {0}")]
    Journey(String),
    /// Data is refused, or cannot be opened.
    #[error("an honest data call is refused: {0}")]
    Data(String),
}

impl Bench<'_> {
    /// To be asked for before attacks, and after them.
    pub async fn control(&self) -> Result<(), ControlFailed> {
        match health(self, Some("paynet-client"), None).await {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) if answer.status == 401 => return Err(ControlFailed::Client(told(&answer))),
            Ok(answer) => return Err(ControlFailed::Connection(told(&answer))),
            Err(error) => return Err(ControlFailed::Connection(causes(&error))),
        }
        let event = self.honest_event().await;
        let event = event.map_err(|finding| ControlFailed::Event(finding.text()))?;
        if event.status != 200 {
            return Err(ControlFailed::Event(told(&event)));
        }
        let shared = self.shared().await;
        shared.map_err(|finding| ControlFailed::Journey(finding.text()))?;
        let data = async {
            let answer = self.simulator.data_call(balances(self).await?).await?;
            opened(&answer)
        };
        data.await
            .map_err(|finding: Finding| ControlFailed::Data(finding.text()))
    }

    async fn honest_event(&self) -> Result<Answer, Finding> {
        let consent = self.simulator.store_consent(self.new_consent(FOR_ONE)?);
        let post = EventPost::new(&consent.consent_id, EventType::ConsentCreated);
        Ok(self.simulator.post_event(post).await?)
    }
}

fn told(answer: &Answer) -> String {
    format!("{} {}", answer.status, excerpt(&answer.text()))
}

/// An HTTP client says what happened last, and the causes why.
fn causes(error: &ScenarioError) -> String {
    let mut told = String::new();
    let mut cause: Option<&dyn std::error::Error> = match error {
        ScenarioError::Http(error) => Some(error),
        other => Some(other),
    };
    while let Some(error) = cause {
        if !told.is_empty() {
            told.push_str(": ");
        }
        told.push_str(&error.to_string());
        cause = error.source();
    }
    told
}
