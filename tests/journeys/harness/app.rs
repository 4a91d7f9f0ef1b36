//! An Izin with PayNet and the consumers around it, in this process, with a clock that can be moved.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use izin::Institution;
use izin::lab::{
    Clock, Config, ConsentId, DEMO, DemoSettings, Service, ShiftedClock, Store, registration,
};
use izin_simulator::Customer;
use izin_simulator::{
    ConsentSnapshot, DataAnswer, DataCall, Dialect, NewConsent, Pki, Provider, Simulator,
    SimulatorOptions,
};

use super::Database;

/// The demo customers' second factor.
pub const TOTP_SECRET: &str = "JBSWY3DPEHPK3PXP";
const DP_ID: &str = "bank-contoh";
const CONSUMER: &str = "kira-budget";

/// One set of keys for all tests of this process; making RSA keys takes a second.
pub fn pki() -> &'static Pki {
    static PKI: OnceLock<(Pki, tempfile::TempDir)> = OnceLock::new();
    let (pki, _) = PKI.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        (Pki::create(folder.path().join("pki")).unwrap(), folder)
    });
    pki
}

pub struct TestApp {
    pub simulator: Simulator,
    pub service: Service,
    pub clock: Arc<ShiftedClock>,
    pub store: Store,
    database: Database,
}

impl TestApp {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, "").await
    }

    /// `extra` is TOML that goes over the demo's configuration.
    pub async fn start_with(database: Database, extra: &str) -> Self {
        Self::start_linked(database, extra, Institution::default()).await
    }

    /// With a bank's own code.
    pub async fn start_linked(database: Database, extra: &str, institution: Institution) -> Self {
        Self::start_speaking(database, extra, institution, Dialect::default()).await
    }

    /// Beside a PayNet that reads the open questions of its documents like this.
    pub async fn start_speaking(
        database: Database,
        extra: &str,
        institution: Institution,
        dialect: Dialect,
    ) -> Self {
        let pki = tokio::task::spawn_blocking(pki).await.unwrap();
        let options = SimulatorOptions {
            dialect,
            ..SimulatorOptions::new(pki.clone())
        };
        let simulator = Simulator::start(options).await.unwrap();
        let settings = settings(&database.url, &simulator).to_toml().unwrap();
        let config = Config::from_layers(&[DEMO, &settings, extra]).unwrap();
        let clock = Arc::new(ShiftedClock::default());
        let service = Service::start(config, clock.clone(), institution)
            .await
            .unwrap();
        simulator.register_provider(provider(&service)).unwrap();
        simulator
            .register_provider(Provider::offline("bank-lain", "Bank Lain"))
            .unwrap();
        let store = Store::open(&database.url, 2).unwrap();
        Self {
            simulator,
            service,
            clock,
            store,
            database,
        }
    }

    /// A second process's worth of us on the same database; PayNet talks to this one from now on.
    pub async fn another_replica(&self) -> Service {
        self.another_replica_with("").await
    }

    /// With `extra` over the demo's configuration.
    pub async fn another_replica_with(&self, extra: &str) -> Service {
        let settings = settings(&self.database.url, &self.simulator);
        let layers = [DEMO, &settings.to_toml().unwrap(), extra];
        let config = Config::from_layers(&layers).unwrap();
        let institution = Institution::default();
        let replica = Service::start(config, self.clock.clone(), institution)
            .await
            .unwrap();
        self.simulator
            .register_provider(provider(&replica))
            .unwrap();
        replica
    }

    /// PayNet registers us anew, with something changed.
    pub fn is_registered(&self, change: impl FnOnce(Provider) -> Provider) {
        let provider = change(provider(&self.service));
        self.simulator.register_provider(provider).unwrap();
    }

    /// A customer's browser. Codes of the second factor follow this app's clock.
    pub fn customer(&self) -> Customer {
        let clock = self.clock.clone();
        Customer::new(pki())
            .unwrap()
            .with_clock(move || u64::try_from(clock.now().timestamp()).unwrap())
    }

    /// A consent that PayNet has announced and nobody has decided.
    pub async fn consent(&self, permissions: &[&str]) -> ConsentStory<'_> {
        let new = NewConsent::new(CONSUMER, DP_ID).permissions(permissions);
        let consent = self.simulator.create_consent(new).await.unwrap();
        self.known(&consent.consent_id)
    }

    /// A consent that exists already.
    pub fn known(&self, id: &str) -> ConsentStory<'_> {
        ConsentStory {
            app: self,
            id: id.to_owned(),
        }
    }

    /// A consent that `paynet` has approved for the first account.
    pub async fn approved_consent(&self, permissions: &[&str]) -> ConsentStory<'_> {
        let consent = self.consent(permissions).await;
        self.approves(&consent).await;
        consent
    }

    /// `paynet` at the review, with the first account chosen.
    pub async fn reviewing(&self, consent: &ConsentStory<'_>) -> Customer {
        let mut customer = self.customer();
        customer.opens(&consent.link().await).await.unwrap();
        customer
            .signs_in("paynet", "paynet", TOTP_SECRET)
            .await
            .unwrap();
        customer.selects_first().await.unwrap();
        customer
    }

    /// `paynet` shares the first account.
    pub async fn approves(&self, consent: &ConsentStory<'_>) {
        let mut customer = self.reviewing(consent).await;
        customer.approves().await.unwrap();
        let result = customer.waits_for_result().await.unwrap();
        assert_eq!(
            result.attribute("data-outcome"),
            Some("approved"),
            "{}",
            result.summary()
        );
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// As on SIGHUP with such a configuration.
    pub async fn reload(&self, extra: &str) -> Result<(), String> {
        let settings = settings(&self.database.url, &self.simulator);
        let layers = [DEMO, &settings.to_toml().unwrap(), extra];
        let config = Config::from_layers(&layers).unwrap();
        let reloaded = self.service.reload.with(config).await;
        reloaded.map_err(|error| format!("{error:#}"))
    }

    /// PostgreSQL only.
    pub async fn loses_its_database(&self) {
        self.database.drop().await;
    }

    pub async fn stop(self) {
        self.service.stop().await;
        self.simulator.stop().await;
    }
}

/// As PayNet's onboarding would register us.
fn provider(service: &Service) -> Provider {
    let port = service.webhooks_address.port();
    registration(pki(), port, &service.public_url).unwrap()
}

pub fn settings<'a>(database: &str, simulator: &'a Simulator) -> DemoSettings<'a> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    DemoSettings {
        database: database.to_owned(),
        public: any,
        webhooks: any,
        ops: any,
        pki: simulator.pki(),
        urls: simulator.urls(),
    }
}

/// A configuration file for `izin serve` in `folder`; public and webhooks address, or any.
pub fn serve_file(
    folder: &Path,
    database: &str,
    simulator: &Simulator,
    addresses: Option<(SocketAddr, SocketAddr)>,
) -> PathBuf {
    let mut settings = settings(database, simulator);
    if let Some((public, webhooks)) = addresses {
        (settings.public, settings.webhooks) = (public, webhooks);
    }
    let file = folder.join("izin.toml");
    std::fs::write(&file, settings.to_file().unwrap()).unwrap();
    file
}

/// One consent, seen from every side.
pub struct ConsentStory<'a> {
    app: &'a TestApp,
    pub id: String,
}

impl ConsentStory<'_> {
    /// PayNet's signed link into our pages.
    pub async fn link(&self) -> String {
        self.app.simulator.authorize_url(&self.id).await.unwrap()
    }

    /// As PayNet has it.
    pub fn at_paynet(&self) -> ConsentSnapshot {
        self.app.simulator.consent(&self.id).unwrap()
    }

    /// The account that was shared first.
    pub fn account(&self) -> String {
        let accounts = self.at_paynet().consent.accounts;
        accounts
            .first()
            .expect("an account is shared")
            .account_id
            .clone()
    }

    pub fn key(&self) -> ConsentId {
        ConsentId::parse(self.id.clone()).unwrap()
    }

    pub async fn balance(&self) -> DataAnswer {
        let call = DataCall::balances(&self.id, self.account());
        self.app.simulator.data_call(call).await.unwrap()
    }

    /// As we have it: the word in the ledger's last entry.
    pub async fn last_entry(&self) -> String {
        let entries = self.app.store.ledger_of(&self.key()).await.unwrap();
        entries
            .last()
            .expect("every consent has entries")
            .kind
            .clone()
    }

    /// Waits until the ledger's last entry is `kind`.
    pub async fn reaches(&self, kind: &str) {
        eventually(|| async { self.last_entry().await == kind }, kind).await;
    }
}

/// Waits for a condition, for at most half a minute.
pub async fn eventually<F: Future<Output = bool>>(condition: impl Fn() -> F, what: &str) {
    for _ in 0..600 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never came to: {what}");
}
