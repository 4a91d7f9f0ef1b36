//! Every operation of the store, called with what there is in a large database.

use chrono::{TimeDelta, Utc};
use izin::lab::{
    ACCESS, Access, AccessRow, AccountId, AccountReference, At, Change, CheckpointRow, Command,
    ConsentFilter, ConsentId, Cursor, CustomerId, DcId, DecisionRecord, Difference, DifferenceKind,
    EventRow, HandleRecord, LEDGER, Lease, Outcome, ReasonCode, Recipient, Settled, Status,
    StatusReason, Store, StretchRow, apply,
};
use serde_json::json;

use crate::postgres::conflicts::announced;

/// What the operations are called with: rows that are there, other ones each time, because some are used up.
pub struct Sample {
    number: usize,
}

impl Sample {
    pub fn new(number: usize) -> Self {
        Self { number }
    }

    /// `md5(…)::uuid` as the database has it.
    fn uuid(of: &str) -> String {
        use openssl::hash::{MessageDigest, hash};
        let digest = hash(MessageDigest::md5(), of.as_bytes()).unwrap();
        uuid::Uuid::from_slice(&digest).unwrap().to_string()
    }

    fn hash(n: usize) -> String {
        let hex = |text: String| Self::uuid(&text).replace('-', "");
        hex(format!("a{n}")) + &hex(format!("b{n}"))
    }

    /// The n-th of those that await a decision.
    fn awaiting(&self, n: usize) -> ConsentId {
        let n = (self.number * 100 + n + 1) * 1000;
        ConsentId::parse(Self::uuid(&format!("consent{n}"))).unwrap()
    }

    fn consent(&self) -> ConsentId {
        ConsentId::parse(Self::uuid(&format!("consent{}", 10 + self.number))).unwrap()
    }

    fn account(&self) -> AccountId {
        AccountId::parse(Self::uuid(&format!("account{}", 20 + self.number))).unwrap()
    }

    fn customer(&self) -> CustomerId {
        CustomerId::parse(format!("CIF-{}", 10 + self.number)).unwrap()
    }

    fn new_consent(&self, operation: &str) -> Change {
        announced(&format!("{operation}-{}", self.number))
    }

    async fn rejected(&self, store: &Store, n: usize) -> Change {
        let consent = store.consent(&self.awaiting(n)).await.unwrap().unwrap();
        let reason = StatusReason {
            code: ReasonCode::NotAllowed,
            description: None,
        };
        let command = Command::Reject {
            reason,
            receipt_sha256: None,
        };
        match apply(&consent, command, Utc::now()) {
            Ok(Outcome::Changed(change)) => *change,
            other => panic!("a rejection is a change: {other:?}"),
        }
    }

    /// Another holder each time, whose lease ends at once.
    async fn cursor(&self, store: &Store) -> Cursor {
        let holder = Self::uuid(&format!("{}", Utc::now()));
        let (lease, every) = (TimeDelta::zero(), TimeDelta::zero());
        let leased = store.lease_reconcile(&holder, At(Utc::now()), lease, every);
        leased.await.unwrap().expect("nobody else has it")
    }

    async fn lease(&self, store: &Store) -> Lease {
        let now = At(Utc::now());
        let mut claimed = store
            .claim_deliveries(Recipient::Paynet, 1, now, TimeDelta::minutes(1))
            .await
            .unwrap();
        claimed.remove(0).unwrap().lease
    }

    #[expect(clippy::too_many_lines, reason = "one line for each operation")]
    pub async fn call(&self, store: &Store, operation: &str) {
        let now = At(Utc::now());
        let later = At(now.0 + TimeDelta::minutes(5));
        let (id, customer) = (self.consent(), self.customer());
        let subject = format!("customer-{}", 10 + self.number);
        let token = (
            format!("consumer-{}", 10 + self.number),
            Self::uuid(&format!("token{}", 10 + self.number)),
        );
        let session = Self::hash(200 + self.number);
        match operation {
            "consent" => assert!(store.consent(&id).await.unwrap().is_some()),
            "consented_accounts" => {
                assert!(!store.consented_accounts(&id).await.unwrap().is_empty());
            }
            "consented_references" => {
                assert!(!store.consented_references(&id).await.unwrap().is_empty());
            }
            "undecided" => drop(store.undecided(now, 100).await.unwrap()),
            "ending" => drop(store.ending(now, 100).await.unwrap()),
            "find_consents" => {
                let any = || ConsentFilter {
                    limit: 50,
                    ..ConsentFilter::default()
                };
                for wanted in [
                    any(),
                    ConsentFilter {
                        customer: Some(customer),
                        ..any()
                    },
                    ConsentFilter {
                        status: Some(Status::Authorized),
                        ..any()
                    },
                    ConsentFilter {
                        status: Some(Status::Deciding),
                        ..any()
                    },
                    ConsentFilter {
                        consumer: Some(DcId::parse("consumer-1").unwrap()),
                        ..any()
                    },
                ] {
                    assert!(
                        !store.find_consents(&wanted).await.unwrap().is_empty(),
                        "{wanted:?}"
                    );
                }
            }
            "record_event" => {
                let event = EventRow {
                    consent_id: id.to_string(),
                    event_type: "consent_updated".into(),
                    body_sha256: Self::hash(self.number),
                    body: "{}".into(),
                    received_at: now,
                };
                let change = self.rejected(store, 1).await;
                store.record_event(event, Some(&change)).await.unwrap();
            }
            "commit" => {
                store.commit(&self.new_consent(operation)).await.unwrap();
                store.commit(&self.rejected(store, 2).await).await.unwrap();
            }
            "decide" => {
                let change = self.rejected(store, 3).await;
                let record = DecisionRecord {
                    customer: Some(customer),
                    accounts: vec![self.account()],
                    ..DecisionRecord::default()
                };
                store.decide(&change, &record).await.unwrap();
            }
            "settle" => {
                let lease = self.lease(store).await;
                let change = self.rejected(store, 4).await;
                store.settle(&lease, Some(&change)).await.unwrap();
            }
            "account_id_for" => {
                for reference in ["SA-1", "SA-2"] {
                    let reference = AccountReference::parse(reference).unwrap();
                    store.account_id_for(&customer, &reference).await.unwrap();
                }
            }
            "bank_reference" => assert!(
                store
                    .bank_reference(&self.account())
                    .await
                    .unwrap()
                    .is_some()
            ),
            "claim_deliveries" => {
                let claimed = store
                    .claim_deliveries(Recipient::Paynet, 16, now, TimeDelta::minutes(1))
                    .await
                    .unwrap();
                assert_eq!(claimed.len(), 16);
            }
            "postpone" => {
                let lease = self.lease(store).await;
                store
                    .postpone(&lease, later, false, "unavailable")
                    .await
                    .unwrap();
            }
            "park" => {
                let lease = self.lease(store).await;
                store.park(&lease, now, "refused").await.unwrap();
            }
            "is_undelivered" => drop(store.is_undelivered(&id).await.unwrap()),
            "queue" => {
                assert!(!store.queue(false, 50).await.unwrap().is_empty());
                assert!(!store.queue(true, 50).await.unwrap().is_empty());
            }
            "retry" => {
                let n = 500 + 1000 * self.number;
                let parked = format!("{}:2:paynet", Self::uuid(&format!("consent{n}")));
                assert!(store.retry(&parked, now, None).await.unwrap());
            }
            "accesses" => assert!(!store.accesses(&id).await.unwrap().is_empty()),
            "ledger_of" => assert!(!store.ledger_of(&id).await.unwrap().is_empty()),
            "receipt" => assert!(store.receipt(&id).await.unwrap().is_some()),
            "save_handle" => {
                let handle = HandleRecord {
                    consent_id: id,
                    redirect_uri: "https://paynet.example/back".into(),
                    expires_at: later.0,
                };
                store
                    .save_handle(&format!("{operation}{}", self.number), &handle)
                    .await
                    .unwrap();
            }
            "take_handle" => drop(store.take_handle(&session, now).await.unwrap()),
            "open_session" => {
                let sha256 = format!("{operation}{}", self.number);
                store
                    .open_session(&sha256, &id, json!({}), later)
                    .await
                    .unwrap();
            }
            "session" => assert!(store.session(&session, now).await.unwrap().is_some()),
            "save_session" => store.save_session(&session, json!({}), 4).await.unwrap(),
            "first_use" => {
                assert!(!store.first_use(&token.0, &token.1, later).await.unwrap());
            }
            "was_used" => assert!(store.was_used(&token.0, &token.1, now).await.unwrap()),
            "count_failure" => drop(store.count_failure(&subject, now, later).await.unwrap()),
            "failures" => drop(store.failures(&subject, now).await.unwrap()),
            "take_back_failure" => store.take_back_failure(&subject).await.unwrap(),
            "forget_failures" => store.forget_failures(&subject).await.unwrap(),
            "hasten" => {
                let lease = self.lease(store).await;
                store
                    .postpone(&lease, later, false, "unavailable")
                    .await
                    .unwrap();
                let consent = lease.delivery.split(':').next().unwrap();
                let consent = ConsentId::parse(consent).unwrap();
                assert!(store.hasten(&consent, now, later).await.unwrap());
            }
            "reconcile_page" => {
                let settled = Settled {
                    since: At(now.0 - TimeDelta::days(30)),
                    until: now,
                };
                let page = store
                    .reconcile_page(id.as_str(), settled, 100)
                    .await
                    .unwrap();
                assert!(!page.consents.is_empty());
            }
            "lease_reconcile" => drop(self.cursor(store).await),
            "save_reconcile" => {
                let cursor = self.cursor(store).await;
                store.save_reconcile(&cursor).await.unwrap();
            }
            "record_differences" => {
                let open = [Difference {
                    kind: DifferenceKind::Status,
                    ours: "authorized".into(),
                    theirs: "suspended".into(),
                }];
                store
                    .record_differences(&id, &open, None, now)
                    .await
                    .unwrap();
                store.record_differences(&id, &[], None, now).await.unwrap();
            }
            "find_differences" => {
                assert!(!store.find_differences(false, 50).await.unwrap().is_empty());
                drop(store.find_differences(true, 50).await.unwrap());
            }
            "figures" => drop(store.figures(now).await.unwrap()),
            "last_checkpoint" => assert!(store.last_checkpoint().await.unwrap().is_some()),
            "oldest_entry" => drop(
                store
                    .oldest_entry(At(now.0 - TimeDelta::hours(1)))
                    .await
                    .unwrap(),
            ),
            "newest_entry" => assert!(store.newest_entry().await.unwrap().is_some()),
            "heads" => {
                for log in [LEDGER, ACCESS] {
                    let since = At(now.0 - TimeDelta::hours(1));
                    assert!(
                        !store.heads(log, since, now).await.unwrap().is_empty(),
                        "{log}"
                    );
                }
            }
            "covered" => {
                let covered = store.covered(LEDGER, &[id.to_string()]).await.unwrap();
                assert!(!covered.is_empty());
            }
            "hashes" => {
                let hashes = store
                    .hashes(LEDGER, &[id.to_string()], &[1, 2])
                    .await
                    .unwrap();
                assert_eq!(hashes.len(), 2);
                let segment = Self::uuid("segment1");
                let hashes = store.hashes(ACCESS, &[segment], &[1]).await.unwrap();
                assert_eq!(hashes.len(), 1);
            }
            "add_checkpoint" => {
                let number = 1_000_000 + i32::try_from(self.number).unwrap();
                let checkpoint = CheckpointRow {
                    number,
                    at: now,
                    jws: "x".into(),
                };
                let covers = StretchRow {
                    log: LEDGER.into(),
                    chain: format!("{operation}{}", self.number),
                    last_seq: 2,
                    first_seq: 1,
                    head: "x".into(),
                    checkpoint: number,
                };
                store.add_checkpoint(&checkpoint, &[covers]).await.unwrap();
            }
            "append_act" => drop(store.append_act("exported", now, "{}").await.unwrap()),
            "append_accesses" => {
                let access = Access {
                    at: now,
                    consent_id: id.to_string(),
                    dc_id: "consumer-1".into(),
                    customer_id: None,
                    account_id: "a".into(),
                    category: "balances".into(),
                    outcome: "served".into(),
                    interaction_id: "i".into(),
                };
                let place = (&*format!("{operation}{}", self.number), 1);
                let row = AccessRow::new(access, place, "", "salt".into());
                store.append_accesses(&[row]).await.unwrap();
            }
            "installation_secret" => drop(store.installation_secret("sign-in", "x").await.unwrap()),
            "sweep" => {
                // Of the next minutes, too: another call has swept until now.
                let minutes = i64::try_from(self.number).unwrap() * 2;
                let then = At(now.0 + TimeDelta::minutes(minutes));
                assert!(store.sweep(then).await.unwrap() > 0);
            }
            "ping" => store.ping().await.unwrap(),
            other => panic!(
                "{other} is a new operation: call it here, with what it finds in a large database"
            ),
        }
    }
}
