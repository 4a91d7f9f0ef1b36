//! Two processes on one PostgreSQL behind a plain TCP proxy that sends every connection to the other one than the last; and every
//! request is a connection of its own. So a journey changes its replica between any two requests.

use izin_simulator::{ConsentStatus, Customer, DataCall, DataTweak, EventType, NewConsent, Page};

use crate::harness::{Database, Deployment, Process, TOTP_SECRET, eventually, pki};
use crate::keys::command::{done, izin};

const ALL: [&str; 3] = ["read_accounts", "read_balances", "read_transactions"];

struct Replicas {
    deployment: Deployment,
    one: Process,
    other: Process,
    _database: Database,
}

impl Replicas {
    async fn start() -> Self {
        let database = Database::postgres().await;
        let deployment = Deployment::around(&database.url, "", true).await;
        let (one, other) = (deployment.process(), deployment.process());
        deployment.leads_to(&[&one, &other]);
        Self {
            deployment,
            one,
            other,
            _database: database,
        }
    }

    async fn consent(&self) -> String {
        let new = NewConsent::new("kira-budget", "bank-contoh").permissions(&ALL);
        let consent = self.deployment.simulator.create_consent(new).await;
        consent.unwrap().consent_id
    }

    async fn link(&self, consent: &str) -> String {
        let link = self.deployment.simulator.authorize_url(consent).await;
        link.unwrap()
    }

    /// `paynet` at the review, with the first account chosen.
    async fn reviewing(&self, consent: &str) -> Customer {
        let mut customer = Customer::reconnecting(pki()).unwrap();
        customer.opens(&self.link(consent).await).await.unwrap();
        customer
            .signs_in("paynet", "paynet", TOTP_SECRET)
            .await
            .unwrap();
        customer.selects_first().await.unwrap();
        customer
    }

    async fn approved(&self, consent: &str) -> Customer {
        let mut customer = self.reviewing(consent).await;
        customer.approves().await.unwrap();
        let result = customer.waits_for_result().await.unwrap();
        assert_eq!(outcome(result), Some("approved"), "{}", result.summary());
        customer
    }

    fn status(&self, consent: &str) -> ConsentStatus {
        self.deployment.simulator.consent(consent).unwrap().status()
    }

    fn account(&self, consent: &str) -> String {
        let consent = self.deployment.simulator.consent(consent).unwrap().consent;
        consent.accounts[0].account_id.clone()
    }

    async fn status_of(&self, call: DataCall) -> u16 {
        let answer = self.deployment.simulator.data_call(call).await.unwrap();
        assert_eq!(answer.problem, None);
        answer.status()
    }

    /// Once at each replica.
    async fn balances(&self, consent: &str) -> [u16; 2] {
        let call = || DataCall::balances(consent, self.account(consent));
        [self.status_of(call()).await, self.status_of(call()).await]
    }

    fn command(&self, arguments: &[&str]) -> String {
        let config = ["--config", self.deployment.config.to_str().unwrap()];
        tokio::task::block_in_place(|| done(&izin(&[arguments, &config].concat(), None)))
    }

    /// What happened to a consent, by the ledger.
    fn history(&self, consent: &str) -> Vec<String> {
        let shown = self.command(&["consents", "show", consent, "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let history = shown["history"].as_array().unwrap();
        let kind = |entry: &serde_json::Value| entry["kind"].as_str().unwrap().to_owned();
        history.iter().map(kind).collect()
    }

    async fn stop(self) {
        tokio::task::block_in_place(|| (self.one.stop(), self.other.stop()));
        self.deployment.simulator.stop().await;
    }
}

fn outcome(page: &Page) -> Option<&str> {
    page.attribute("data-outcome")
}

/// Steps 1–11a, and then every kind of data.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_shares() {
    let replicas = Replicas::start().await;
    let consent = replicas.consent().await;
    let customer = replicas.approved(&consent).await;
    let requests = customer.hops().len();
    assert_eq!(
        replicas.deployment.customers.accepted(),
        requests,
        "every request came by a connection of its own"
    );
    assert!(requests > 10, "{requests}");
    assert_eq!(replicas.status(&consent), ConsentStatus::Authorized);
    assert_eq!(
        replicas.history(&consent),
        ["registered", "approved", "accepted"]
    );
    let account = replicas.account(&consent);
    for call in [
        DataCall::account(&consent, &account),
        DataCall::balances(&consent, &account),
        DataCall::transactions(&consent, &account),
    ] {
        assert_eq!(replicas.status_of(call.clone()).await, 200);
        assert_eq!(replicas.status_of(call).await, 200);
    }
    for _ in 0..2 {
        let told = replicas.deployment.simulator.userinfo(&consent).await;
        assert_eq!(told.unwrap()["preferred_username"], "paynet");
    }
    replicas.stop().await;
}

/// Steps 9b and 11b.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_rejects() {
    let replicas = Replicas::start().await;
    let consent = replicas.consent().await;
    let mut customer = replicas.reviewing(&consent).await;
    customer.rejects().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(outcome(result), Some("rejected"), "{}", result.summary());
    let knows = || async { replicas.status(&consent) == ConsentStatus::Rejected };
    eventually(knows, "PayNet knows").await;
    assert_eq!(replicas.history(&consent), ["registered", "rejected"]);
    replicas.stop().await;
}

/// By a third process beside the two: the next call at either is refused, and PayNet hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_stops_it() {
    let replicas = Replicas::start().await;
    let consent = replicas.consent().await;
    replicas.approved(&consent).await;
    assert_eq!(replicas.balances(&consent).await, [200, 200]);
    let stop = [
        "consents",
        "revoke",
        &consent,
        "--operator",
        "siti",
        "--reason",
        "test",
    ];
    replicas.command(&stop);
    assert_eq!(replicas.balances(&consent).await, [403, 403]);
    let knows = || async { replicas.status(&consent) == ConsentStatus::Revoked };
    eventually(knows, "PayNet knows").await;
    replicas.stop().await;
}

/// PayNet's word reaches one of them and holds at both.
#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_revokes() {
    let replicas = Replicas::start().await;
    let consent = replicas.consent().await;
    replicas.approved(&consent).await;
    assert_eq!(replicas.balances(&consent).await, [200, 200]);
    let told = replicas.deployment.simulator.revoke_by_consumer(&consent);
    assert!(told.await.unwrap().accepted());
    assert_eq!(replicas.balances(&consent).await, [403, 403]);
    replicas.stop().await;
}

/// A signed call is used up everywhere, and an event that comes again at the other replica is taken in once.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_has_seen_the_other_knows() {
    let replicas = Replicas::start().await;
    let consent = replicas.consent().await;
    let simulator = &replicas.deployment.simulator;
    for _ in 0..2 {
        let again = simulator
            .announce(&consent, EventType::ConsentCreated)
            .await;
        assert!(again.unwrap().accepted());
    }
    assert_eq!(replicas.history(&consent), ["registered"]);
    replicas.approved(&consent).await;
    let account = replicas.account(&consent);
    let jti = DataTweak::Jti("used-at-one-replica".to_owned());
    let call = DataCall::balances(&consent, account).with(jti);
    assert_eq!(replicas.status_of(call.clone()).await, 200);
    let replayed = simulator.data_call(call).await.unwrap();
    assert_eq!(
        replayed.answer.refusal(),
        (400, Some("JWS.InvalidClaim".to_owned()))
    );
    replicas.stop().await;
}

/// In the middle of a journey; the balancer notices, and the customer loads the page again.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_them_dies() {
    let replicas = Replicas::start().await;
    let consent = replicas.consent().await;
    let mut customer = replicas.reviewing(&consent).await;
    let Replicas {
        deployment,
        one,
        other,
        _database: database,
    } = replicas;
    one.kill();
    deployment.leads_to(&[&other]);
    let page = customer.page().unwrap().reload().await.unwrap();
    assert_eq!(page.screen(), "review", "{}", page.summary());
    customer.sees(page);
    customer.approves().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(outcome(result), Some("approved"), "{}", result.summary());
    // A new one in its place takes part at once.
    let one = deployment.process();
    deployment.leads_to(&[&one, &other]);
    let replicas = Replicas {
        deployment,
        one,
        other,
        _database: database,
    };
    assert_eq!(replicas.balances(&consent).await, [200, 200]);
    replicas.stop().await;
}
