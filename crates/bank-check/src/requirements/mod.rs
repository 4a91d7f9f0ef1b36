//! The requirements of the contract kit, by theme, and the run through them.
//!
//! A requirement is a function that asks the bank and writes what it finds on a [`Sheet`]. Those that hold for every answer are judged
//! at the end, from the log of all exchanges.

/// One entry of the catalogue.
macro_rules! requirement {
    ($id:literal, $title:literal, $operations:expr, $when:ident, |$bench:ident, $sheet:ident| $check:expr) => {
        $crate::requirements::Requirement {
            id: $id,
            title: $title,
            operations: &$operations,
            when: $crate::requirements::When::$when,
            check: |$bench, $sheet| Box::pin($check),
        }
    };
}

mod access;
mod accounts;
mod answers;
mod bad_input;
mod balance;
mod capabilities;
mod cursors;
mod customer;
mod headers;
mod notices;
mod paging;
mod periods;
mod sign_in;
mod time;
mod transactions;
mod transport;

use std::{
    fmt,
    pin::Pin,
    time::{Duration, Instant},
};

pub(crate) use self::sign_in::{Approval, FirstCode};
use crate::{
    bench::{Bench, is_id},
    report::Report,
    sheet::{Halt, Sheet, Step},
    target::{Documents, Options, SetupError, Target},
};

/// A check is broken off after this, and the run after the other, unless there is somebody or something to wait for.
const CHECK_TIME: Duration = Duration::from_secs(180);
const RUN_TIME: Duration = Duration::from_secs(20 * 60);
const PATIENT_TIME: Duration = Duration::from_secs(3 * 3600);

type Running<'b> = Pin<Box<dyn Future<Output = Step> + Send + 'b>>;

/// What a bank's implementation must do, by a stable id.
#[derive(Clone, Copy)]
pub struct Requirement {
    /// Such as `CB-01`.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// The operationIds that it is about; `all` for every one.
    pub operations: &'static [&'static str],
    when: When,
    check: for<'b, 's> fn(&'b Bench<'s>, &'b mut Sheet) -> Running<'b>,
}

/// When a requirement has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum When {
    InOrder,
    /// It waits long, or leaves the test customer locked.
    Late,
    /// It measures, and is judged on what was measured before.
    Measured,
    /// It is judged on all that happened.
    AtTheEnd,
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requirement")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Every requirement, in order of id.
pub fn requirements() -> Vec<Requirement> {
    let mut all = [
        transport::requirements(),
        answers::requirements(),
        time::requirements(),
        bad_input::requirements(),
        headers::requirements(),
        capabilities::requirements(),
        customer::requirements(),
        accounts::requirements(),
        access::requirements(),
        balance::requirements(),
        transactions::requirements(),
        paging::requirements(),
        periods::requirements(),
        cursors::requirements(),
        notices::requirements(),
        sign_in::requirements(),
    ]
    .concat();
    all.sort_by_key(|it| it.id);
    all
}

pub(crate) async fn run(
    target: &Target,
    options: &Options,
    documents: Documents<'_>,
    progress: impl FnMut(&str) + Send,
) -> Result<Report, SetupError> {
    check_ids(options)?;
    if target.core_bank.is_none() && target.sign_in.is_none() {
        return Err(SetupError::Nothing);
    }
    sign_in::check_secret(options)?;
    let bench = Bench::new(target, options, documents, progress)?;
    let mut turns = requirements();
    turns.sort_by_key(|it| (it.when, it.id));
    let waits = options.patient || options.interactive;
    let (check_time, run_time) = if waits {
        (PATIENT_TIME, PATIENT_TIME)
    } else {
        (CHECK_TIME, RUN_TIME)
    };
    let begun = Instant::now();
    let mut entries = Vec::new();
    for requirement in turns {
        bench.say(requirement.id);
        let mut sheet = Sheet::default();
        let end = if begun.elapsed() > run_time && requirement.when < When::Measured {
            Err(took_too_long("the run", run_time))
        } else {
            let check = (requirement.check)(&bench, &mut sheet);
            let ended = tokio::time::timeout(check_time, check).await;
            ended.unwrap_or_else(|_| Err(took_too_long("the check", check_time)))
        };
        entries.push(sheet.entry(&requirement, end));
    }
    entries.sort_by_key(|it| it.id);
    Ok(Report { entries })
}

fn took_too_long(what: &str, limit: Duration) -> Halt {
    let minutes = limit.as_secs() / 60;
    Halt::not_tested(format!("{what} was broken off after {minutes} minutes"))
}

fn check_ids(options: &Options) -> Result<(), SetupError> {
    let ids = [
        ("--customer", &options.customer),
        ("--account", &options.account),
        ("--other-customer", &options.other_customer),
    ];
    for (option, id) in ids {
        if id.as_deref().is_some_and(|id| !is_id(id)) {
            return Err(SetupError::Id { option });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_there_once_and_in_order() {
        let core = (1..=35).map(|number| format!("CB-{number:02}"));
        let sign_in = (1..=10).map(|number| format!("SI-{number:02}"));
        let expected: Vec<_> = core.chain(sign_in).collect();
        let all = requirements();
        let ids: Vec<_> = all.iter().map(|it| it.id).collect();
        assert_eq!(ids, expected);
        assert!(
            all.iter()
                .all(|it| it.title.len() > 10 && !it.operations.is_empty())
        );
    }
}
