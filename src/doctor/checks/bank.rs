//! The bank's systems: the first question of each contract, which concerns no customer.

use std::sync::Arc;
use std::time::Duration;

use super::OFFLINE;
use crate::bank::http::BankSetupError;
use crate::bank::{self, Bank, BankError, Implementation};
use crate::config::{BankEndpoint, BankKind};
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};
use crate::doctor::inventory::Inventory;
use crate::generated::sign_in::types::SecondFactorMethod;
use crate::http::{HttpClient, client_config};
use crate::sign_in::Checks;

const BANK: Check = Check::new(Theme::Bank, "bank", "accounts (bank)");
const SIGN_IN: Check = Check::new(Theme::Bank, "sign-in", "sign-in (sign_in)");

pub async fn bank(subject: &Subject, inventory: &Inventory) -> Vec<Finding> {
    vec![
        accounts(subject, inventory).await,
        sign_in(subject, inventory).await,
    ]
}

async fn accounts(subject: &Subject, inventory: &Inventory) -> Finding {
    let config = &subject.config;
    if let Some(settled) = not_over_http(BANK, config.bank.kind, subject) {
        return settled;
    }
    let endpoint = &config.bank.http;
    let client = match client("bank.http", endpoint, inventory) {
        Ok(client) => client,
        Err(why) => return BANK.skipped(why),
    };
    let core = match bank::http::core_bank(endpoint, client) {
        Ok(core) => Arc::new(core),
        Err(problem) => return not_set_up(BANK, &problem),
    };
    let budget = Duration::from_millis(config.limits.bank_timeout);
    let core = Bank::new(
        core,
        subject.clock.clone(),
        Implementation::OverHttp,
        budget,
    );
    match core.capabilities().await {
        Ok(found) => BANK.ok(answers(
            found.implementation.as_deref(),
            &found.contract_version,
            found.operations.len(),
        )),
        Err(problem) => BANK.failed(problem.to_string(), advice("bank.http", endpoint, &problem)),
    }
}

async fn sign_in(subject: &Subject, inventory: &Inventory) -> Finding {
    let config = &subject.config;
    if let Some(settled) = not_over_http(SIGN_IN, config.sign_in_checked_by(), subject) {
        return settled;
    }
    let endpoint = &config.sign_in.http;
    let client = match client("sign_in.http", endpoint, inventory) {
        Ok(client) => client,
        Err(why) => return SIGN_IN.skipped(why),
    };
    let checks = match bank::http::sign_in(endpoint, client) {
        Ok(checks) => Arc::new(checks),
        Err(problem) => return not_set_up(SIGN_IN, &problem),
    };
    let budget = Duration::from_millis(config.limits.bank_timeout);
    let checks = Checks::new(
        checks,
        subject.clock.clone(),
        Implementation::OverHttp,
        budget,
    );
    match checks.capabilities().await {
        Ok(found) if found.methods == [SecondFactorMethod::Approval] => SIGN_IN.failed(
            "approval is its only second factor, which our pages do not offer: nobody can sign in",
            "Let the bank offer sent_code or totp as well.",
        ),
        Ok(found) => SIGN_IN.ok(answers(
            found.implementation.as_deref(),
            &found.contract_version,
            found.operations.len(),
        )),
        Err(problem) => SIGN_IN.failed(
            problem.to_string(),
            advice("sign_in.http", endpoint, &problem),
        ),
    }
}

/// What there is to say of an implementation that is not asked over HTTP.
fn not_over_http(check: Check, kind: BankKind, subject: &Subject) -> Option<Finding> {
    match kind {
        BankKind::Demo => Some(check.ok("the built-in demo bank")),
        BankKind::Linked => Some(check.skipped(
            "the bank's own code in this binary; izin serve connects it at its start and says so in the log",
        )),
        BankKind::Http => subject.offline.then(|| check.skipped(OFFLINE)),
    }
}

fn not_set_up(check: Check, problem: &BankSetupError) -> Finding {
    match problem {
        // Has been said of the settings.
        BankSetupError::Missing(_) => check.skipped(problem.to_string()),
        BankSetupError::Token { section, .. } => check.failed(
            problem.to_string(),
            format!(
                "Put the bank's token into the file that {section}.token_file names, closed to others (chmod 600)."
            ),
        ),
    }
}

fn answers(implementation: Option<&str>, version: &str, operations: usize) -> String {
    let who = implementation.unwrap_or("unnamed");
    format!("{who} answers: contract {version}, {operations} operations")
}

fn client(
    section: &str,
    endpoint: &BankEndpoint,
    inventory: &Inventory,
) -> Result<HttpClient, String> {
    let authorities = match &endpoint.server_ca {
        Some(_) => {
            let setting = format!("{section}.server_ca");
            let read = inventory.authorities_of(&setting);
            Some(read.ok_or_else(|| format!("{setting} cannot be used"))?)
        }
        None => None,
    };
    let setting = format!("{section}.client_private_key");
    let key = inventory.tls(&setting);
    if endpoint.client_private_key.is_some() && key.is_none() {
        return Err(format!("{setting} cannot be used"));
    }
    let tls = client_config(authorities, key).map_err(|problem| problem.to_string())?;
    let client = bank::http::http_client(tls).map_err(|problem| problem.to_string())?;
    Ok(HttpClient::new(client))
}

fn advice(section: &str, endpoint: &BankEndpoint, problem: &BankError) -> String {
    let url = endpoint.url.as_deref().unwrap_or_default();
    if matches!(problem, BankError::Refused(_)) {
        return format!(
            "Let the bank's system know our token ({section}.token_file) or client certificate ({section}.client_certificate)."
        );
    }
    let look = format!("Look at the bank's system at {url}, or correct {section}.url");
    match (section, cfg!(feature = "lab")) {
        (_, false) => format!("{look}."),
        ("bank.http", true) => format!("{look}; izin bank check --url {url} asks more."),
        (_, true) => format!("{look}; izin bank check --sign-in-url {url} asks more."),
    }
}
