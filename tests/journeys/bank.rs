//! The bank behind its contract: over HTTP, and linked in. Whatever it answers, PayNet gets right data or a clear refusal.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use izin::Institution;
use izin::core_bank::types::{
    Account, AccountList, Balance, Capabilities, Customer, SignedMoney, TransactionPage,
};
use izin::core_bank::{
    BankError, CoreBank, GetAccountParams, GetBalanceParams, GetCapabilitiesParams,
    GetCustomerParams, ListAccountsParams, ListTransactionsParams,
};
use izin::lab::{DemoBank, DynCoreBank, Handshake, ServedBank, SystemClock, tls_from_files};
use izin_simulator::DataCall;
use serde_json::{Value, json};

use crate::harness::{
    ConsentStory, Database, Meddler, Meddling, TOTP_SECRET, TestApp, on_both_databases, pki,
    write_secret,
};

on_both_databases!(over_mutual_tls);

const EVERYTHING: [&str; 3] = ["read_accounts", "read_balances", "read_transactions"];
const TOKEN: &str = "a-token-that-both-sides-know";

/// The whole journey (steps 1 to 11a) with the bank at the other end of a wire, known by certificate and token.
async fn over_mutual_tls(database: Database) {
    let keys = pki();
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    write_secret(&token_file, &format!("{TOKEN}\n"));
    let (certificate, key) = (
        keys.certificate_file("dp-server"),
        keys.key_file("dp-server"),
    );
    let ca = keys.certificate_file("ca");
    let tls = tls_from_files(&certificate, &key, Some(&ca)).unwrap();
    let bank = served(demo(), tls, Some(TOKEN)).await;
    let settings = format!(
        "[bank]\nkind = \"http\"\n[bank.http]\nurl = \"https://localhost:{}\"\nserver_ca = {}\n\
         client_certificate = {}\nclient_private_key = {}\ntoken_file = {}\n",
        bank.address.port(),
        json!(ca),
        json!(keys.certificate_file("dp-client")),
        json!(keys.key_file("dp-client")),
        json!(token_file),
    );
    let app = TestApp::start_with(database, &settings).await;
    let consent = app.approved_consent(&EVERYTHING).await;
    assert_eq!(
        consent.balance().await.data()["current_balance"]["amount"],
        "5123.45"
    );
    let call = DataCall::account(&consent.id, consent.account());
    let account = app.simulator.data_call(call).await.unwrap();
    assert_eq!(
        account.data()["account_holder_name"],
        "Nurul Iman binti Rahman"
    );
    let call = DataCall::transactions(&consent.id, consent.account()).query("page_size", "10");
    let page = app.simulator.data_call(call).await.unwrap();
    assert_eq!(page.data().as_array().map(Vec::len), Some(10));

    // A new token needs no restart, and a wrong one is no data.
    write_secret(&token_file, "another");
    assert_eq!(
        refusal(&consent).await,
        (503, "temporarily_unavailable".into())
    );
    write_secret(&token_file, TOKEN);
    assert_eq!(consent.balance().await.status(), 200);
    bank.stop().await;
    assert_eq!(
        refusal(&consent).await,
        (503, "temporarily_unavailable".into())
    );
    app.stop().await;
}

/// Each of the bank's errors has one meaning for PayNet, over the wire as in the same process.
#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_meaning() {
    const BLOCKED: &str = "Consent.AccountTemporarilyBlocked";
    const PERMANENT: &str = "Consent.PermanentAccountAccessFailure";
    const TRANSIENT: &str = "Consent.TransientAccountAccessFailure";
    const DOWN: &str = "temporarily_unavailable";
    let meanings = [
        (BankError::AccountBlocked, 403, BLOCKED),
        (BankError::AccountGone, 403, PERMANENT),
        (BankError::CustomerUnknown, 403, PERMANENT),
        (BankError::AccountUnavailable, 403, TRANSIENT),
        (BankError::Unsupported("getBalance".into()), 403, TRANSIENT),
        (BankError::Refused("not you".into()), 503, DOWN),
        (BankError::InvalidRequest("what".into()), 503, DOWN),
        (BankError::IdempotencyConflict, 503, DOWN),
        (BankError::unavailable("night run"), 503, DOWN),
    ];
    let scripted = Arc::new(Scripted::new());
    let bank = served(scripted.clone(), Handshake::Plain, None).await;
    let over_http = TestApp::start_with(Database::sqlite(), &at(bank.address)).await;
    let linked = linked(scripted.clone()).await;
    for app in [&over_http, &linked] {
        let consent = app.approved_consent(&EVERYTHING).await;
        for (error, status, code) in &meanings {
            scripted.next(Script::Fails(error.clone()));
            assert_eq!(
                refusal(&consent).await,
                (*status, (*code).into()),
                "{error:?}"
            );
        }
        scripted.next(Script::Fails(BankError::Unavailable {
            reason: "night run".into(),
            retry_after: Some(77),
        }));
        let answer = consent.balance().await.answer;
        assert_eq!(answer.header("retry-after"), Some("77"));
        assert_eq!(
            consent.balance().await.status(),
            200,
            "and the next call has data"
        );
    }
    over_http.stop().await;
    linked.stop().await;
    bank.stop().await;
}

/// What is not as documented never reaches a consumer, whether a reader or nobody stood between.
#[tokio::test(flavor = "multi_thread")]
async fn a_linked_bank_is_held_to_the_contract() {
    let scripted = Arc::new(Scripted::new());
    let app = linked(scripted.clone()).await;
    let consent = app.approved_consent(&EVERYTHING).await;
    let wrong: [fn(&mut Balance); 2] = [
        |balance| (balance.available, balance.credit_lines_included) = (None, true),
        |balance| {
            let long = [("card".to_owned(), "x".repeat(301))];
            balance.custom_data = Some(long.into());
        },
    ];
    for change in wrong {
        scripted.next(Script::Changes(change));
        assert_eq!(
            refusal(&consent).await,
            (503, "temporarily_unavailable".into())
        );
    }
    // Nothing owed is nobody's debt.
    scripted.next(Script::Changes(|balance| {
        balance.current = SignedMoney {
            amount: "0.00".to_owned().try_into().unwrap(),
            credit_debit_indicator: izin::core_bank::types::CreditDebitIndicator::Debit,
            ..balance.current.clone()
        };
    }));
    let zero = consent.balance().await.data();
    assert_eq!(zero["current_balance"]["credit_debit_indicator"], "credit");
    app.stop().await;
}

/// A bank may make its pages shorter than asked for; the consumer gets as many as there are, each once.
#[tokio::test(flavor = "multi_thread")]
async fn short_pages_are_joined() {
    let app = linked(Arc::new(Scripted::new())).await;
    let consent = app.approved_consent(&EVERYTHING).await;
    for wanted in [10, 11, 45, 500] {
        let call = DataCall::transactions(&consent.id, consent.account());
        let call = call.query("page_size", wanted.to_string());
        let data = app.simulator.data_call(call).await.unwrap().data();
        let ids: std::collections::HashSet<_> = data
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["transaction_id"].to_string())
            .collect();
        assert_eq!(ids.len(), data.as_array().unwrap().len(), "each once");
        match wanted {
            500 => assert!(ids.len() > 150, "a year of them: {}", ids.len()),
            _ => assert_eq!(ids.len(), wanted),
        }
    }
    app.stop().await;
}

/// A lost answer is asked for again; everything else that goes wrong on the way is an outage, and never the end of a consent.
#[tokio::test(flavor = "multi_thread")]
async fn the_wire_may_do_anything() {
    let bank = served(demo(), Handshake::Plain, None).await;
    let meddler = Meddler::before(bank.address, "/balance").await;
    let settings = format!("{}[limits]\nbank_timeout = 1500\n", at(meddler.address));
    let app = TestApp::start_with(Database::sqlite(), &settings).await;
    let consent = app.approved_consent(&EVERYTHING).await;
    let down = (503, "temporarily_unavailable".to_owned());

    for lost in [Meddling::Hangs, Meddling::Cuts] {
        meddler.orders([lost.clone()]);
        assert_eq!(consent.balance().await.status(), 200, "{lost:?}");
        assert_eq!(meddler.seen(), 2, "{lost:?}: asked once more");
    }
    meddler.orders([Meddling::Hangs, Meddling::Hangs, Meddling::Hangs]);
    assert_eq!(refusal(&consent).await, down);
    assert_eq!(meddler.seen(), 3, "three attempts are enough");

    let balance = |amount: &str| {
        let money =
            json!({ "credit_debit_indicator": "credit", "amount": amount, "currency": "MYR" });
        json!({ "as_of": chrono::Utc::now().to_rfc3339(), "current": money, "credit_lines_included": false }).to_string()
    };
    let endless = format!("\"{}\"", "x".repeat(5 * 1024 * 1024));
    for (what, answer) in [
        ("a wrong base address", http("404 Not Found", "text/html", "<h1>Not Found</h1>")),
        ("a code with another's status", http("200 OK", "application/json", r#"{"error":"account_gone"}"#)),
        ("a code in no JSON", http("404 Not Found", "text/plain", r#"{"error":"account_gone"}"#)),
        ("an unknown code", http("404 Not Found", "application/json", r#"{"error":"gone"}"#)),
        ("a redirect", "HTTP/1.1 302 Found\r\nlocation: https://elsewhere.example/\r\ncontent-length: 0\r\n\r\n".into()),
        ("a negative amount", http("200 OK", "application/json", &balance("-5.00"))),
        ("one place", http("200 OK", "application/json", &balance("5.0"))),
        ("a number", http("200 OK", "application/json", &balance("5.00").replace("\"5.00\"", "5.00"))),
        ("last night's", http("200 OK", "application/json", &balance("5.00").replace("202", "201"))),
        ("a number for a word", http("200 OK", "application/json", &balance("5.00").replace("\"MYR\"", "458"))),
        ("dollars", http("200 OK", "application/json", &balance("5.00").replace("MYR", "USD"))),
        ("half a document", http("200 OK", "application/json", "{\"as_of\":")),
        ("nothing", http("204 No Content", "application/json", "")),
        ("an answer without end", http("200 OK", "application/json", &endless)),
        ("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n".into()),
    ] {
        // Three times, as some of these count as lost.
        meddler.orders([(); 3].map(|()| Meddling::Answers(answer.clone())));
        assert_eq!(refusal(&consent).await, down, "{what}");
        meddler.forgets();
        meddler.seen();
    }
    meddler.orders([Meddling::Answers(http(
        "200 OK",
        "application/json",
        &balance("5.00"),
    ))]);
    assert_eq!(
        consent.balance().await.status(),
        200,
        "the right form is read"
    );
    meddler.seen();

    meddler.orders([Meddling::Sleeps]);
    assert_eq!(refusal(&consent).await, down);
    assert_eq!(meddler.seen(), 1, "a slow bank is not asked twice");
    assert_eq!(consent.balance().await.status(), 200);
    app.stop().await;
    bank.stop().await;
}

/// The bank is down while the customer chooses: a page that says so, and the consent stays open.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_down_loses_nobody() {
    let bank = served(demo(), Handshake::Plain, None).await;
    let meddler = Meddler::before(bank.address, "/accounts").await;
    let app = TestApp::start_with(Database::sqlite(), &at(meddler.address)).await;
    let consent = app.consent(&EVERYTHING).await;
    let mut customer = app.customer();
    customer.opens(&consent.link().await).await.unwrap();
    let page = http("502 Bad Gateway", "text/html", "<h1>Bad gateway</h1>");
    meddler.orders([Meddling::Answers(page)]);
    let shown = customer
        .signs_in("paynet", "paynet", TOTP_SECRET)
        .await
        .unwrap();
    assert_eq!(shown.screen(), "error", "{}", shown.summary());
    let journey = format!("{}/consent", app.service.public_url);
    let again = customer.opens(&journey).await.unwrap();
    assert_eq!(again.screen(), "accounts", "{}", again.summary());
    customer.selects_first().await.unwrap();
    customer.approves().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(result.attribute("data-outcome"), Some("approved"));

    // Whoever has had enough may leave at any time.
    let consent = app.consent(&EVERYTHING).await;
    let mut customer = app.customer();
    customer.opens(&consent.link().await).await.unwrap();
    customer
        .signs_in("kavitha", "kavitha", TOTP_SECRET)
        .await
        .unwrap();
    bank.stop().await;
    customer.cancels().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(
        result.attribute("data-outcome"),
        Some("rejected"),
        "{}",
        result.summary()
    );
    app.stop().await;
}

fn http(status: &str, media: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn at(address: SocketAddr) -> String {
    format!("[bank]\nkind = \"http\"\n[bank.http]\nurl = \"http://{address}\"\n")
}

fn demo() -> Arc<DemoBank> {
    Arc::new(DemoBank::new(Arc::new(SystemClock)).unwrap())
}

async fn served(
    bank: Arc<dyn DynCoreBank>,
    handshake: Handshake,
    token: Option<&str>,
) -> ServedBank {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let token = token.map(|token| token.to_owned().into());
    ServedBank::start(bank, demo(), any, handshake, token)
        .await
        .unwrap()
}

/// An Izin with this bank in its own process.
async fn linked(bank: Arc<dyn DynCoreBank>) -> TestApp {
    let connect = move |_| async move { Ok::<_, Infallible>(bank) };
    let institution = Institution::default().core_bank(connect);
    let settings = "[bank]\nkind = \"linked\"\n";
    TestApp::start_linked(Database::sqlite(), settings, institution).await
}

/// Status and code of a balance that is not given.
async fn refusal(consent: &ConsentStory<'_>) -> (u16, String) {
    let (status, code) = consent.balance().await.answer.refusal();
    (status, code.unwrap_or_default())
}

/// What becomes of the next balance.
enum Script {
    Fails(BankError),
    Changes(fn(&mut Balance)),
}

/// The demo bank with a script.
struct Scripted {
    demo: Arc<DemoBank>,
    next: Mutex<Option<Script>>,
}

impl Scripted {
    fn new() -> Self {
        Self {
            demo: demo(),
            next: Mutex::default(),
        }
    }

    fn next(&self, script: Script) {
        *self.next.lock().unwrap() = Some(script);
    }
}

impl CoreBank for Scripted {
    async fn get_capabilities(
        &self,
        params: GetCapabilitiesParams,
    ) -> Result<Capabilities, BankError> {
        CoreBank::get_capabilities(&*self.demo, params).await
    }

    async fn get_customer(&self, params: GetCustomerParams) -> Result<Customer, BankError> {
        CoreBank::get_customer(&*self.demo, params).await
    }

    async fn list_accounts(&self, params: ListAccountsParams) -> Result<AccountList, BankError> {
        CoreBank::list_accounts(&*self.demo, params).await
    }

    async fn get_account(&self, params: GetAccountParams) -> Result<Account, BankError> {
        CoreBank::get_account(&*self.demo, params).await
    }

    async fn get_balance(&self, params: GetBalanceParams) -> Result<Balance, BankError> {
        let script = self.next.lock().unwrap().take();
        let mut balance = CoreBank::get_balance(&*self.demo, params).await?;
        match script {
            None => {}
            Some(Script::Fails(error)) => return Err(error),
            Some(Script::Changes(change)) => change(&mut balance),
        }
        Ok(balance)
    }

    /// Never more than ten on a page.
    async fn list_transactions(
        &self,
        mut params: ListTransactionsParams,
    ) -> Result<TransactionPage, BankError> {
        params.page_size = params.page_size.min(10);
        CoreBank::list_transactions(&*self.demo, params).await
    }
}

/// `izin bank check`: what it prints, and its exit codes.
#[tokio::test(flavor = "multi_thread")]
async fn the_kit_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    write_secret(&token, TOKEN);
    let bank = served(demo(), Handshake::Plain, Some(TOKEN)).await;
    let url = format!("http://{}", bank.address);
    let with_token = ["--token-file", token.to_str().unwrap()];
    let asked = ["--url", &url, "--customer", "CIF-1001"];

    let (code, told) = kit(&[&asked[..], &with_token, &["--notices", "--json"]].concat()).await;
    assert_eq!(code, Some(0), "{told}");
    let report: Value = serde_json::from_str(&told).unwrap();
    let entries = report["entries"].as_array().unwrap();
    let verdict = |id: &str| {
        let entry = entries.iter().find(|entry| entry["id"] == id).unwrap();
        entry["verdict"].as_str().unwrap()
    };
    assert_eq!((verdict("CB-03"), verdict("CB-32")), ("met", "met"));
    assert_eq!(verdict("CB-18"), "not_tested", "it needs another customer");

    let (code, told) = kit(&asked).await;
    assert_eq!(code, Some(1), "without the token: {told}");
    bank.stop().await;
    let (code, told) = kit(&[&asked[..], &with_token].concat()).await;
    assert_eq!(code, Some(1), "nobody is there: {told}");
    assert!(told.contains("no connection"), "{told}");
    assert_eq!(
        kit(&["--url", &url]).await.0,
        Some(2),
        "whom to ask about is not said"
    );
}

async fn kit(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_izin"));
    command.args(["bank", "check"]).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}
