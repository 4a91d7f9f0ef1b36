//! What a data call brings: the envelope, the provider's signature, the consumer's encryption, and the documented object, with nothing
//! in any of them that is not documented.

use std::collections::HashSet;

use chrono::Utc;
use izin_jose::base64url;
use serde_json::{Value, json};

use super::{
    Bench, Check,
    bench::fresh_id,
    data_calls::opened,
    finding::{Finding, Outcome},
    refusal::interaction_id,
};
use crate::scenario::{DataAnswer, DataCall, DataTweak, Resource};

const OBJECTS: &str = "v1.2.2, Resource Objects";
const SEALING: &str = "v1.2.2, Message Signing and Message Encryption";

/// Names that must be there, and names that may.
struct Members {
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const ENVELOPE: Members = Members {
    required: &["status", "error_message", "data"],
    optional: &[],
};
const CLAIMS: Members = Members {
    required: &["iss", "aud", "iat", "nbf", "exp", "jti", "data"],
    optional: &[],
};
const PLAINTEXT: Members = Members {
    required: &["data"],
    optional: &[],
};
const PAGE: Members = Members {
    required: &["data", "meta"],
    optional: &[],
};
const AMOUNT: Members = Members {
    required: &["amount", "currency"],
    optional: &[],
};
const BALANCE_AMOUNT: Members = Members {
    required: &["credit_debit_indicator", "amount", "currency"],
    optional: &[],
};
const ACCOUNT: Members = Members {
    required: &[
        "account_id",
        "account_number",
        "account_name",
        "account_holder_name",
        "institution_name",
        "category",
        "type",
        "subtype",
    ],
    optional: &[
        "loan_details",
        "limit",
        "interest_rate",
        "minimum_payment_amount",
        "payment_due_date",
        "custom_data",
    ],
};
const BALANCE: Members = Members {
    required: &["account_id", "credit_lines_included", "current_balance"],
    optional: &[
        "available_balance",
        "statement_balance",
        "statement_date",
        "custom_data",
    ],
};
const TRANSACTION: Members = Members {
    required: &[
        "account_id",
        "transaction_id",
        "transaction_date",
        "credit_debit_indicator",
        "amount",
        "description",
        "is_settled",
    ],
    optional: &[
        "foreign_currency_amount",
        "transfer_method",
        "transfer_submethod",
        "recipient_reference",
        "other_payment_description",
        "merchant_name",
        "mcc",
        "custom_data",
    ],
};

pub(super) fn checks() -> Vec<Check> {
    vec![
        check!(
            "answer-account",
            "an account opens with exactly the documented members",
            OBJECTS,
            |bench| account(bench)
        ),
        check!(
            "answer-balance",
            "a balance opens with exactly the documented members",
            OBJECTS,
            |bench| balance(bench)
        ),
        check!(
            "answer-transactions",
            "transactions open with exactly the documented members",
            OBJECTS,
            |bench| transactions(bench)
        ),
        check!(
            "answer-signed",
            "the answer is signed for this Data Consumer, for a short time, once",
            SEALING,
            |bench| signed(bench)
        ),
        check!(
            "answer-encrypted",
            "the data is encrypted to the key that the call named",
            SEALING,
            |bench| encrypted(bench)
        ),
        check!(
            "answer-page-size",
            "a page holds no more than was asked for",
            "v1.2.2, Transactions",
            |bench| page_size(bench)
        ),
    ]
}

impl Members {
    fn check<'v>(
        &self,
        value: &'v Value,
        what: &str,
    ) -> Outcome<&'v serde_json::Map<String, Value>> {
        let members = value.as_object();
        let members =
            members.ok_or_else(|| Finding::Wrong(format!("{what} is no object: {value}")))?;
        for name in self.required {
            ensure!(members.contains_key(*name), "{what} lacks {name}: {value}");
        }
        for (name, value) in members {
            let known =
                self.required.contains(&name.as_str()) || self.optional.contains(&name.as_str());
            ensure!(known, "{what} has the undocumented member {name}");
            let nullable = name == "next_page_params";
            ensure!(nullable || !value.is_null(), "{what}: {name} is null");
        }
        Ok(members)
    }
}

async fn served(bench: &Bench<'_>, resource: Resource) -> Outcome<DataAnswer> {
    let shared = bench.shared().await?;
    let id = fresh_id();
    let call = DataCall::new(resource, &shared.consent_id, &shared.account_id)
        .with(DataTweak::InteractionId(Some(id.clone())));
    let answer = bench.simulator.data_call(call).await?;
    opened(&answer)?;
    interaction_id(&answer.answer, Some(&id))?;
    let envelope = answer.answer.json();
    ENVELOPE.check(&envelope, "the envelope")?;
    ensure!(
        envelope["error_message"] == "",
        "error_message says {}",
        envelope["error_message"]
    );
    let media_type = answer.answer.header("content-type").unwrap_or_default();
    ensure!(
        media_type.starts_with("application/json"),
        "the envelope is {media_type:?}"
    );
    let caching = answer.answer.header("cache-control").unwrap_or_default();
    ensure!(caching.contains("no-store"), "cache-control is {caching:?}");
    Ok(answer)
}

fn plaintext(answer: &DataAnswer) -> Value {
    answer.plaintext.clone().unwrap_or_default()
}

async fn account(bench: &Bench<'_>) -> Outcome {
    let all = plaintext(&served(bench, Resource::Account).await?);
    PLAINTEXT.check(&all, "the plaintext")?;
    ACCOUNT.check(&all["data"], "the account")?;
    same_account(bench, &all["data"]).await?;
    for name in ["limit", "minimum_payment_amount"] {
        optional_amount(&all["data"], name)?;
    }
    Ok(())
}

async fn balance(bench: &Bench<'_>) -> Outcome {
    let all = plaintext(&served(bench, Resource::Balances).await?);
    PLAINTEXT.check(&all, "the plaintext")?;
    let balance = &all["data"];
    BALANCE.check(balance, "the balance")?;
    same_account(bench, balance).await?;
    for name in ["current_balance", "available_balance", "statement_balance"] {
        if let Some(amount) = balance.get(name) {
            BALANCE_AMOUNT.check(amount, name)?;
            is_money(amount, name)?;
        }
    }
    Ok(())
}

async fn transactions(bench: &Bench<'_>) -> Outcome {
    let all = plaintext(&served(bench, Resource::Transactions).await?);
    PAGE.check(&all, "the page")?;
    ensure!(all["meta"].is_object(), "meta is {}", all["meta"]);
    let list = all["data"].as_array();
    let list = list.ok_or_else(|| Finding::Wrong(format!("data is no list: {}", all["data"])))?;
    let mut ids = HashSet::new();
    for one in list {
        TRANSACTION.check(one, "a transaction")?;
        same_account(bench, one).await?;
        AMOUNT.check(&one["amount"], "the amount")?;
        is_money(&one["amount"], "the amount")?;
        optional_amount(one, "foreign_currency_amount")?;
        let date = one["transaction_date"].as_str().unwrap_or_default();
        let readable = chrono::DateTime::parse_from_rfc3339(date).is_ok();
        ensure!(
            readable && date.ends_with("+08:00"),
            "transaction_date is {date:?}, not Malaysian time"
        );
        let id = one["transaction_id"].as_str().unwrap_or_default();
        ensure!(
            ids.insert(id.to_owned()),
            "the transaction_id {id:?} is there twice"
        );
    }
    Ok(())
}

async fn page_size(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let call =
        DataCall::transactions(&shared.consent_id, &shared.account_id).query("page_size", "10");
    let answer = bench.simulator.data_call(call).await?;
    opened(&answer)?;
    let count = answer.data().as_array().map_or(0, Vec::len);
    ensure!(count <= 10, "asked for 10 and got {count}");
    Ok(())
}

async fn signed(bench: &Bench<'_>) -> Outcome {
    let first = served(bench, Resource::Balances)
        .await?
        .claims
        .unwrap_or_default();
    let second = served(bench, Resource::Balances)
        .await?
        .claims
        .unwrap_or_default();
    CLAIMS.check(&first, "the signature")?;
    ensure!(
        first["jti"] != second["jti"],
        "two answers have the same jti"
    );
    ensure!(
        first["iss"] == bench.dp_id.as_str(),
        "iss is {}",
        first["iss"]
    );
    let consumer = &bench.consumer()?.dc_id;
    ensure!(
        first["aud"] == json!(["Paynet OFP", consumer]),
        "aud is {}",
        first["aud"]
    );
    let time = |name: &str| {
        let time = first[name].as_i64();
        time.ok_or_else(|| Finding::Wrong(format!("{name} is {} and no whole number", first[name])))
    };
    let (iat, nbf, exp, now) = (
        time("iat")?,
        time("nbf")?,
        time("exp")?,
        Utc::now().timestamp(),
    );
    ensure!(
        (now - iat).abs() <= 300 && nbf <= now + 10,
        "iat {iat} and nbf {nbf} at {now}"
    );
    ensure!(
        exp > now && exp - iat <= 3600,
        "exp {exp} at {now}, signed at {iat}"
    );
    Ok(())
}

async fn encrypted(bench: &Bench<'_>) -> Outcome {
    let answer = served(bench, Resource::Balances).await?;
    let claims = answer.claims.unwrap_or_default();
    let sealed = claims["data"].as_str().unwrap_or_default();
    ensure!(sealed.split('.').count() == 5, "data is no compact JWE");
    let header = sealed.split('.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&base64url::decode(header)?)?;
    let kid = bench.key_id(&bench.consumer()?.key("encryption"))?;
    let expected = json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": kid, "cty": "JWT" });
    let expected = expected.as_object().into_iter().flatten();
    for (name, value) in expected {
        ensure!(
            header.get(name) == Some(value),
            "{name} of the JWE must be {value}: {header}"
        );
    }
    Ok(())
}

async fn same_account(bench: &Bench<'_>, value: &Value) -> Outcome {
    let shared = bench.shared().await?;
    ensure!(
        value["account_id"] == shared.account_id.as_str(),
        "not the account that was asked for: {}",
        value["account_id"]
    );
    Ok(())
}

fn optional_amount(value: &Value, name: &str) -> Outcome {
    let Some(amount) = value.get(name) else {
        return Ok(());
    };
    AMOUNT.check(amount, name)?;
    is_money(amount, name)
}

/// Digits, a point, two digits; never a number, never a sign.
fn is_money(value: &Value, what: &str) -> Outcome {
    let text = value["amount"].as_str().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let money = text.split_once('.').is_some_and(|(whole, cents)| {
        digits(whole) && whole.len() <= 13 && digits(cents) && cents.len() == 2
    });
    let currency = value["currency"].as_str().unwrap_or_default();
    let known = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    ensure!(money && known, "{what} is no amount: {value}");
    Ok(())
}
