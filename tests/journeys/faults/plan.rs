//! Which cut happens where and when: every step of the journey, every fault that can meet it, and the moments before, within and
//! after. The order is shuffled by a seed, so that any number of cases is a fair sample and the same seed gives the same cases.

use std::fmt;

use fastrand::Rng;

/// What is under way when it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// PayNet announces the consent.
    Event,
    /// The browser arrives with PayNet's link.
    Link,
    /// It follows the one-time handle.
    Enter,
    Username,
    Phrase,
    Password,
    Code,
    Accounts,
    /// The decision's form.
    Decision,
    /// The decision on its way to PayNet.
    Update,
    /// PayNet's answer to it.
    Answer,
    /// PayNet's own event about the decision.
    Confirmation,
    Userinfo,
    Account,
    Balance,
    Transactions,
    /// By the command line.
    OperatorStops,
    /// The consumer revokes, and PayNet tells us.
    ConsumerStops,
}

impl Step {
    pub const ALL: [Self; 18] = [
        Self::Event,
        Self::Link,
        Self::Enter,
        Self::Username,
        Self::Phrase,
        Self::Password,
        Self::Code,
        Self::Accounts,
        Self::Decision,
        Self::Update,
        Self::Answer,
        Self::Confirmation,
        Self::Userinfo,
        Self::Account,
        Self::Balance,
        Self::Transactions,
        Self::OperatorStops,
        Self::ConsumerStops,
    ];

    /// Whether a customer's browser is at work.
    pub const fn is_customers(self) -> bool {
        matches!(
            self,
            Self::Link
                | Self::Enter
                | Self::Username
                | Self::Phrase
                | Self::Password
                | Self::Code
                | Self::Accounts
                | Self::Decision
        )
    }

    const fn comes_from_paynet(self) -> bool {
        matches!(
            self,
            Self::Event
                | Self::Confirmation
                | Self::Userinfo
                | Self::Account
                | Self::Balance
                | Self::Transactions
                | Self::ConsumerStops
        )
    }

    /// Where most is to be lost: such cases come twice as often.
    const fn decides(self) -> bool {
        matches!(
            self,
            Self::Decision
                | Self::Update
                | Self::Answer
                | Self::OperatorStops
                | Self::ConsumerStops
        )
    }

    /// Within a delivery to PayNet, at one point that the proxy knows.
    pub const fn is_delivery(self) -> bool {
        matches!(self, Self::Update | Self::Answer)
    }

    /// Whether it is part of this journey.
    const fn belongs_to(self, journey: Journey) -> bool {
        match self {
            Self::Userinfo | Self::Account | Self::Balance | Self::Transactions => {
                matches!(journey, Journey::Shares { .. })
            }
            Self::OperatorStops => matches!(journey, Journey::Shares { by_operator: true }),
            Self::ConsumerStops => matches!(journey, Journey::Shares { by_operator: false }),
            _ => true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of the process, which is then started anew.
    Kill,
    /// `pg_terminate_backend` of every connection.
    Terminate,
    /// PostgreSQL is stopped without warning, and started again.
    StopDatabase,
    /// The connection to PostgreSQL ends.
    CutDatabase,
    /// The connection to PayNet ends.
    CutPaynet,
    /// PayNet, or its answer, comes after our time-out.
    DelayPaynet,
    /// The connection of whoever asks us ends: the customer's browser, or PayNet.
    CutCaller,
}

impl Fault {
    const ALL: [Self; 7] = [
        Self::Kill,
        Self::Terminate,
        Self::StopDatabase,
        Self::CutDatabase,
        Self::CutPaynet,
        Self::DelayPaynet,
        Self::CutCaller,
    ];

    const fn can_meet(self, step: Step, database: Kind) -> bool {
        match self {
            Self::Kill => true,
            Self::Terminate | Self::StopDatabase | Self::CutDatabase => {
                matches!(database, Kind::Postgres)
            }
            Self::CutPaynet => matches!(
                step,
                Step::Event
                    | Step::Balance
                    | Step::Decision
                    | Step::Update
                    | Step::Answer
                    | Step::OperatorStops
            ),
            Self::DelayPaynet => step.is_delivery(),
            Self::CutCaller => step.is_customers() || step.comes_from_paynet(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Before,
    Within,
    After,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    Sqlite,
}

/// How the story goes if nothing stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journey {
    Rejects,
    /// And stops sharing in the end.
    Shares {
        by_operator: bool,
    },
}

#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub number: usize,
    pub journey: Journey,
    pub step: Step,
    pub fault: Fault,
    pub moment: Moment,
    /// Where within the step, from 0 to 1.
    pub point: f64,
    /// For what chance decides in this case.
    pub seed: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            journey,
            step,
            fault,
            moment,
            point,
            ..
        } = self;
        write!(
            f,
            "{number}: {journey:?}, {fault:?} {moment:?} {step:?} at {point:.2}"
        )
    }
}

/// Cases without end. Every combination comes before any comes again.
pub fn cases(kind: Kind, seed: u64) -> impl Iterator<Item = Case> {
    let mut rng = Rng::with_seed(seed);
    let mut round = Vec::new();
    let mut number = 0;
    std::iter::from_fn(move || {
        if round.is_empty() {
            round = combinations(kind);
            rng.shuffle(&mut round);
        }
        let (step, fault, moment) = round.pop()?;
        number += 1;
        let journeys = [
            Journey::Rejects,
            Journey::Shares { by_operator: true },
            Journey::Shares { by_operator: false },
        ];
        let possible: Vec<_> = journeys
            .into_iter()
            .filter(|journey| step.belongs_to(*journey))
            .collect();
        Some(Case {
            number,
            journey: *rng.choice(&possible)?,
            step,
            fault,
            moment,
            point: rng.f64(),
            seed: rng.u64(..),
        })
    })
}

fn combinations(kind: Kind) -> Vec<(Step, Fault, Moment)> {
    let mut all = Vec::new();
    for step in Step::ALL {
        for fault in Fault::ALL {
            if !fault.can_meet(step, kind) {
                continue;
            }
            // A delay takes as long as the time-out, and there is one point only at which it matters.
            let moments: &[Moment] = if fault == Fault::DelayPaynet {
                &[Moment::Within]
            } else {
                &[Moment::Before, Moment::Within, Moment::After]
            };
            let combinations = moments.iter().map(|moment| (step, fault, *moment));
            all.extend(combinations.clone());
            if step.decides() && fault != Fault::DelayPaynet {
                all.extend(combinations);
            }
        }
    }
    all
}

#[test]
fn a_seed_gives_the_same_cases_and_a_round_has_every_combination() {
    let some = |seed| {
        let cases = cases(Kind::Postgres, seed).take(40);
        cases.map(|case| case.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(some(7), some(7));
    assert_ne!(some(7), some(8));
    let count = combinations(Kind::Postgres).len();
    let steps: std::collections::HashSet<_> = cases(Kind::Postgres, 7)
        .take(count)
        .map(|case| case.step)
        .collect();
    assert_eq!(steps.len(), Step::ALL.len());
}
