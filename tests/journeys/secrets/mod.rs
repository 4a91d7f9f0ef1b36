//! What the process writes while everything happens to it that can: the whole journey, refused requests of every kind, failures of
//! the bank, of PayNet and of the database, with all logged that can be. Nothing secret and nothing of a customer is in it; and what
//! it answers to others tells nothing of its insides.

mod bank;
mod known;
mod leaks;
mod refused;
mod starts;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use izin::lab::{DemoBank, Handshake, ServedBank, SystemClock, registration};
use izin_simulator::{
    ConsentStatus, Customer, DataCall, Fault, HostileDocument, NewConsent, Operation, Page,
    Simulator, SimulatorOptions,
};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{
    Database, Process, eventually, on_both_databases, pki, serve_file, write_secret,
};
use bank::Calls;
use known::{CORE_TOKEN, DATABASE_PASSWORD, PERSONAL, WRONG_CODE, WRONG_PASSWORD};
use leaks::{Secrets, insides_in};

on_both_databases!(nothing_secret_is_written);

async fn nothing_secret_is_written(database: Database) {
    let mut stage = Stage::set(database).await;
    let shared = stage.announced().await;
    let mut customer = stage.signs_in(&shared).await;
    customer.selects_first().await.unwrap();
    stage.sees(&customer);
    customer.approves().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(result.attribute("data-outcome"), Some("approved"));
    stage.bank_was_told();
    stage.reads(&shared).await;
    stage.refuses(&shared).await;

    let declined = stage.announced().await;
    let mut customer = stage.signs_in(&declined).await;
    customer.selects_first().await.unwrap();
    customer.rejects().await.unwrap();
    stage.sees(&customer);
    customer.goes_back().await.unwrap();
    stage.is_told(&declined, ConsentStatus::Rejected).await;

    let revoked = stage.simulator.revoke_by_consumer(&shared).await.unwrap();
    assert!(revoked.accepted(), "{revoked:?}");
    assert_eq!(stage.asks(&shared).await, 403);
    stage.falters().await;
    stage.ends().await;
}

/// Everybody, and what must not be written of them.
struct Stage {
    simulator: Simulator,
    process: Process,
    /// Until it goes away.
    core: Option<ServedBank>,
    calls: Calls,
    folder: TempDir,
    database: Database,
    secrets: Secrets,
    /// To requests that failed, by what was wrong with them.
    answers: Vec<(String, String)>,
}

impl Stage {
    async fn set(mut database: Database) -> Self {
        database.url = database
            .url
            .replace("//postgres@", &format!("//postgres:{DATABASE_PASSWORD}@"));
        let (sign_in, calls) = bank::serve().await;
        let demo = Arc::new(DemoBank::new(Arc::new(SystemClock)).unwrap());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let token = Some(CORE_TOKEN.to_owned().into());
        let core = ServedBank::start(demo.clone(), demo, any, Handshake::Plain, token);
        let core = core.await.unwrap();
        let simulator = Simulator::start(SimulatorOptions::new(pki().clone()));
        let simulator = simulator.await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = serve_file(folder.path(), &database.url, &simulator, None);
        let mut text = std::fs::read_to_string(&config).unwrap();
        for (section, kind, address, token) in [
            ("bank", "kind", core.address, CORE_TOKEN),
            ("sign_in", "checked_by", sign_in, bank::TOKEN),
        ] {
            let file = folder.path().join(section);
            write_secret(&file, &format!("{token}\n"));
            let section = format!(
                "\n[{section}]\n{kind} = \"http\"\n[{section}.http]\nurl = \"http://{address}\"\ntoken_file = {}\n",
                json!(file)
            );
            text.push_str(&section);
        }
        std::fs::write(&config, text).unwrap();
        let process = Process::serve_logging(&config, &folder.path().join("log"));
        let url = format!("http://{}", process.public);
        let provider = registration(pki(), process.webhooks.port(), &url).unwrap();
        simulator.register_provider(provider).unwrap();
        Self {
            simulator,
            process,
            core: Some(core),
            calls,
            folder,
            database,
            secrets: known::beforehand(),
            answers: Vec::new(),
        }
    }

    async fn announced(&self) -> String {
        let new = NewConsent::new("kira-budget", "bank-contoh");
        self.simulator.create_consent(new).await.unwrap().consent_id
    }

    /// With a wrong password and a wrong code on the way.
    async fn signs_in(&mut self, consent: &str) -> Customer {
        let mut customer = Customer::new(pki()).unwrap();
        let link = self.simulator.authorize_url(consent).await.unwrap();
        let page = customer.opens(&link).await.unwrap().clone();
        let page = with(&page, "username", bank::USERNAME).await;
        assert!(page.text().contains(bank::PHRASE), "{}", page.summary());
        let page = page.action("continue").await.unwrap();
        let wrong = with(&page, "password", WRONG_PASSWORD).await;
        assert_eq!((wrong.status, wrong.screen()), (422, "password"));
        let page = with(&wrong, "password", bank::PASSWORD).await;
        assert_eq!(page.screen(), "otp", "{}", page.summary());
        let wrong = with(&page, "otp", WRONG_CODE).await;
        let code = bank::code(self.calls.sent());
        self.secrets.add("a one-time code", &code);
        let accounts = with(&wrong, "otp", &code).await;
        assert_eq!(accounts.screen(), "accounts", "{}", accounts.summary());
        customer.sees(accounts);
        customer
    }

    /// What the customer's browser was given so far.
    fn sees(&mut self, customer: &Customer) {
        let csrf = customer.page().unwrap().field("csrf").unwrap();
        self.secrets.add("a CSRF token", csrf);
        for hop in customer.hops() {
            if let Some(handle) = hop.url.path().strip_prefix("/authorize/") {
                self.secrets.add("a handle", handle);
            }
            for cookie in hop.headers.get_all("set-cookie") {
                let (_, value) = cookie.to_str().unwrap().split_once('=').unwrap();
                let id = value.split(';').next().unwrap();
                self.secrets.add("a session's cookie", id);
            }
        }
    }

    /// The bank's contract, as far as a journey shows it.
    fn bank_was_told(&self) {
        let start = self.calls.last("/second-factors").expect("a code was sent");
        let expected = json!({
            "sign_in_id": bank::SIGN_IN_ID, "method": "sent_code", "reason": "share_data",
            "dc_name": "kira-budget", "language": "en",
        });
        assert_eq!(start, expected);
        let check = self.calls.last("/second-factor-checks").unwrap();
        assert_eq!(check["challenge_id"], "challenge-over-http-1");
        assert!(self.calls.last("/capabilities").is_some(), "asked at start");
    }

    /// Every kind of data, and who the customer is.
    async fn reads(&mut self, consent: &str) {
        let snapshot = self.simulator.consent(consent).unwrap();
        let update = &snapshot.updates[0].body;
        let token = update["id_token"].as_str().expect("an id token");
        self.secrets.add("the id token", token);
        self.secrets.add_members(update, &PERSONAL);
        let account = self.account(consent);
        for call in [
            DataCall::account(consent, &account),
            DataCall::balances(consent, &account),
            DataCall::transactions(consent, &account).query("page_size", "50"),
        ] {
            let answer = self.simulator.data_call(call).await.unwrap();
            assert_eq!(answer.status(), 200, "{:?}", answer.problem);
            self.secrets.add_members(&answer.data(), &PERSONAL);
        }
        let person = self.simulator.userinfo(consent).await.unwrap();
        self.secrets.add_members(&person, &PERSONAL);
        assert_eq!(self.simulator.health("bank-contoh").await.unwrap(), 200);
    }

    fn account(&self, consent: &str) -> String {
        let accounts = self.simulator.consent(consent).unwrap().consent.accounts;
        accounts[0].account_id.clone()
    }

    /// A balance; the status that comes back.
    async fn asks(&mut self, consent: &str) -> u16 {
        let call = DataCall::balances(consent, self.account(consent));
        let answer = self.simulator.data_call(call).await.unwrap().answer;
        if answer.status != 200 {
            self.answers.push(("a balance".to_owned(), answer.text()));
        }
        answer.status
    }

    async fn is_told(&self, consent: &str, status: ConsentStatus) {
        let at_paynet = || self.simulator.consent(consent).unwrap().status();
        eventually(|| async { at_paynet() == status }, "PayNet is told").await;
    }

    fn page_is_refused(&mut self, what: &str, page: &Page, status: u16) {
        assert_eq!(page.status, status, "{what}: {}", page.summary());
        self.answers.push((what.to_owned(), page.html.clone()));
    }

    /// One after the other: PayNet, the bank, the database.
    async fn falters(&mut self) {
        let kept = self.announced().await;
        let mut customer = self.signs_in(&kept).await;
        for fault in [
            Fault::Document(HostileDocument::IdentityNumbers),
            Fault::Document(HostileDocument::Page),
            Fault::Status(401),
        ] {
            let new = NewConsent::new("kira-budget", "bank-contoh");
            let unheard_of = self.simulator.store_consent(new).consent_id;
            let link = self.simulator.authorize_url(&unheard_of).await.unwrap();
            self.simulator
                .order_faults(Operation::RetrieveConsent, [fault]);
            if fault == Fault::Status(401) {
                self.simulator
                    .order_faults(Operation::Token, [Fault::Status(500)]);
            }
            let page = customer.open(&link).await.unwrap();
            self.page_is_refused(&format!("PayNet: {fault:?}"), &page, 503);
        }
        customer.selects_first().await.unwrap();
        customer.approves().await.unwrap();
        self.is_told(&kept, ConsentStatus::Authorized).await;
        assert_eq!(self.asks(&kept).await, 200);

        write_secret(&self.folder.path().join("bank"), "another-token");
        assert_eq!(self.asks(&kept).await, 503);
        write_secret(&self.folder.path().join("bank"), CORE_TOKEN);
        self.core.take().unwrap().stop().await;
        assert_eq!(self.asks(&kept).await, 503);
        if self.database.url.starts_with("postgres") {
            self.database.drop().await;
            assert_eq!(self.asks(&kept).await, 503);
            let page = customer.page().unwrap().reload().await.unwrap();
            self.page_is_refused("no database", &page, 503);
        }
    }

    async fn ends(mut self) {
        for token in self.simulator.access_tokens() {
            self.secrets.add("an access token", token);
        }
        let said = self.process.stop();
        self.simulator.stop().await;
        for looked_for in [
            "an access token",
            "a handle",
            "a session's cookie",
            "amount",
            "account_number",
        ] {
            assert!(
                self.secrets.count(looked_for) > 0,
                "{looked_for} is not known"
            );
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        assert!(log.contains("the bank's sign-in answers"), "{log:.2000}");
        assert!(log.contains("request refused"), "{log:.2000}");
        assert!(!log.contains("panicked"), "a defect");
        let found = self.secrets.found_in(&(log + &said));
        assert!(found.is_empty(), "{}", found.join("\n"));
        for (what, answer) in &self.answers {
            assert_eq!(insides_in(answer), None, "{what}: {answer}");
            if !answer.starts_with('<') {
                assert_eq!(self.secrets.found_in(answer), [""; 0], "{what}");
            }
        }
    }
}

async fn with(page: &Page, field: &str, value: &str) -> Page {
    page.submit_with("continue", &[(field, value)])
        .await
        .unwrap()
}
