//! The customer, who wants one thing and goes on as people do when a page does not come: sends the form again, loads the page again,
//! goes back, or opens the link again.

use std::cell::RefCell;
use std::time::Duration;

use fastrand::Rng;
use izin_simulator::{Customer, CustomerError, Page};

use super::plan::{Journey, Step};
use super::probe::{Probe, probing};
use super::strike::Strike;
use super::world::{PATIENCE, World};
use crate::harness::pki;

const HOME: &str = "/consent";
const PAUSE: Duration = Duration::from_millis(50);

pub struct Person<'w> {
    world: &'w World,
    strike: &'w Strike<'w>,
    consent: &'w str,
    journey: Journey,
    customer: Customer,
    rng: RefCell<Rng>,
    pub probes: Vec<Probe>,
    /// What no page may be like, and was.
    pub complaints: Vec<String>,
    /// A decision was sent, and the browser has kept its session since.
    decided_here: bool,
}

impl<'w> Person<'w> {
    pub fn new(
        world: &'w World,
        strike: &'w Strike<'w>,
        consent: &'w str,
        journey: Journey,
        seed: u64,
    ) -> Self {
        Self {
            world,
            strike,
            consent,
            journey,
            customer: Customer::new(pki()).unwrap(),
            rng: RefCell::new(Rng::with_seed(seed)),
            probes: Vec::new(),
            complaints: Vec::new(),
            decided_here: false,
        }
    }

    /// From PayNet's link to the page that says what came of it, which is `approved` or `rejected` as was wanted.
    pub async fn decides(&mut self) -> Result<(), String> {
        let mut page: Option<Page> = None;
        let deciding = async {
            loop {
                let Some(present) = page.take() else {
                    page = self.arrives().await;
                    continue;
                };
                self.looks_at(&present);
                if let Some(outcome) = self.outcome(&present) {
                    return outcome;
                }
                page = match self.goes_on(&present).await {
                    Ok(next) => next,
                    Err(_) => self.tries_again(present).await,
                };
            }
        };
        let ended = tokio::time::timeout(PATIENCE, deciding).await;
        match ended {
            Ok(outcome) => outcome,
            Err(_) => Err(format!(
                "the customer does not come to an end, and sees {}",
                page.map_or("nothing".to_owned(), |page| page.summary())
            )),
        }
    }

    /// With PayNet's link, which may be opened any number of times.
    async fn arrives(&mut self) -> Option<Page> {
        let simulator = self.world.simulator();
        let link = simulator.authorize_url(self.consent).await.unwrap();
        let request = simulator
            .request(http::Method::GET, link)
            .header("accept", "text/html");
        let answer = self.strike.at(Step::Link, request.send()).await;
        let location = match answer {
            Ok(answer) => {
                if !matches!(answer.status, 303 | 503) {
                    let complaint = format!("the link is answered with {}", answer.status);
                    self.complaints.push(complaint);
                }
                answer.header("location").map(str::to_owned)
            }
            Err(_) => None,
        };
        let Some(location) = location else {
            tokio::time::sleep(PAUSE).await;
            return None;
        };
        self.decided_here = false;
        let entered = self.customer.open(&location);
        match self.strike.at(Step::Enter, entered).await {
            Ok(page) => Some(page),
            // Loaded again: the handle may have been used up or not.
            Err(_) => self.customer.open(&location).await.ok(),
        }
    }

    async fn goes_on(&mut self, page: &Page) -> Result<Option<Page>, CustomerError> {
        let (world, strike) = (self.world, self.strike);
        let next = match page.screen() {
            "username" => {
                let name = page.submit_with("continue", &[("username", "paynet")]);
                // Their turn is in the name of the step: each form is one.
                strike.at(Step::Username, name).await
            }
            "phrase" => strike.at(Step::Phrase, page.action("continue")).await,
            "password" => {
                let password = page.submit_with("continue", &[("password", "paynet")]);
                strike.at(Step::Password, password).await
            }
            "otp" => {
                let code = world.codes.next();
                let fields = [("otp", code.as_str())];
                let code = page.submit_with("continue", &fields);
                strike.at(Step::Code, code).await
            }
            "accounts" => {
                let mut choices = page.choices().into_iter();
                let first = choices.find(|choice| !choice.disabled);
                let id = first.map(|choice| choice.id).unwrap_or_default();
                let fields = [("account_id", id.as_str())];
                let chosen = page.submit_with("continue", &fields);
                strike.at(Step::Accounts, chosen).await
            }
            "review" => {
                self.decided_here = true;
                let action = match self.journey {
                    Journey::Rejects => "reject",
                    Journey::Shares { .. } => "approve",
                };
                let decided = strike.at(Step::Decision, page.action(action));
                let (outcome, probes) = probing(world, self.consent, decided).await;
                self.probes.extend(probes);
                outcome
            }
            "result" => {
                tokio::time::sleep(PAUSE * 4).await;
                strike.lets_time_pass().await;
                page.reload().await
            }
            // A page that says that it does not go on like this.
            _ => {
                tokio::time::sleep(PAUSE).await;
                let gone = page.status == 410 || page.status == 403;
                if gone || !page.url.path().starts_with(HOME) {
                    return Ok(None);
                }
                page.follow(HOME).await
            }
        };
        next.map(Some)
    }

    /// No answer came.
    async fn tries_again(&self, page: Page) -> Option<Page> {
        tokio::time::sleep(PAUSE).await;
        let how = self.rng.borrow_mut().u8(..3);
        match how {
            0 => Some(page),
            1 => Some(page.follow(HOME).await.unwrap_or(page)),
            _ => None,
        }
    }

    fn looks_at(&mut self, page: &Page) {
        let is_apology = page.status == 503 && page.screen() == "error";
        if page.status >= 500 && !is_apology {
            let complaint = format!("a page that nobody should see: {}", page.summary());
            self.complaints.push(complaint);
        }
        if is_apology && !offers_a_way_on(page) {
            let complaint = format!("a page without a way on: {}", page.summary());
            self.complaints.push(complaint);
        }
    }

    /// What the page says of the decision, if it is the end.
    fn outcome(&self, page: &Page) -> Option<Result<(), String>> {
        let wanted = match self.journey {
            Journey::Rejects => "rejected",
            Journey::Shares { .. } => "approved",
        };
        match page.screen() {
            "result" => match page.attribute("data-outcome") {
                Some("finishing") => None,
                Some(outcome) if outcome == wanted => Some(Ok(())),
                _ => Some(Err(format!("the customer is told {}", page.summary()))),
            },
            "error" => match page.attribute("data-reason") {
                // Who comes anew is told no more than that.
                Some("already-decided") if !self.decided_here => Some(Ok(())),
                Some("already-decided" | "expired" | "locked" | "internal") => {
                    Some(Err(format!("the customer is told {}", page.summary())))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// A button or link that tries again; the switch of the language does not count.
fn offers_a_way_on(page: &Page) -> bool {
    page.html.contains("class=\"actions")
}
