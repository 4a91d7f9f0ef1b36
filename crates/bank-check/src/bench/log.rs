//! What all exchanges of a run show together: breaches of what holds for every answer, times, limits, silence.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use crate::{
    call::{Call, Contract, Exchange, Scope},
    judge::Breach,
    report::Detail,
};

/// How long the whole run waits where the bank says that there were too many calls.
const MOST_WAITING: Duration = Duration::from_secs(60);
/// Breaches of one requirement that are kept.
const KEPT_BREACHES: usize = 50;

#[derive(Default)]
pub(crate) struct Log {
    /// With the operation that each was seen at.
    breaches: BTreeMap<&'static str, Vec<(&'static str, Detail)>>,
    /// Times of answered calls, by contract and operation.
    timings: BTreeMap<(&'static str, &'static str), Vec<Duration>>,
    /// Answers that said 429 or 503.
    pub(crate) limits_met: u32,
    answers: u32,
    errors: u32,
    failures: HashMap<Contract, u32>,
    waited: Duration,
}

impl Log {
    /// What was found of a requirement that is judged on every exchange.
    pub(crate) fn breaches(&self, requirement: &str) -> Vec<Detail> {
        let kept = self.breaches.get(requirement).into_iter().flatten();
        kept.map(|(_, detail)| detail.clone()).collect()
    }

    pub(super) fn breach(&mut self, call: &Call, requirement: &'static str, detail: Detail) {
        let kept = self.breaches.entry(requirement).or_default();
        // The same defect at hundreds of calls of an operation is told once.
        let known = kept.iter().any(|(operation, it)| {
            *operation == call.operation && it.problem == detail.problem && it.came == detail.came
        });
        if !known && kept.len() < KEPT_BREACHES {
            kept.push((call.operation, detail));
        }
    }

    pub(crate) fn timings(
        &self,
    ) -> impl Iterator<Item = (&(&'static str, &'static str), &Vec<Duration>)> {
        self.timings.iter()
    }

    /// Answers to calls, and how many of them were errors.
    pub(crate) fn answers(&self) -> (u32, u32) {
        (self.answers, self.errors)
    }

    /// Calls in a row that had no answer.
    pub(super) fn failures_in_a_row(&self, contract: Contract) -> u32 {
        self.failures.get(&contract).copied().unwrap_or_default()
    }

    pub(super) fn note_failure(&mut self, contract: Contract) {
        *self.failures.entry(contract).or_default() += 1;
    }

    pub(super) fn note(&mut self, exchange: &Exchange, breaches: Vec<Breach>) {
        let call = &exchange.call;
        self.failures.insert(call.contract, 0);
        if call.scope == Scope::Whole {
            self.answers += 1;
            self.errors += u32::from(exchange.status >= 400);
        }
        if matches!(exchange.status, 429 | 503) {
            self.limits_met += 1;
        }
        let document = match call.contract {
            Contract::CoreBank => "core-bank",
            Contract::SignIn => "sign-in",
        };
        let times = self.timings.entry((document, call.operation)).or_default();
        times.push(exchange.elapsed);
        for breach in breaches {
            self.breach(call, breach.requirement, breach.detail);
        }
    }

    /// Counts the wait, if there may be one more.
    pub(super) fn may_wait(&mut self, wait: Duration) -> bool {
        self.waited += wait;
        self.waited <= MOST_WAITING
    }
}
