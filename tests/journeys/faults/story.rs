//! One consent from PayNet's first word to the end of sharing, through one cut.

use std::cell::Cell;
use std::time::Duration;

use chrono::{DateTime, Utc};
use izin::lab::ConsentId;
use izin_simulator::{DataCall, EventType, ScenarioError, SentEvent};

use super::invariant::{Told, violations};
use super::person::Person;
use super::plan::{Case, Journey, Step};
use super::probe::{Probe, probe, probing};
use super::strike::Strike;
use super::world::{PATIENCE, World, new_consent};
use crate::keys::command::izin;

const PAUSE: Duration = Duration::from_millis(50);

/// What came of a story.
pub struct Outcome {
    /// Whether anything was cut.
    pub cut: bool,
    /// What was lost.
    pub found: Vec<String>,
}

/// Nothing happens without a case.
pub async fn told(world: &World, case: Option<Case>, journey: Journey) -> Outcome {
    let strike = Strike::new(world, case);
    let consent = world.simulator().store_consent(new_consent()).consent_id;
    let mut story = Story {
        world,
        strike: &strike,
        consent: &consent,
        probes: Vec::new(),
        found: Vec::new(),
        stopped_at: None,
    };
    let seed = case.map_or(0, |case| case.seed);
    if let Err(lost) = story.goes(journey, seed).await {
        story.found.push(lost);
    }
    story.settles().await;
    let told = Told {
        consent: &consent,
        journey,
        probes: &story.probes,
        stopped_at: story.stopped_at,
    };
    let mut found = story.found;
    found.extend(violations(world, &told).await);
    found.extend(world.panics());
    let cut = strike.happened();
    Outcome { cut, found }
}

struct Story<'w> {
    world: &'w World,
    strike: &'w Strike<'w>,
    consent: &'w str,
    probes: Vec<Probe>,
    found: Vec<String>,
    stopped_at: Option<DateTime<Utc>>,
}

impl Story<'_> {
    async fn goes(&mut self, journey: Journey, seed: u64) -> Result<(), String> {
        self.announces(Step::Event, EventType::ConsentCreated)
            .await?;
        self.probes.extend(probe(self.world, self.consent).await);
        let mut person = Person::new(self.world, self.strike, self.consent, journey, seed);
        let decided = person.decides().await;
        self.probes.append(&mut person.probes);
        self.found.append(&mut person.complaints);
        decided?;
        self.settles_decision().await?;
        let event = EventType::ConsentStatusUpdated;
        self.announces(Step::Confirmation, event).await?;
        let Journey::Shares { by_operator } = journey else {
            return Ok(());
        };
        self.is_served().await?;
        if by_operator {
            self.is_stopped_by_operator().await?;
        } else {
            self.is_stopped_by_consumer().await?;
        }
        self.probes.extend(probe(self.world, self.consent).await);
        Ok(())
    }

    /// As PayNet does: until we have taken it in.
    async fn announces(&mut self, step: Step, event: EventType) -> Result<(), String> {
        let simulator = self.world.simulator();
        self.until_taken_in(step, || simulator.announce(self.consent, event))
            .await
    }

    async fn until_taken_in<F>(&self, step: Step, tell: impl Fn() -> F) -> Result<(), String>
    where
        F: Future<Output = Result<SentEvent, ScenarioError>>,
    {
        let telling = async {
            loop {
                let sent = self.strike.at(step, tell()).await;
                let sent = sent.map_err(|error| error.to_string())?;
                match sent.status {
                    Some(200) => return Ok(()),
                    None | Some(503) => tokio::time::sleep(PAUSE).await,
                    Some(_) => return Err(format!("{step:?}: {sent:?}")),
                }
            }
        };
        let late = |_| Err(format!("{step:?} is never taken in"));
        tokio::time::timeout(PATIENCE, telling)
            .await
            .unwrap_or_else(late)
    }

    /// PayNet has the decision.
    async fn settles_decision(&self) -> Result<(), String> {
        let id = ConsentId::parse(self.consent).unwrap();
        for turn in 1..=PATIENCE.as_millis() / PAUSE.as_millis() {
            let store = self.world.store();
            let consent = store.consent(&id).await.unwrap().unwrap();
            let waits = store.is_undelivered(&id).await.unwrap();
            if !waits && consent.status.as_str() != "deciding" {
                return Ok(());
            }
            if turn % 20 == 0 {
                self.strike.lets_time_pass().await;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err("the decision does not reach PayNet".to_owned())
    }

    async fn is_served(&mut self) -> Result<(), String> {
        let simulator = self.world.simulator();
        let shared = simulator.consent(self.consent).unwrap().consent.accounts;
        let account = shared.first().ok_or("PayNet knows no account")?;
        let account = account.account_id.clone();
        self.world.account.replace(Some(account.clone()));
        self.until_served(Step::Userinfo, || async {
            let told = simulator.userinfo(self.consent).await.map_err(|_| ())?;
            Ok(told["preferred_username"] == "paynet")
        })
        .await?;
        let calls = [
            (Step::Account, DataCall::account(self.consent, &account)),
            (Step::Balance, DataCall::balances(self.consent, &account)),
            (
                Step::Transactions,
                DataCall::transactions(self.consent, &account),
            ),
        ];
        for (step, call) in calls {
            self.until_served(step, || async {
                let answer = simulator.data_call(call.clone()).await.map_err(|_| ())?;
                if !matches!(answer.status(), 200 | 503) {
                    return Ok(false);
                }
                answer.plaintext.map(|_| true).ok_or(())
            })
            .await?;
        }
        Ok(())
    }

    /// Asks again until something comes; what comes must be right.
    async fn until_served<F>(&self, step: Step, ask: impl Fn() -> F) -> Result<(), String>
    where
        F: Future<Output = Result<bool, ()>>,
    {
        let asking = async {
            loop {
                match self.strike.at(step, ask()).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => return Err(format!("{step:?} is answered with something else")),
                    Err(()) => tokio::time::sleep(PAUSE).await,
                }
            }
        };
        let late = |_| Err(format!("{step:?} is never answered"));
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(late)
    }

    async fn is_stopped_by_operator(&mut self) -> Result<(), String> {
        let config = self.world.deployment.config.to_str().unwrap().to_owned();
        let consent = self.consent.to_owned();
        let command = move || {
            let operator = ["--operator", "siti", "--reason", "a test", "--config"];
            let revoke = ["consents", "revoke", consent.as_str()];
            izin(&[&revoke[..], &operator, &[config.as_str()]].concat(), None)
        };
        let stopping = async {
            loop {
                let command = tokio::task::spawn_blocking(command.clone());
                let output = self.strike.at(Step::OperatorStops, command).await.unwrap();
                if output.status.success() {
                    return Ok(());
                }
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                if !said.contains("database") {
                    return Err(format!("izin consents revoke says {said}"));
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let (outcome, probes) = probing(self.world, self.consent, stopping).await;
        self.stopped_at = Some(Utc::now());
        self.probes.extend(probes);
        outcome
    }

    async fn is_stopped_by_consumer(&mut self) -> Result<(), String> {
        let simulator = self.world.simulator();
        let is_told_first = Cell::new(true);
        let tell = || async {
            if is_told_first.replace(false) {
                return simulator.revoke_by_consumer(self.consent).await;
            }
            let event = EventType::ConsentStatusUpdated;
            simulator.announce(self.consent, event).await
        };
        let telling = self.until_taken_in(Step::ConsumerStops, tell);
        let (outcome, probes) = probing(self.world, self.consent, telling).await;
        self.stopped_at = Some(Utc::now());
        self.probes.extend(probes);
        outcome
    }

    /// Until nothing waits to be told to anybody.
    async fn settles(&self) {
        let id = ConsentId::parse(self.consent).unwrap();
        for turn in 1..=PATIENCE.as_millis() / PAUSE.as_millis() {
            let waiting = self.world.store().deliveries(&id).await.unwrap();
            if waiting.is_empty() {
                return;
            }
            if turn % 10 == 0 {
                self.strike.lets_time_pass().await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
