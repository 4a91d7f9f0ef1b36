//! Delivery of what was decided here: to PayNet, and as notices to the bank.
//!
//! A delivery is claimed with a lease, so that another replica takes over when this one dies. From the
//! second attempt on PayNet is asked first what it has: our earlier attempt may have arrived though its
//! answer was lost. What PayNet is to learn about one consent, it learns in order.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bank::Bank;
use crate::clock::SharedClock;
use crate::consent::{
    Change, Command, Consent, Intent, Outcome, ReasonCode, Status, StatusReason, apply,
};
use crate::paynet::{Paynet, RemoteConsent, RetrieveError, UpdateAnswer};
use crate::secret::random_below;
use crate::store::{At, Damaged, Delivery, Lease, Message, Recipient, Store, StoreError};

/// Deliveries at a time, to each recipient.
const IN_FLIGHT: usize = 16;
/// How long a claimed row is ours; an attempt ends well before.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const ATTEMPT: Duration = Duration::from_secs(45);
/// How often the queue is looked at when nobody announces anything.
const IDLE: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const AFTER_A_CHANGE: TimeDelta = TimeDelta::milliseconds(100);
const AFTER_AN_OUTAGE: TimeDelta = TimeDelta::seconds(1);

#[derive(Clone)]
pub struct Deliveries {
    pub clock: SharedClock,
    pub announced: Arc<Notify>,
    pub bank: Bank,
    /// `dc_id` to the name customers know.
    pub consumers: BTreeMap<String, String>,
    pub paynet: Paynet,
    pub store: Store,
}

/// What is to become of a delivery.
pub(super) enum Verdict {
    Done(Option<Box<Change>>),
    Later {
        detail: String,
        retry_after: Option<Duration>,
    },
    /// For an operator.
    Parked(String),
}

impl Verdict {
    pub(super) fn later(detail: impl Into<String>) -> Self {
        Self::Later {
            detail: detail.into(),
            retry_after: None,
        }
    }
}

/// What came of asking PayNet what it has.
enum Asked<'a> {
    Settled(Verdict),
    /// It must be told this, which may be another thing than what was intended.
    StillWants(Cow<'a, Intent>),
}

impl Deliveries {
    /// Both recipients at the same time: neither waits for the other, however many messages that one has or how slow it is.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(
            self.run_for(Recipient::Paynet, &stop),
            self.run_for(Recipient::Bank, &stop)
        );
    }

    async fn run_for(&self, recipient: Recipient, stop: &CancellationToken) {
        let announced = async || match recipient {
            Recipient::Paynet => self.announced.notified().await,
            // Nobody waits for a notice.
            Recipient::Bank => std::future::pending().await,
        };
        let mut attempts = JoinSet::new();
        while !stop.is_cancelled() {
            let claimed = self.claim(recipient, &mut attempts).await;
            if let Err(error) = &claimed {
                tracing::warn!(%error, "the outbox cannot be read; trying again");
            }
            if matches!(claimed, Ok(count) if count > 0) && attempts.len() < IN_FLIGHT {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(_) = attempts.join_next() => {}
                () = announced() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
        }
        // Each is bounded in time; what is not settled is tried again when its lease has run out.
        while attempts.join_next().await.is_some() {}
    }

    /// Starts as many due deliveries as there is room for; answers how many.
    async fn claim(
        &self,
        recipient: Recipient,
        attempts: &mut JoinSet<()>,
    ) -> Result<usize, StoreError> {
        let room = IN_FLIGHT.saturating_sub(attempts.len());
        let Ok(limit @ 1..) = i64::try_from(room) else {
            return Ok(0);
        };
        let due = self
            .store
            .claim_deliveries(recipient, limit, At(self.clock.now()), LEASE)
            .await?;
        let count = due.len();
        for delivery in due {
            let this = self.clone();
            attempts.spawn(async move { this.attempt(delivery).await });
        }
        Ok(count)
    }

    async fn attempt(&self, claimed: Result<Delivery, Damaged>) {
        let (lease, verdict) = match claimed {
            Ok(delivery) => {
                let verdict = tokio::time::timeout(ATTEMPT, self.verdict(&delivery)).await;
                let verdict = verdict.unwrap_or_else(|_| Ok(Verdict::later("no answer in time")));
                (delivery.lease, verdict)
            }
            Err(damaged) => (
                damaged.lease,
                Ok(Verdict::Parked(damaged.error.to_string())),
            ),
        };
        let delivery = lease.delivery.clone();
        let outcome = match verdict {
            Ok(verdict) => self.carry_out(&lease, verdict).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {}
            // The consent has changed meanwhile, or another replica took over while this one was slow. If the lease is still ours,
            // the next attempt looks again.
            Err(StoreError::Stale) => {
                let again = At(self.clock.now() + AFTER_A_CHANGE);
                let again = self
                    .store
                    .postpone(&lease, again, false, "changed meanwhile")
                    .await;
                tracing::info!(
                    delivery,
                    ours = again.is_ok(),
                    "not settled: something changed meanwhile"
                );
            }
            Err(error) => {
                tracing::warn!(delivery, %error, "delivery not settled");
                self.give_back(&lease, &error).await;
            }
        }
    }

    /// Without waiting for the lease to run out. What cannot be read now cannot be read later.
    async fn give_back(&self, lease: &Lease, error: &StoreError) {
        let (now, told) = (self.clock.now(), error.to_string());
        let given = if matches!(error, StoreError::Damaged(_)) {
            self.store.park(lease, At(now), &told).await
        } else {
            let again = At(now + AFTER_AN_OUTAGE);
            self.store.postpone(lease, again, false, &told).await
        };
        if let Err(error) = given {
            tracing::info!(delivery = lease.delivery, %error, "its lease has to run out");
        }
    }

    async fn carry_out(&self, lease: &Lease, verdict: Verdict) -> Result<(), StoreError> {
        let delivery = &lease.delivery;
        match verdict {
            Verdict::Done(change) => self.store.settle(lease, change.as_deref()).await,
            Verdict::Later {
                detail,
                retry_after,
            } => {
                tracing::info!(delivery, %detail, "not delivered yet");
                let next = self.clock.now() + pause(lease.attempts, retry_after);
                let asked = retry_after.is_some();
                self.store.postpone(lease, At(next), asked, &detail).await
            }
            Verdict::Parked(detail) => {
                tracing::error!(delivery, %detail, "delivery parked");
                self.store.park(lease, At(self.clock.now()), &detail).await
            }
        }
    }

    async fn verdict(&self, delivery: &Delivery) -> Result<Verdict, StoreError> {
        let Some(consent) = self.store.consent(&delivery.consent_id).await? else {
            return Ok(Verdict::Parked("the consent is not there".into()));
        };
        match &delivery.message {
            Message::Bank(notice) => self.tell_customer(&delivery.lease, &consent, notice).await,
            Message::Paynet(intent) => {
                let attempts = delivery.lease.attempts;
                Ok(self.tell_paynet(attempts, &consent, intent).await)
            }
        }
    }

    async fn tell_paynet(&self, attempts: i32, consent: &Consent, intent: &Intent) -> Verdict {
        // An approval that was taken back before PayNet heard of it is not told.
        if matches!(intent, Intent::Authorize { .. }) && consent.status != Status::Deciding {
            return Verdict::Done(None);
        }
        let mut fitting = Cow::Borrowed(intent);
        if attempts > 1 {
            match self.ask_paynet(consent, intent).await {
                Asked::Settled(verdict) => return verdict,
                Asked::StillWants(this) => fitting = this,
            }
        }
        match self.paynet.tell(&consent.id, &fitting).await {
            UpdateAnswer::Accepted => self.accepted(consent, &fitting),
            UpdateAnswer::Unknown {
                detail,
                retry_after,
            } => Verdict::Later {
                detail,
                retry_after,
            },
            UpdateAnswer::Refused(detail) => self.refused(consent, intent, &fitting, detail).await,
        }
    }

    /// What PayNet has decides what it must still be told.
    async fn ask_paynet<'a>(&self, consent: &Consent, intent: &'a Intent) -> Asked<'a> {
        let remote = match self.paynet.retrieve_consent(&consent.id).await {
            Ok(remote) => remote,
            Err(RetrieveError::NotFound) => {
                return Asked::Settled(match intent {
                    Intent::Authorize { .. } => {
                        self.failed(consent, "PayNet does not know it".into())
                    }
                    Intent::Reject { .. } | Intent::Revoke { .. } => Verdict::Done(None),
                });
            }
            Err(error) => {
                let retry_after = match &error {
                    RetrieveError::Unavailable { retry_after, .. } => *retry_after,
                    RetrieveError::NotFound | RetrieveError::Unusable(_) => None,
                };
                return Asked::Settled(Verdict::Later {
                    detail: error.to_string(),
                    retry_after,
                });
            }
        };
        match (intent, remote.consent.status) {
            (Intent::Authorize { .. } | Intent::Reject { .. }, Status::AwaitingAuthorization)
            | (Intent::Revoke { .. }, Status::Authorized | Status::Suspended) => {
                Asked::StillWants(Cow::Borrowed(intent))
            }
            (Intent::Reject { .. }, Status::Authorized | Status::Suspended) => Asked::Settled(
                Verdict::Parked("PayNet has it authorized, and nothing was approved here".into()),
            ),
            // Approved and stopped before PayNet heard of either: it only wants to know that nothing comes of it.
            (Intent::Revoke { reason, .. }, Status::AwaitingAuthorization) => {
                let reason = StatusReason {
                    code: ReasonCode::NotAllowed,
                    description: reason.clone(),
                };
                Asked::StillWants(Cow::Owned(Intent::Reject { reason }))
            }
            (Intent::Authorize { .. }, _) => Asked::Settled(self.adopt(consent, intent, &remote)),
            (Intent::Reject { .. } | Intent::Revoke { .. }, _) => {
                Asked::Settled(Verdict::Done(None))
            }
        }
    }

    /// PayNet has settled a consent that was approved here, one way or the other.
    fn adopt(&self, consent: &Consent, intent: &Intent, remote: &RemoteConsent) -> Verdict {
        if remote.consent.status == Status::Authorized {
            self.accepted(consent, intent)
        } else {
            self.change(consent, Command::Adopt(remote.report()))
        }
    }

    fn accepted(&self, consent: &Consent, intent: &Intent) -> Verdict {
        match intent {
            Intent::Authorize { .. } => self.change(consent, Command::PlatformAccepted),
            Intent::Reject { .. } | Intent::Revoke { .. } => Verdict::Done(None),
        }
    }

    /// A refusal of what was `told` is believed only after looking at what PayNet has, and what of `intent` that leaves: something we
    /// sent before may have arrived meanwhile.
    async fn refused(
        &self,
        consent: &Consent,
        intent: &Intent,
        told: &Intent,
        detail: String,
    ) -> Verdict {
        match self.ask_paynet(consent, intent).await {
            Asked::Settled(verdict) => verdict,
            Asked::StillWants(fitting) if *fitting != *told => Verdict::later(detail),
            Asked::StillWants(_) => match told {
                Intent::Authorize { .. } => self.failed(consent, detail),
                Intent::Reject { .. } | Intent::Revoke { .. } => Verdict::Parked(detail),
            },
        }
    }

    fn failed(&self, consent: &Consent, detail: String) -> Verdict {
        self.change(consent, Command::PlatformRefused { detail })
    }

    fn change(&self, consent: &Consent, command: Command) -> Verdict {
        match apply(consent, command, self.clock.now()) {
            Ok(Outcome::Changed(change)) => Verdict::Done(Some(change)),
            Ok(Outcome::Unchanged(why)) if consent.status == Status::Deciding => {
                Verdict::later(why)
            }
            Ok(Outcome::Unchanged(_) | Outcome::Uncertain) => Verdict::Done(None),
            Err(refusal) => Verdict::Parked(refusal.to_string()),
        }
    }
}

/// Doubles with each attempt up to a minute, spread by a fifth, and never earlier than PayNet asked.
fn pause(attempts: i32, retry_after: Option<Duration>) -> TimeDelta {
    let exponent = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or_default();
    let base = FIRST_PAUSE
        .saturating_mul(2u32.saturating_pow(exponent))
        .min(LONGEST_PAUSE);
    let spread = base.saturating_mul(random_below(200)) / 1000;
    let pause = (base + spread).max(retry_after.unwrap_or_default());
    TimeDelta::from_std(pause).unwrap_or_else(|_| TimeDelta::seconds(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_obey_retry_after() {
        assert!(pause(1, None) >= TimeDelta::milliseconds(500));
        assert!(pause(3, None) >= TimeDelta::seconds(2));
        assert!(pause(40, None) <= TimeDelta::seconds(72));
        assert!(pause(1, Some(Duration::from_secs(90))) >= TimeDelta::seconds(90));
    }
}
