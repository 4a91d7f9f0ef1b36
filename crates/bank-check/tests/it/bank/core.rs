//! The contract `core-bank`.

use chrono::Utc;
use serde_json::{Value, json};

use super::data::{ACCOUNTS, Account};
use super::requests::{invalid, is_id, is_name, json_body, need, text};
use super::{Answer, Bank, Quirk, Seen};

const KINDS: [&str; 6] = [
    "sharing_expired",
    "sharing_failed",
    "sharing_resumed",
    "sharing_started",
    "sharing_stopped",
    "sharing_suspended",
];

pub fn operation(seen: &Seen) -> &'static str {
    let segments: Vec<_> = seen.segments.iter().map(String::as_str).collect();
    match (seen.method.as_str(), &segments[..]) {
        ("GET", ["capabilities"]) => "getCapabilities",
        ("GET", ["customers", _]) => "getCustomer",
        ("GET", ["customers", _, "accounts"]) => "listAccounts",
        ("GET", ["customers", _, "accounts", _]) => "getAccount",
        ("GET", ["customers", _, "accounts", _, "balance"]) => "getBalance",
        ("GET", ["customers", _, "accounts", _, "transactions"]) => "listTransactions",
        ("POST", ["customers", _, "notices"]) => "sendNotice",
        _ => "",
    }
}

impl Bank {
    pub fn core(&self, seen: &Seen) -> Result<Answer, Answer> {
        self.need_uuid(seen, "x-request-id")?;
        let optional = ["getBalance", "listTransactions", "sendNotice"];
        if optional.contains(&seen.operation) && !self.offered.contains(&seen.operation) {
            return Err(Answer::error(501, "unsupported"));
        }
        match seen.operation {
            "getCapabilities" => Ok(Answer::ok(json!({
                "contract_version": "1.0",
                "implementation": "bank of the kit's tests",
                "operations": self.offered,
                "features": self.features,
                "history_months": 12,
            }))),
            "getCustomer" => customer(seen).map(|id| Answer::ok(identity(id))),
            "listAccounts" => {
                let id = customer(seen)?;
                let own = ACCOUNTS.iter().filter(|it| it.customer == id);
                let list: Vec<_> = own.map(Account::summary).collect();
                Ok(Answer::ok(json!({"accounts": list})))
            }
            "getAccount" => Ok(Answer::ok(self.account(seen)?.detail())),
            "getBalance" => balance(self.account(seen)?),
            "listTransactions" => {
                let account = self.account(seen)?;
                self.page(seen, account)
            }
            "sendNotice" => self.notice(seen),
            _ => Err(Answer::error(404, "customer_unknown")),
        }
    }

    /// An account that may be shared, to a caller that says on whose behalf.
    fn account(&self, seen: &Seen) -> Result<&'static Account, Answer> {
        self.need_header(seen, "x-consent-id", |it| is_name(it, 36))?;
        self.need_header(seen, "x-dc-id", |it| is_name(it, 36))?;
        self.need_header(seen, "x-purpose", |it| {
            matches!(it, "pfm" | "credit_underwriting")
        })?;
        let customer = customer(seen)?;
        need(is_id(seen.segment(3), 1, 128))?;
        let found = ACCOUNTS.iter().find(|it| it.reference == seen.segment(3));
        let own = found.filter(|it| it.customer == customer || self.has(Quirk::OthersAccounts));
        let account = own.ok_or_else(|| Answer::error(404, "account_gone"))?;
        match account.eligibility {
            "eligible" => Ok(account),
            "joint" => Err(Answer::error(404, "account_gone")),
            _ => Err(Answer::error(409, "account_blocked")),
        }
    }

    fn notice(&self, seen: &Seen) -> Result<Answer, Answer> {
        self.need_uuid(seen, "idempotency-key")?;
        customer(seen)?;
        let body = if self.has(Quirk::NoticesUnread) {
            seen.json().unwrap_or_default()
        } else {
            read_notice(seen)?
        };
        let key = seen
            .header("idempotency-key")
            .unwrap_or_default()
            .to_owned();
        let body = body.to_string();
        let mut memory = self.memory();
        let known = memory
            .notices
            .get(&key)
            .filter(|_| !self.has(Quirk::ForgetsKeys))
            .cloned();
        let reference = match known {
            Some((known, _)) if known != body => {
                return Err(Answer::error(409, "idempotency_conflict"));
            }
            Some((_, reference)) => reference,
            None => {
                let reference = format!("NTF-{}", uuid::Uuid::new_v4());
                memory.notices.insert(key, (body, reference.clone()));
                reference
            }
        };
        Ok(Answer::with(202, json!({"reference": reference})))
    }
}

fn customer(seen: &Seen) -> Result<&'static str, Answer> {
    let id = seen.segment(1);
    need(is_id(id, 1, 128))?;
    let known = ["CIF-1", "CIF-2"].into_iter().find(|known| *known == id);
    known.ok_or_else(|| Answer::error(404, "customer_unknown"))
}

fn identity(id: &str) -> Value {
    json!({
        "sub": id,
        "name": "Nurul Iman binti Rahman",
        "email": "nurul@example.my",
        "email_verified": true,
        "id_type": "nric",
        "id_number": "900101-14-5566",
        "hashed_id_number": "bQO5aX4Kzu8L04yu/69ZP7992WFK5C7NMBth6S+SWVA=",
    })
}

fn balance(account: &Account) -> Result<Answer, Answer> {
    if account.kind == "pension" {
        return Err(Answer::error(501, "unsupported"));
    }
    let money = |amount: &str| json!({"credit_debit_indicator": "credit", "amount": amount, "currency": "MYR"});
    Ok(Answer::ok(json!({
        "as_of": Utc::now().to_rfc3339(),
        "current": money("5123.45"),
        "available": money("0.00"),
        "credit_lines_included": false,
        "statement": {"balance": money("1180.40"), "date": "2025-12-28"},
    })))
}

fn read_notice(seen: &Seen) -> Result<Value, Answer> {
    let body = json_body(seen, "core-bank")?;
    text(&body, "kind", |kind| KINDS.contains(&kind))?;
    text(&body, "caused_by", |_| true)?;
    text(&body, "occurred_at", |_| true)?;
    for list in ["data_categories", "account_references"] {
        let filled = body[list].as_array().is_some_and(|all| !all.is_empty());
        if !filled {
            return Err(invalid());
        }
    }
    Ok(body)
}
