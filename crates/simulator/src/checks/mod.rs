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

/// One entry of the catalogue.
macro_rules! check {
    ($id:literal, $title:literal, $source:expr, |$bench:ident| $run:expr) => {
        $crate::checks::Check {
            id: $id,
            title: $title,
            source: $source,
            run: |$bench| Box::pin($run),
        }
    };
}

mod authorize;
mod bench;
mod data_answers;
mod data_calls;
mod data_claims;
mod data_requests;
mod data_signatures;
mod events;
mod events_accepted;
mod finding;
mod page_forms;
mod pages;
mod redirects;
mod refusal;
mod sign_in;
mod transport;
mod userinfo;

use std::{fmt, pin::Pin};

pub use self::bench::{Bench, Credentials};
use self::finding::{Finding, Outcome};

type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// One rule, and how to find out whether a provider keeps it.
#[derive(Clone, Copy)]
pub struct Check {
    /// Stable; theme and rule in kebab case.
    pub id: &'static str,
    /// What must hold, as a sentence.
    pub title: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    run: for<'a> fn(&'a Bench<'a>) -> Running<'a>,
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was seen instead.
    Failed(String),
    /// What the bench lacks for it.
    NotApplicable(String),
    Passed,
}

/// Every check, by theme.
pub fn catalogue() -> Vec<Check> {
    [
        transport::checks(),
        events::checks(),
        events_accepted::checks(),
        authorize::checks(),
        redirects::checks(),
        userinfo::checks(),
        data_answers::checks(),
        data_calls::checks(),
        data_requests::checks(),
        data_signatures::checks(),
        data_claims::checks(),
        sign_in::checks(),
        pages::checks(),
        page_forms::checks(),
    ]
    .concat()
}

pub async fn run(check: &Check, bench: &Bench<'_>) -> Verdict {
    match (check.run)(bench).await {
        Ok(()) => Verdict::Passed,
        Err(Finding::NotApplicable(why)) => Verdict::NotApplicable(why),
        Err(Finding::Wrong(what)) => Verdict::Failed(what),
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
