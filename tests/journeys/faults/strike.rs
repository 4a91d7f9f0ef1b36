//! Carrying a fault out at its moment: before a step, somewhere within it, or after it.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tokio::join;

use super::plan::{Case, Fault, Moment, Step};
use super::typical::Stopwatch;
use super::world::World;
use crate::harness::{Act, Order, Way};

/// Longer than our time-out towards PayNet, which is eight seconds.
const TOO_LONG: Duration = Duration::from_secs(9);

/// How long PayNet is kept waiting while the fault is carried out; nobody waits so long in fact.
const HELD: Duration = Duration::from_secs(20);

/// How long a delivery may take to begin.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// The one fault of a case.
pub struct Strike<'w> {
    world: &'w World,
    /// None: nothing happens, and the steps are measured.
    case: Option<Case>,
    /// Its turn has come.
    struck: Cell<bool>,
    /// And there was nothing to cut.
    missed: Cell<bool>,
}

impl<'w> Strike<'w> {
    pub fn new(world: &'w World, case: Option<Case>) -> Self {
        Self {
            world,
            case,
            struck: Cell::new(false),
            missed: Cell::new(false),
        }
    }

    /// Whether it has happened.
    pub fn happened(&self) -> bool {
        self.struck.get() && !self.missed.get()
    }

    /// The step, with the fault if it is its turn. A step that is tried again is left alone.
    pub fn at<'a, T: 'a>(
        &'a self,
        step: Step,
        act: impl Future<Output = T> + 'a,
    ) -> LocalBoxFuture<'a, T> {
        // On the heap, because what a story consists of is large.
        let act = Box::pin(act);
        let Some(case) = self.case else {
            return Box::pin(async move {
                let watch = Stopwatch::starts(self.world, step);
                let outcome = act.await;
                watch.ends(self.world, step);
                outcome
            });
        };
        let its_turn = case.step == step || case.step.is_delivery() && step == Step::Decision;
        if self.struck.get() || !its_turn {
            return act;
        }
        self.struck.set(true);
        match case.fault {
            _ if case.step.is_delivery() => Box::pin(self.within_delivery(case, act)),
            Fault::CutCaller | Fault::CutDatabase | Fault::CutPaynet => {
                Box::pin(self.with_a_cut(case, act))
            }
            _ => Box::pin(self.with_an_outage(case, act)),
        }
    }

    /// For whoever waits for a delivery: if its holder was disturbed, its lease is let run out.
    pub async fn lets_time_pass(&self) {
        let disturbs = |case: Case| {
            let from_outside = [Fault::CutCaller, Fault::CutPaynet, Fault::DelayPaynet];
            !from_outside.contains(&case.fault)
        };
        if self.struck.get() && self.case.is_some_and(disturbs) {
            self.world.leases_run_out().await;
        }
    }

    async fn with_an_outage<T>(&self, case: Case, act: impl Future<Output = T>) -> T {
        let (world, fault) = (self.world, case.fault);
        let outcome = match case.moment {
            Moment::Before => {
                world.strikes(fault).await;
                act.await
            }
            Moment::Within => {
                let time = world.typical.borrow().time(case.step).mul_f64(case.point);
                let striking = async {
                    tokio::time::sleep(time).await;
                    world.strikes(fault).await;
                };
                join!(act, striking).0
            }
            Moment::After => {
                let outcome = act.await;
                world.strikes(fault).await;
                outcome
            }
        };
        world.repairs(fault);
        outcome
    }

    async fn with_a_cut<T>(&self, case: Case, act: impl Future<Output = T>) -> T {
        let world = self.world;
        if case.fault == Fault::CutPaynet {
            // Keys that it knows are not asked for.
            match case.step {
                Step::Event | Step::Balance => world.restarts(),
                _ => world.warms().await,
            }
        }
        let proxy = world.proxy(case.fault, case.step);
        let mut struck = proxy.struck();
        struck.mark_unchanged();
        proxy.orders(self.cut(case));
        let outcome = act.await;
        if case.fault == Fault::CutPaynet {
            // What is told by the outbox is told a little later.
            let _ = tokio::time::timeout(UNDER_WAY, struck.changed()).await;
        }
        if proxy.takes_back() {
            // The step needed fewer bytes than usual: then right after it, whatever is open.
            self.missed.set(proxy.cuts_all() == 0);
        }
        outcome
    }

    fn cut(&self, case: Case) -> Order {
        let typical = self.world.typical.borrow();
        let bytes = |way| typical.bytes(case.fault, case.step, way);
        let share = |way, share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "a part of a few thousand bytes"
            )]
            let part = (bytes(way) as f64 * share) as usize;
            part
        };
        let act = if case.seed & 1 == 0 {
            Act::Cut
        } else {
            Act::Reset
        };
        let (way, after) = match case.moment {
            Moment::Before => (Way::ToServer, 0),
            Moment::Within => {
                let way = if case.seed & 2 == 0 {
                    Way::ToServer
                } else {
                    Way::ToClient
                };
                (way, share(way, case.point))
            }
            // A form that was taken in and whose answer is lost; elsewhere the last of the answer.
            Moment::After if case.fault == Fault::CutCaller && case.step.is_customers() => {
                (Way::ToClient, 0)
            }
            Moment::After => (Way::ToClient, share(Way::ToClient, 0.7 + 0.3 * case.point)),
        };
        Order { way, after, act }
    }

    /// At the point that the proxy before PayNet knows: the update or its answer is held there, and then it happens.
    async fn within_delivery<T>(&self, case: Case, act: impl Future<Output = T>) -> T {
        let world = self.world;
        world.warms().await;
        let proxy = world.proxy(Fault::CutPaynet, case.step);
        let mut struck = proxy.struck();
        struck.mark_unchanged();
        let held = Order {
            way: if case.step == Step::Update {
                Way::ToServer
            } else {
                Way::ToClient
            },
            ..self.cut(Case {
                fault: Fault::CutPaynet,
                step: Step::Decision,
                ..case
            })
        };
        let after = if case.moment == Moment::Before {
            0
        } else {
            held.after
        };
        let act_there = match case.fault {
            Fault::CutPaynet => held.act,
            Fault::DelayPaynet => Act::Hold(TOO_LONG),
            _ => Act::Hold(HELD),
        };
        proxy.orders(Order {
            after,
            act: act_there,
            ..held
        });
        let striking = async {
            let begun = tokio::time::timeout(UNDER_WAY, struck.changed()).await;
            if matches!(case.fault, Fault::CutPaynet | Fault::DelayPaynet) {
                return;
            }
            if begun.is_err() {
                proxy.takes_back();
            }
            world.strikes(case.fault).await;
            world.repairs(case.fault);
            proxy.releases();
        };
        let outcome = join!(act, striking).0;
        if proxy.takes_back() {
            self.missed.set(proxy.cuts_all() == 0);
        }
        outcome
    }
}
