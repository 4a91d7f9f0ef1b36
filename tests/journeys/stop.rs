//! Sharing stops on the very next call, and nothing but PayNet's present word starts it again.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use izin::Institution;
use izin::core_bank::types::{
    Account, AccountList, Balance, Capabilities, Customer, DataCategory, Language, Notice,
    NoticeCause, NoticeKind, NoticeReceipt, TransactionPage,
};
use izin::core_bank::{
    BankError, CoreBank, GetAccountParams, GetBalanceParams, GetCapabilitiesParams,
    GetCustomerParams, ListAccountsParams, ListTransactionsParams, SendNoticeParams,
};
use izin::lab::{Actor, Clock, DemoBank, SharedClock, Stop, SystemClock, stop_sharing};
use izin::uuid::Uuid;
use izin_simulator::{
    ConsentStatus, EventPost, EventTweak, EventType, Fault, Operation, StatusReason,
};
use serde_json::json;

use crate::harness::{ConsentStory, Database, TestApp, eventually, on_both_databases, serve_file};
use crate::keys::command::{done, izin};

on_both_databases!(
    a_term_ends,
    stopped_before_paynet_heard,
    the_bank_stops_it,
    the_consumer_revokes,
    the_consumer_is_struck_off,
    late_events_open_nothing,
    without_a_time_paynet_is_asked
);

const CLOSED: (u16, Option<&str>) = (403, Some("Consent.Invalid"));

async fn the_consumer_revokes(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(consent.balance().await.status(), 200);
    app.simulator.revoke_by_consumer(&consent.id).await.unwrap();
    assert_eq!(answer(&consent).await, CLOSED);
    assert_eq!(consent.last_entry().await, "reported");
    app.stop().await;
}

/// From the command line, beside the running service: data stops at once, PayNet learns it though it is down at first, and the customer
/// hears of start and end through the bank.
async fn the_bank_stops_it(database: Database) {
    let bank = TellingBank::default();
    let told = bank.told.clone();
    let connect = move |_| async move { Ok::<_, Infallible>(bank) };
    let institution = Institution::default().core_bank(connect);
    let linked = "[bank]\nkind = \"linked\"\n";
    let app = TestApp::start_linked(database, linked, institution).await;
    let folder = tempfile::tempdir().unwrap();
    let config = serve_file(folder.path(), app.database_url(), &app.simulator, None);
    let izin = |arguments: &[&str]| {
        let with_config = [arguments, &["--config", config.to_str().unwrap()]].concat();
        done(&izin(&with_config, None))
    };
    let consent = app
        .approved_consent(&["read_accounts", "read_balances"])
        .await;
    assert_eq!(consent.balance().await.status(), 200);
    let faults = [Fault::Status(503), Fault::LostAnswer];
    app.simulator.order_faults(Operation::RevokeConsent, faults);
    let revoke = [
        "consents",
        "revoke",
        &consent.id,
        "--operator",
        "siti",
        "--by",
        "customer",
        "--reason",
        "Asked for at the counter",
    ];
    let said = izin(&revoke);
    assert!(said.starts_with("Stopped."), "{said}");
    assert_eq!(answer(&consent).await, CLOSED);
    let knows = || async { consent.at_paynet().status() == ConsentStatus::Revoked };
    eventually(knows, "PayNet knows").await;
    let calls = || async { izin(&["outbox", "list"]) == "Nothing waits.\n" };
    eventually(calls, "everything is delivered").await;
    assert_eq!(app.simulator.calls(Operation::RevokeConsent), 2);
    let told = told.lock().unwrap().clone();
    let kinds: Vec<_> = told.iter().map(|(_, notice)| notice.kind).collect();
    let started = NoticeKind::SharingStarted;
    assert_eq!(kinds, [started, started, NoticeKind::SharingStopped]);
    assert_eq!(
        told[0], told[1],
        "repeated after a failure, under the same key"
    );
    let (_, stopped) = &told[2];
    assert_eq!(stopped.caused_by, NoticeCause::Customer);
    assert_eq!(
        stopped.data_categories,
        [DataCategory::Accounts, DataCategory::Balances]
    );
    assert_eq!(
        (stopped.dc_name.as_str(), stopped.account_references.len()),
        ("Kira Budget", 1)
    );
    assert_eq!(
        (stopped.language, stopped.expires_at),
        (Some(Language::En), None)
    );

    let said = izin(&revoke);
    assert!(said.contains("stopped before"), "{said}");
    let shown = izin(&["consents", "show", &consent.id]);
    for part in [
        "revoked",
        "siti",
        "Asked for at the counter",
        "balances",
        "authorized",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let listed = izin(&["consents", "list", "--status", "revoked", "--json"]);
    assert!(listed.contains(&consent.id), "{listed}");
    let listed = izin(&["consents", "list", "--status", "authorized"]);
    assert_eq!(listed, "No such consents.\n");
    app.stop().await;
}

/// Approved, and stopped before PayNet has heard of it: PayNet never authorizes it, and nothing is ever shared.
async fn stopped_before_paynet_heard(database: Database) {
    let app = TestApp::start(database).await;
    app.simulator
        .order_faults(Operation::UpdateConsent, [Fault::Status(503); 2]);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    customer.approves().await.unwrap();
    let stop = Stop {
        by: Actor::Customer,
        reason: None,
        operator: None,
    };
    let clock: SharedClock = app.clock.clone();
    assert!(
        stop_sharing(&app.store, &clock, &consent.key(), &stop)
            .await
            .unwrap()
    );
    let settled = || async { consent.at_paynet().status() == ConsentStatus::Rejected };
    eventually(settled, "PayNet knows that nothing comes of it").await;
    assert_eq!(consent.last_entry().await, "stopped");
    let delivered = || async { !app.store.is_undelivered(&consent.key()).await.unwrap() };
    eventually(delivered, "nothing waits").await;
    app.stop().await;
}

/// The term passes without a word from PayNet: no data at its moment, and the record says why.
async fn a_term_ends(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let ends = app
        .store
        .consent(&consent.key())
        .await
        .unwrap()
        .unwrap()
        .expires_at;
    app.clock.advance(ends - app.clock.now());
    consent.reaches("expired").await;
    app.stop().await;
}

/// The demo bank, which remembers what it told its customers and fails at the first time.
#[derive(Clone)]
struct TellingBank {
    demo: Arc<DemoBank>,
    told: Arc<Mutex<Vec<(Uuid, Notice)>>>,
}

impl Default for TellingBank {
    fn default() -> Self {
        Self {
            demo: Arc::new(DemoBank::new(Arc::new(SystemClock)).unwrap()),
            told: Arc::default(),
        }
    }
}

impl CoreBank for TellingBank {
    async fn get_capabilities(
        &self,
        params: GetCapabilitiesParams,
    ) -> Result<Capabilities, BankError> {
        CoreBank::get_capabilities(&*self.demo, params).await
    }

    async fn get_customer(&self, params: GetCustomerParams) -> Result<Customer, BankError> {
        self.demo.get_customer(params).await
    }

    async fn list_accounts(&self, params: ListAccountsParams) -> Result<AccountList, BankError> {
        self.demo.list_accounts(params).await
    }

    async fn get_account(&self, params: GetAccountParams) -> Result<Account, BankError> {
        self.demo.get_account(params).await
    }

    async fn get_balance(&self, params: GetBalanceParams) -> Result<Balance, BankError> {
        self.demo.get_balance(params).await
    }

    async fn list_transactions(
        &self,
        params: ListTransactionsParams,
    ) -> Result<TransactionPage, BankError> {
        self.demo.list_transactions(params).await
    }

    async fn send_notice(
        &self,
        params: SendNoticeParams,
        body: Notice,
    ) -> Result<NoticeReceipt, BankError> {
        let is_first = {
            let mut told = self.told.lock().unwrap();
            told.push((params.idempotency_key, body.clone()));
            told.len() == 1
        };
        if is_first {
            return Err(BankError::unavailable("the first time"));
        }
        self.demo.send_notice(params, body).await
    }
}

/// PayNet publishes no keys for the consumer (any more): an answer, and not an outage.
async fn the_consumer_is_struck_off(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let gone = [Fault::Status(404)];
    app.simulator.order_faults(Operation::ConsumerJwks, gone);
    let refused = consent.balance().await.answer.refusal();
    assert_eq!(refused, (400, Some("JWS.InvalidSignature".to_owned())));
    app.stop().await;

    let app = TestApp::start(Database::sqlite()).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let down = [Fault::Status(503)];
    app.simulator.order_faults(Operation::ConsumerJwks, down);
    let refused = consent.balance().await.answer;
    assert_eq!(
        refused.refusal(),
        (503, Some("temporarily_unavailable".to_owned()))
    );
    assert!(refused.header("retry-after").is_some());
    app.stop().await;
}

/// Suspended at 2 and again at 4; then the word from 3, that it was authorized, comes late.
async fn late_events_open_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let from = Utc::now();
    for (status, at) in [("suspended", 2), ("suspended", 4), ("authorized", 3)] {
        report(&app, &consent, status, Some(from + TimeDelta::seconds(at))).await;
        assert_eq!(answer(&consent).await, CLOSED, "after {status} of {at}");
    }
    report(
        &app,
        &consent,
        "authorized",
        Some(from + TimeDelta::seconds(5)),
    )
    .await;
    assert_eq!(
        consent.balance().await.status(),
        200,
        "the newest word counts"
    );
    report(
        &app,
        &consent,
        "suspended",
        Some(from + TimeDelta::seconds(4)),
    )
    .await;
    assert_eq!(
        consent.balance().await.status(),
        200,
        "an outdated restriction does not"
    );
    app.stop().await;
}

/// Events need not carry a time. A restriction is believed; to open data again PayNet is asked.
async fn without_a_time_paynet_is_asked(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let reason = StatusReason {
        reason_code: "not_allowed".to_owned(),
        reason_description: None,
    };
    let suspended = ConsentStatus::Suspended;
    app.simulator
        .transition(&consent.id, suspended, Some(reason), "ofp")
        .await
        .unwrap();
    assert_eq!(answer(&consent).await, CLOSED);
    report(&app, &consent, "authorized", None).await;
    assert_eq!(
        answer(&consent).await,
        CLOSED,
        "PayNet says that it is suspended"
    );
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.status = ConsentStatus::Authorized;
    });
    report(&app, &consent, "authorized", None).await;
    assert_eq!(
        consent.balance().await.status(),
        200,
        "PayNet says that it is authorized"
    );
    // The very same restriction as before restricts once more.
    report(&app, &consent, "suspended", None).await;
    assert_eq!(answer(&consent).await, CLOSED);
    report(&app, &consent, "authorized", None).await;
    report(&app, &consent, "suspended", None).await;
    assert_eq!(
        answer(&consent).await,
        CLOSED,
        "also byte for byte the same"
    );
    app.stop().await;
}

/// An event as PayNet signs it, with a status and perhaps a time of the story's choice.
async fn report(
    app: &TestApp,
    consent: &ConsentStory<'_>,
    status: &str,
    at: Option<DateTime<Utc>>,
) {
    let time = match at {
        Some(at) => EventTweak::Field("/data/updated_at".to_owned(), json!(at)),
        None => EventTweak::RemovedField("/data/updated_at".to_owned()),
    };
    let event = EventPost::new(&consent.id, EventType::ConsentStatusUpdated)
        .with(EventTweak::Field("/data/status".to_owned(), json!(status)))
        .with(time);
    let answer = app.simulator.post_event(event).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn answer(consent: &ConsentStory<'_>) -> (u16, Option<&'static str>) {
    let (status, error) = consent.balance().await.answer.refusal();
    (
        status,
        (error.as_deref() == CLOSED.1).then_some("Consent.Invalid"),
    )
}
