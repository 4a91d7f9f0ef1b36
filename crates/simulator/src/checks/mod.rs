//! The catalogue of checks: what a Data Provider must refuse, must accept, and must look like, each said once.
//!
//! Run by the tests of a provider and by a conformance run alike. A check judges by what is visible from outside: status, error body,
//! headers, pages, whether data is still served, and what PayNet was told. It never sleeps, and it stages whatever it needs itself, so
//! that checks can be run alone and in any order.

/// Fails the check with a sentence unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($sentence:tt)+) => {
        if !$holds {
            return Err($crate::checks::finding::Finding::Wrong(format!($($sentence)+)));
        }
    };
}

/// A rule about what must be accepted, or about what answers look like.
macro_rules! check {
    ($id:expr, $title:expr, $source:expr, |$bench:ident| $run:expr) => {
        $crate::checks::Check {
            id: $id,
            title: $title,
            source: $source,
            expected: None,
            pace: $crate::checks::Pace::Any,
            run: |$bench| Box::pin(async move { $run.await.map(|()| Default::default()) }),
        }
    };
}

/// An attack: what must come of it, by which it is judged, is part of the entry. Words stand for what no single answer shows.
macro_rules! attack {
    ($id:expr, $title:expr, $source:expr, $refusal:expr, |$bench:ident, $must:ident| $run:expr) => {
        $crate::checks::Check {
            id: $id,
            title: $title,
            source: $source,
            expected: Some($crate::checks::Expected::Refusal($refusal)),
            pace: $crate::checks::Pace::Any,
            run: |$bench| {
                let $must = $refusal;
                Box::pin($run)
            },
        }
    };
    ($id:expr, $title:expr, $source:expr, $words:expr, |$bench:ident| $run:expr) => {
        $crate::checks::Check {
            id: $id,
            title: $title,
            source: $source,
            expected: Some($crate::checks::Expected::Words($words)),
            pace: $crate::checks::Pace::Any,
            run: |$bench| Box::pin($run),
        }
    };
}

mod authorize;
mod bench;
mod claim_forms;
mod control;
mod data_answers;
mod data_calls;
mod data_claims;
mod data_requests;
mod data_signatures;
mod event_bodies;
mod event_contents;
mod events;
mod events_accepted;
mod finding;
mod forged;
mod forged_headers;
mod forged_texts;
mod forged_tokens;
mod http2;
mod http_framing;
mod http_limits;
mod http_syntax;
mod identifiers;
mod key_addresses;
mod key_sets;
mod links;
mod page_forms;
mod page_inputs;
mod pages;
mod raw_requests;
mod redirects;
mod refusal;
mod replays;
mod sessions;
mod sign_in;
mod staged;
mod tls_handshakes;
mod transport;
mod userinfo;

use std::{fmt, pin::Pin};

use futures_util::future::{join, join_all};

pub use self::{
    bench::{Bench, Credentials},
    control::ControlFailed,
};
use self::{
    finding::{Finding, Outcome, Seen},
    refusal::Refusal,
};

type Running<'a> = Pin<Box<dyn Future<Output = Outcome<Seen>> + Send + 'a>>;

/// One rule, and how to find out whether a provider keeps it.
#[derive(Clone, Copy)]
pub struct Check {
    /// Stable; theme and rule in kebab case.
    pub id: &'static str,
    /// What must hold, as a sentence; of an attack, what is tried and that it fails.
    pub title: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    pub pace: Pace,
    expected: Option<Expected>,
    run: for<'a> fn(&'a Bench<'a>) -> Running<'a>,
}

/// How often a check can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As often as one likes.
    Any,
    /// Not often: somebody signs in, and one-time codes are scarce and failures counted.
    SignsIn,
    /// Not often, but beside others: it waits for a time limit of the provider.
    Waits,
}

/// How an attack must end.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Refusal(Refusal),
    Words(&'static str),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refusal(refusal) => refusal.fmt(f),
            Self::Words(words) => f.write_str(words),
        }
    }
}

impl Check {
    /// How it must end, if it is an attack: `400 JWS.InvalidSignature`, or words.
    pub fn expected(&self) -> Option<String> {
        self.expected.map(|expected| expected.to_string())
    }

    const fn signs_in(mut self) -> Self {
        self.pace = Pace::SignsIn;
        self
    }

    const fn waits(mut self) -> Self {
        self.pace = Pace::Waits;
        self
    }
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was seen instead.
    Failed(String),
    /// What the bench lacks for it.
    NotApplicable(String),
    /// What was seen, if it is an attack; else empty.
    Passed(String),
}

/// Every check, by theme.
pub fn catalogue() -> Vec<Check> {
    [
        transport::checks(),
        tls_handshakes::checks(),
        http_framing::checks(),
        http_syntax::checks(),
        http_limits::checks(),
        http2::checks(),
        events::checks(),
        events_accepted::checks(),
        event_bodies::checks(),
        event_contents::checks(),
        identifiers::checks(),
        key_addresses::checks(),
        forged_headers::checks(),
        forged_texts::checks(),
        forged_tokens::checks(),
        authorize::checks(),
        links::checks(),
        redirects::checks(),
        userinfo::checks(),
        data_answers::checks(),
        data_calls::checks(),
        data_requests::checks(),
        data_signatures::checks(),
        data_claims::checks(),
        claim_forms::checks(),
        replays::checks(),
        key_sets::checks(),
        sign_in::checks(),
        pages::checks(),
        page_forms::checks(),
        sessions::checks(),
        page_inputs::checks(),
    ]
    .concat()
}

/// Those checks that are attacks.
pub fn attacks() -> Vec<Check> {
    let mut attacks = catalogue();
    attacks.retain(|check| check.expected.is_some());
    attacks
}

/// Runs checks in their order, and beside them those that wait for time limits. `each` hears of every verdict when it is there; the
/// list that comes back has the order of the checks.
pub async fn run_all(
    checks: &[Check],
    bench: &Bench<'_>,
    mut each: impl FnMut(&Check, &Verdict),
) -> Vec<(Check, Verdict)> {
    let waits = |check: &&Check| check.pace == Pace::Waits;
    let waiting = checks.iter().filter(waits).map(|check| run(check, bench));
    let others = async {
        let mut verdicts = Vec::new();
        for check in checks.iter().filter(|check| !waits(check)) {
            let verdict = run(check, bench).await;
            each(check, &verdict);
            verdicts.push(verdict);
        }
        verdicts
    };
    let (waiting, others) = join(join_all(waiting), others).await;
    let (mut waiting, mut others) = (waiting.into_iter(), others.into_iter());
    let mut all = Vec::new();
    for check in checks {
        let waited = waits(&check);
        let verdict = if waited {
            waiting.next()
        } else {
            others.next()
        };
        let Some(verdict) = verdict else { continue };
        if waited {
            each(check, &verdict);
        }
        all.push((*check, verdict));
    }
    all
}

/// An answer of 5xx fails a check, whichever step got it.
pub async fn run(check: &Check, bench: &Bench<'_>) -> Verdict {
    let traffic = bench.simulator.traffic();
    let before = traffic.failures().len();
    let outcome = (check.run)(bench).await;
    let failures = traffic.failures().split_off(before).join(", ");
    match outcome {
        Err(Finding::NotApplicable(why)) => Verdict::NotApplicable(why),
        Err(Finding::Wrong(what)) => Verdict::Failed(what),
        Ok(_) if !failures.is_empty() => Verdict::Failed(failures),
        Ok(seen) => Verdict::Passed(seen.to_string()),
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_check_has_its_own_name_and_says_what_and_why() {
        let mut seen = HashSet::new();
        for check in catalogue() {
            assert!(seen.insert(check.id), "{} is there twice", check.id);
            let named =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(check.id.bytes().all(named), "{}", check.id);
            assert!(
                check.title.len() > 10 && check.source.len() > 5,
                "{}",
                check.id
            );
        }
    }
}
