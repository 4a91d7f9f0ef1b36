//! What is cut: one process of Izin between proxies, with a PostgreSQL of its own or an SQLite file, and the counterparties that stay.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use izin::lab::{ServedBank, Store};
use izin_simulator::{DataCall, NewConsent, Simulator};
use tempfile::TempDir;

use super::bank::Codes;
use super::plan::{Fault, Kind, Step};
use super::typical::Typical;
use crate::harness::{
    COMMITS_STAND, Cluster, Database, Deployment, Process, Proxy, Upstream, write_secret,
};

const NAME: &str = "izin";

pub struct World {
    pub deployment: Deployment,
    pub codes: Codes,
    pub typical: RefCell<Typical>,
    /// The account that every customer of these stories shares, once it is known.
    pub account: RefCell<Option<String>>,
    database: Place,
    process: RefCell<Option<Process>>,
    /// Whether there is a connection to PayNet that can be used again.
    warm: Cell<bool>,
    _bank: ServedBank,
    _folder: TempDir,
}

enum Place {
    Postgres {
        cluster: Box<RefCell<Cluster>>,
        proxy: Proxy,
    },
    Sqlite(Database),
}

impl World {
    pub async fn start(kind: Kind) -> Self {
        let (database, url) = match kind {
            Kind::Sqlite => {
                let database = Database::sqlite();
                let url = database.url.clone();
                (Place::Sqlite(database), url)
            }
            Kind::Postgres => {
                let cluster =
                    tokio::task::block_in_place(|| Cluster::start("faults", |_| (), COMMITS_STAND));
                cluster.create(NAME).await;
                let proxy = Proxy::before([Upstream::Unix(cluster.socket())]).await;
                let url = format!("postgres://postgres@{}/{NAME}", proxy.address);
                let cluster = Box::new(RefCell::new(cluster));
                (Place::Postgres { cluster, proxy }, url)
            }
        };
        let codes = Codes::new();
        let bank = codes.served().await;
        let folder = tempfile::tempdir().unwrap();
        // The bank here asks for none, and Izin wants to have something to show.
        let token = folder.path().join("token");
        write_secret(&token, "a-token\n");
        let at = format!(
            "url = \"http://{}\"\ntoken_file = {}\n",
            bank.address,
            serde_json::json!(token)
        );
        let extra = format!(
            "[bank]\nkind = \"http\"\n[bank.http]\n{at}[sign_in]\nchecked_by = \"http\"\n\
             collect_passwords = true\n[sign_in.http]\n{at}"
        );
        let deployment = Deployment::around(&url, &extra, false).await;
        let world = Self {
            deployment,
            codes,
            typical: RefCell::default(),
            account: RefCell::default(),
            database,
            process: RefCell::default(),
            warm: Cell::new(false),
            _bank: bank,
            _folder: folder,
        };
        world.starts_process();
        world
    }

    pub fn simulator(&self) -> &Simulator {
        &self.deployment.simulator
    }

    /// Past the proxy.
    pub fn store(&self) -> Store {
        let url = match &self.database {
            Place::Postgres { cluster, .. } => cluster.borrow().url("postgres", NAME),
            Place::Sqlite(database) => database.url.clone(),
        };
        Store::open(&url, 1).unwrap()
    }

    /// On the way to the database; SQLite has none.
    pub fn database_proxy(&self) -> Option<&Proxy> {
        match &self.database {
            Place::Postgres { proxy, .. } => Some(proxy),
            Place::Sqlite(_) => None,
        }
    }

    /// What a fault does to the connections of a step passes here.
    pub fn proxy(&self, fault: Fault, step: Step) -> &Proxy {
        let deployment = &self.deployment;
        match (fault, step) {
            (Fault::CutPaynet, Step::Event | Step::Balance) => &deployment.authorization_server,
            (Fault::CutPaynet | Fault::DelayPaynet, _) => &deployment.resource_server,
            (Fault::CutCaller, step) if step.is_customers() => &deployment.customers,
            (Fault::CutCaller, _) => &deployment.webhooks,
            _ => self.database_proxy().expect("PostgreSQL has one"),
        }
    }

    /// `kill -9`, the end of every backend, or of PostgreSQL, or of every connection to it.
    pub async fn strikes(&self, fault: Fault) {
        match (fault, &self.database) {
            (Fault::Kill, _) => {
                self.deployment.leads_to(&[]);
                let process = self.process.take().expect("it runs");
                tokio::task::block_in_place(|| process.kill());
            }
            (Fault::Terminate, Place::Postgres { cluster, .. }) => {
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE datname = current_database() AND pid <> pg_backend_pid()";
                let told = cluster.borrow().tells_in(NAME, sql);
                told.await;
            }
            (Fault::StopDatabase, Place::Postgres { cluster, .. }) => {
                tokio::task::block_in_place(|| cluster.borrow_mut().stops_immediately());
            }
            (Fault::CutDatabase, Place::Postgres { proxy, .. }) => {
                proxy.cuts_all();
            }
            other => panic!("nothing strikes like this: {:?}", other.0),
        }
    }

    /// What an operator, or a supervisor, does about it.
    pub fn repairs(&self, fault: Fault) {
        match (fault, &self.database) {
            (Fault::Kill, _) => self.starts_process(),
            (Fault::StopDatabase, Place::Postgres { cluster, .. }) => {
                tokio::task::block_in_place(|| cluster.borrow_mut().starts_again());
            }
            _ => {}
        }
    }

    /// So that it knows no key of anybody, and has no connection to PayNet.
    pub fn restarts(&self) {
        let process = self.process.take().expect("it runs");
        tokio::task::block_in_place(|| process.stop());
        self.starts_process();
    }

    fn starts_process(&self) {
        let process = self.deployment.process();
        self.deployment.leads_to(&[&process]);
        self.process.replace(Some(process));
        self.warm.set(false);
    }

    /// Has it ask PayNet something, so that its next question goes over a connection that is open already.
    pub async fn warms(&self) {
        if self.warm.get() {
            return;
        }
        let unheard_of = self.simulator().store_consent(new_consent()).consent_id;
        let link = self.simulator().authorize_url(&unheard_of).await.unwrap();
        let request = self.simulator().request(http::Method::GET, link);
        assert_eq!(request.send().await.unwrap().status, 303);
        self.warm.set(true);
    }

    pub fn balance_of(&self, consent: &str) -> Option<DataCall> {
        let account = self.account.borrow().clone()?;
        Some(DataCall::balances(consent, account))
    }

    /// A delivery that its holder did not live to finish is due again when its lease has run out, after a minute. This minute passes
    /// now, for every delivery.
    pub async fn leases_run_out(&self) {
        match &self.database {
            Place::Postgres { cluster, .. } => {
                let sql = "UPDATE outbox SET locked_until = 'epoch' WHERE locked_until IS NOT NULL";
                let told = cluster.borrow().tells_in(NAME, sql);
                told.await;
            }
            Place::Sqlite(database) => {
                let path = database.url.trim_start_matches("sqlite:").to_owned();
                let mut connection = SqliteConnection::establish(&path).unwrap();
                connection
                    .batch_execute(
                        "PRAGMA busy_timeout = 5000; \
                         UPDATE outbox SET locked_until = 0 WHERE locked_until IS NOT NULL",
                    )
                    .unwrap();
            }
        }
    }

    /// Lines in which a process said that it had met what it does not expect.
    pub fn panics(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.deployment.log).unwrap_or_default();
        let panics = log.lines().filter(|line| line.contains("panicked"));
        panics.map(str::to_owned).collect()
    }

    pub async fn stop(self) {
        let process = self.process.take().expect("it runs");
        tokio::task::block_in_place(|| process.stop());
        self.deployment.simulator.stop().await;
    }
}

pub fn new_consent() -> NewConsent {
    let all = ["read_accounts", "read_balances", "read_transactions"];
    NewConsent::new("kira-budget", "bank-contoh").permissions(&all)
}

/// How long anybody waits for something to come about that must.
pub const PATIENCE: Duration = Duration::from_secs(30);
