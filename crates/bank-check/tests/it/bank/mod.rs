//! A bank that keeps both contracts, and can be broken on purpose.

mod core;
pub mod data;
mod http;
mod paging;
mod requests;
mod sign_in;

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use izin_bank_check::{Documents, Options, Report, Target, Verdict};
use secrecy::SecretString;

pub use self::http::{Answer, Seen, Server};

pub const CORE: &str = include_str!("../../../../../generated/core_bank/openapi.json");
pub const SIGN_IN: &str = include_str!("../../../../../generated/sign_in/openapi.json");
pub const TOKEN: &str = "the-banks-token";
pub const PASSWORD: &str = "correct horse";
/// Base32 of the 20 bytes of RFC 6238's appendix.
pub const TOTP_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// What is not done as it should be, where changing an answer would not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quirk {
    AcceptsAnyCaller,
    AcceptsAnyToken,
    AnyCodeAnyTime,
    AnyCursor,
    AnySignInsChallenge,
    CursorWorksOnce,
    DaysInUtc,
    ForgetsKeys,
    ForgetsStarts,
    IgnoresHeaders,
    LockEndsWithTheRightPassword,
    NeverLocks,
    NoticesUnread,
    OneRowTooMany,
    OthersAccounts,
    TrimsPasswords,
}

type Tamper = dyn Fn(&Seen, &mut Answer) + Send + Sync;

/// The bank's memory and its faults.
pub struct Bank {
    pub quirks: HashSet<Quirk>,
    pub tamper: Box<Tamper>,
    /// Operations of the core bank that are offered.
    pub offered: Vec<&'static str>,
    pub sign_in_offered: Vec<&'static str>,
    pub features: Vec<&'static str>,
    /// After how many questions an approval is given; never, if absent.
    pub approves_after: Option<u32>,
    /// Seconds until an approval runs out.
    pub approval_lives: i64,
    pub rows: HashMap<&'static str, Vec<data::Row>>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    calls: HashMap<&'static str, u32>,
    cursors_used: HashSet<String>,
    notices: HashMap<String, (String, String)>,
    failures: HashMap<String, u32>,
    locked_until: HashMap<String, i64>,
    sign_ins: HashMap<String, sign_in::Opened>,
    starts: HashMap<String, (String, serde_json::Value)>,
    challenges: HashMap<String, sign_in::Challenge>,
    codes_used: HashSet<String>,
}

impl Bank {
    /// Nothing is wrong with it.
    pub fn right() -> Self {
        Self {
            quirks: HashSet::new(),
            tamper: Box::new(|_, _| ()),
            offered: vec![
                "getCustomer",
                "listAccounts",
                "getAccount",
                "getBalance",
                "listTransactions",
                "sendNotice",
            ],
            sign_in_offered: vec![
                "lookUpPhrase",
                "checkPassword",
                "checkSecondFactor",
                "startSecondFactor",
                "getSecondFactor",
            ],
            features: vec!["pending_transactions", "transfer_methods"],
            approves_after: Some(1),
            approval_lives: 60,
            rows: data::ACCOUNTS
                .iter()
                .map(|it| (it.reference, it.transactions()))
                .collect(),
            memory: Mutex::default(),
        }
    }

    pub fn with(quirk: Quirk) -> Self {
        let mut bank = Self::right();
        bank.quirks.insert(quirk);
        bank
    }

    /// The rows of the account that the kit looks at closely.
    pub fn savings(&mut self) -> &mut Vec<data::Row> {
        self.rows.get_mut("SA-1").unwrap()
    }

    /// Sees every answer before it leaves, and may change it.
    pub fn tampered(tamper: impl Fn(&Seen, &mut Answer) + Send + Sync + 'static) -> Self {
        Self {
            tamper: Box::new(tamper),
            ..Self::right()
        }
    }

    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }
}

/// What an operator gives who has all of it.
pub fn options() -> Options {
    Options {
        customer: Some("CIF-1".to_owned()),
        other_customer: Some("CIF-2".to_owned()),
        notices: true,
        ..Options::default()
    }
}

/// The same for the sign-in.
pub fn sign_in_options() -> Options {
    Options {
        interactive: true,
        username: Some("paynet".to_owned()),
        password: Some(SecretString::from(PASSWORD)),
        totp_secret: Some(SecretString::from(TOTP_SECRET)),
        ..Options::default()
    }
}

pub const DOCUMENTS: Documents<'static> = Documents {
    core_bank: CORE,
    sign_in: SIGN_IN,
};

/// Runs the kit against a bank's contract `core-bank`.
pub async fn check_core(bank: Bank, options: &Options) -> Report {
    let server = Server::start(bank).await;
    let target = Target {
        core_bank: Some(server.endpoint()),
        sign_in: None,
    };
    run(&target, options).await
}

/// Runs the kit against a bank's contract `sign-in`.
pub async fn check_sign_in(bank: Bank, options: &Options) -> Report {
    let server = Server::start(bank).await;
    let target = Target {
        core_bank: None,
        sign_in: Some(server.endpoint()),
    };
    run(&target, options).await
}

pub async fn run(target: &Target, options: &Options) -> Report {
    izin_bank_check::run(target, options, DOCUMENTS, |_| ())
        .await
        .unwrap()
}

/// Ids of the requirements with this verdict.
pub fn with_verdict(report: &Report, verdict: Verdict) -> Vec<&'static str> {
    let entries = report.entries.iter().filter(|it| it.verdict == verdict);
    entries.map(|it| it.id).collect()
}

/// Exactly these are not met.
#[track_caller]
pub fn assert_not_met(report: &Report, expected: &[&str]) {
    assert_eq!(with_verdict(report, Verdict::NotMet), expected, "{report}");
}
