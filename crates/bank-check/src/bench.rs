//! What the checks share: the two connections, the documents, the log of what was breached, and what was learned of the customer.

mod accounts;
mod capabilities;
mod closely;
mod log;
mod walk;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use tokio::{sync::OnceCell, time::sleep};

use self::log::Log;
pub(crate) use self::{
    accounts::{Listed, Listing, is_id},
    capabilities::Capabilities,
    closely::{Closely, history},
    walk::{End, Row, Walk, malaysian_today},
};
use crate::{
    call::{Call, Contract, Exchange, Identity, Scope},
    document::Document,
    judge,
    report::Detail,
    requirements::{Approval, FirstCode},
    sheet::{Halt, Step, require},
    target::{Documents, Options, SetupError, Target},
    wire::{Failure, PATIENCE, Wire},
};

/// What Izin reads of an answer, by contract.
const MOST_CORE_BANK: usize = 4 * 1024 * 1024;
const MOST_SIGN_IN: usize = 64 * 1024;
/// After so many calls in a row without an answer nothing more is sent to that address.
const FAILURES_IN_A_ROW: u32 = 5;
/// How often a call is repeated that met a limit, and how long it waits each time.
const REPETITIONS: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Hears what is begun.
type Progress<'a> = Box<dyn FnMut(&str) + Send + 'a>;

pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    core_bank: Side,
    sign_in: Side,
    log: Mutex<Log>,
    progress: Mutex<Progress<'a>>,
    capabilities: OnceCell<Step<Capabilities>>,
    methods: OnceCell<Step<Capabilities>>,
    listing: OnceCell<Step<Listing>>,
    closely: OnceCell<Step<Closely>>,
    pub(crate) first_code: OnceCell<Step<FirstCode>>,
    pub(crate) approval: OnceCell<Step<Approval>>,
}

/// One contract: its document, and the connection if an address was given.
struct Side {
    document: Document,
    wire: Option<Wire>,
}

/// A call without an answer.
#[derive(Clone, Debug)]
pub(crate) struct Unanswered {
    pub(crate) failure: Failure,
    pub(crate) detail: Detail,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        target: &Target,
        options: &'a Options,
        documents: Documents<'_>,
        progress: impl FnMut(&str) + Send + 'a,
    ) -> Result<Self, SetupError> {
        let wire = |endpoint: &Option<_>, most| {
            let endpoint = endpoint.as_ref();
            endpoint.map(|it| Wire::new(it, most)).transpose()
        };
        Ok(Self {
            options,
            core_bank: Side {
                document: Document::parse("core-bank", documents.core_bank)?,
                wire: wire(&target.core_bank, MOST_CORE_BANK)?,
            },
            sign_in: Side {
                document: Document::parse("sign-in", documents.sign_in)?,
                wire: wire(&target.sign_in, MOST_SIGN_IN)?,
            },
            log: Mutex::default(),
            progress: Mutex::new(Box::new(progress)),
            capabilities: OnceCell::new(),
            methods: OnceCell::new(),
            listing: OnceCell::new(),
            closely: OnceCell::new(),
            first_code: OnceCell::new(),
            approval: OnceCell::new(),
        })
    }

    /// The contracts for which there is an address.
    pub(crate) fn contracts(&self) -> Vec<Contract> {
        let both = [Contract::CoreBank, Contract::SignIn];
        both.into_iter().filter(|it| self.has(*it)).collect()
    }

    pub(crate) fn has(&self, contract: Contract) -> bool {
        self.side(contract).wire.is_some()
    }

    pub(crate) fn wire(&self, contract: Contract) -> Step<&Wire> {
        let missing = match contract {
            Contract::CoreBank => "give the core bank's address (--url)",
            Contract::SignIn => "give the sign-in's address (--sign-in-url)",
        };
        let wire = self.side(contract).wire.as_ref();
        wire.ok_or_else(|| Halt::not_tested(missing))
    }

    fn side(&self, contract: Contract) -> &Side {
        match contract {
            Contract::CoreBank => &self.core_bank,
            Contract::SignIn => &self.sign_in,
        }
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the operator what is begun, or what there is to do.
    pub(crate) fn say(&self, text: &str) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress(text);
    }

    /// The test customer, without whom most is not tested.
    pub(crate) fn customer(&self) -> Step<&'a str> {
        let customer = self.options.customer.as_deref();
        customer.ok_or_else(|| Halt::not_tested("give a test customer (--customer)"))
    }

    /// Whether sending notices is allowed.
    pub(crate) fn may_notify(&self) -> Step {
        require(
            self.options.notices,
            "this sends notices to the test customer: give --notices",
        )
    }

    /// One call, once. What came is judged by everything that holds for every answer.
    pub(crate) async fn send(&self, call: Call) -> Result<Exchange, Unanswered> {
        let wire = match self
            .wire(call.contract)
            .and_then(|wire| self.usable(wire, &call))
        {
            Ok(wire) => wire,
            Err(Halt::NotTested(why) | Halt::NotApplicable(why)) => {
                return Err(unanswered(&call, Failure::Connect(why)));
            }
        };
        let sent_at = Utc::now();
        let begun = Instant::now();
        let answer = Box::pin(wire.exchange(&call)).await;
        let elapsed = begun.elapsed();
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return Err(self.note_failure(&call, failure)),
        };
        let document = &self.side(call.contract).document;
        let json: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        let code = json.as_ref().and_then(|body| body["error"].as_str());
        let code = code.filter(|code| answer.status >= 400 && document.knows_code(code));
        let exchange = Exchange {
            code: code.map(str::to_owned),
            call,
            sent_at,
            elapsed,
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            json,
        };
        let breaches = judge::judge(document, &exchange);
        self.log().note(&exchange, breaches);
        Ok(exchange)
    }

    /// One call for the answer's sake: repeated when it meets a limit, and an end of the check when no answer comes.
    pub(crate) async fn ask(&self, call: Call) -> Step<Exchange> {
        self.usable(self.wire(call.contract)?, &call)?;
        for _ in 0..REPETITIONS {
            let exchange = self.send(call.clone()).await.map_err(Unanswered::halt)?;
            if !matches!(exchange.status, 429 | 503) {
                return Ok(exchange);
            }
            let seconds = exchange
                .header("retry-after")
                .and_then(|it| it.parse().ok());
            let wait = Duration::from_secs(seconds.unwrap_or(1)).min(LONGEST_WAIT);
            if !self.log().may_wait(wait) {
                break;
            }
            sleep(wait).await;
        }
        Err(Halt::not_tested(format!(
            "{} met a limit of the bank's every time",
            call.shown()
        )))
    }

    /// The body of an answer with status 200, for what follows from it.
    pub(crate) async fn fetch(&self, call: Call) -> Step<(Exchange, serde_json::Value)> {
        usable(self.ask(call).await?)
    }

    fn usable<'w>(&self, wire: &'w Wire, call: &Call) -> Step<&'w Wire> {
        if wire.is_open_to_the_network() {
            return Err(Halt::not_tested(
                "nothing is sent without TLS to another machine",
            ));
        }
        if self.log().failures_in_a_row(call.contract) >= FAILURES_IN_A_ROW {
            return Err(Halt::not_tested(format!(
                "the bank did not answer {FAILURES_IN_A_ROW} calls in a row, so it was not asked any more"
            )));
        }
        Ok(wire)
    }

    fn note_failure(&self, call: &Call, failure: Failure) -> Unanswered {
        let unanswered = unanswered(call, failure);
        // Nobody, and whoever sends what no program should read, may be sent away without a word.
        if call.identity == Identity::Own && call.scope == Scope::Whole {
            let requirement = match &unanswered.failure {
                Failure::Connect(_) => judge::NO_REDIRECTS,
                Failure::TooLarge { status, .. } if *status < 300 => judge::SUCCESS_SCHEMA,
                Failure::TooLarge { .. } => judge::ERROR_BODY,
                Failure::Broken(_) | Failure::TooLate => judge::TIME_BUDGET,
            };
            let mut log = self.log();
            log.breach(call, requirement, unanswered.detail.clone());
            if !matches!(unanswered.failure, Failure::TooLarge { .. }) {
                log.note_failure(call.contract);
            }
        }
        unanswered
    }
}

/// The answer and its body if the status is 200; otherwise the check that needs it ends.
fn usable(exchange: Exchange) -> Step<(Exchange, serde_json::Value)> {
    match exchange.json_if(200).cloned() {
        Some(body) => Ok((exchange, body)),
        None => Err(Halt::not_tested(format!(
            "needs {} to answer 200 with JSON; it answered {}",
            exchange.call.shown(),
            exchange.came()
        ))),
    }
}

impl Unanswered {
    pub(crate) fn halt(self) -> Halt {
        let sent = self.detail.sent.unwrap_or_default();
        Halt::not_tested(format!("{sent}: {}", self.detail.problem))
    }
}

fn unanswered(call: &Call, failure: Failure) -> Unanswered {
    let problem = match &failure {
        Failure::Broken(why) => format!("the connection broke off: {why}"),
        Failure::Connect(why) => format!("no connection: {why}"),
        Failure::TooLarge { status, most } => {
            format!("the answer with status {status} has more than {most} bytes")
        }
        Failure::TooLate => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    Unanswered {
        detail: Detail {
            sent: Some(call.shown()),
            came: None,
            problem,
        },
        failure,
    }
}
