//! What the bank says that it offers is what it does.

use http::Method;
use uuid::Uuid;

use super::Requirement;
use crate::{
    bench::{Bench, Capabilities, malaysian_today},
    call::{Call, Contract, Exchange, Period},
    requirements::notices::notice,
    sheet::{Sheet, Step},
};

const UNKNOWN_ID: &str = "izin-bank-check-unknown";

pub(super) fn requirements() -> Vec<Requirement> {
    vec![requirement!(
        "CB-11",
        "Capabilities are truthful",
        ["getCapabilities"],
        InOrder,
        |bench, sheet| truthful(bench, sheet)
    )]
}

async fn truthful(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    for contract in bench.contracts() {
        let call = match contract {
            Contract::CoreBank => Call::core_capabilities(),
            Contract::SignIn => Call::sign_in_capabilities(),
        };
        let exchange = bench.ask(call).await?;
        if !sheet.expect_status(&exchange, 200) {
            continue;
        }
        let capabilities = bench.capabilities(contract).await?;
        if !capabilities.version.starts_with("1.") {
            sheet.wrong(&exchange, "$.contract_version is not 1.x");
        }
        for operation in required(contract, &capabilities) {
            if !capabilities.names(operation) {
                sheet.wrong(&exchange, format!("$.operations does not name {operation}"));
            }
        }
        match contract {
            Contract::CoreBank => core_bank(bench, &capabilities, sheet).await?,
            Contract::SignIn => sign_in(bench, &capabilities, sheet).await?,
        }
    }
    Ok(())
}

fn required(contract: Contract, capabilities: &Capabilities) -> Vec<&'static str> {
    match contract {
        Contract::CoreBank => vec!["getCustomer", "listAccounts", "getAccount"],
        Contract::SignIn => {
            let mut required = vec!["checkPassword"];
            if capabilities.has_method("totp") || capabilities.has_method("sent_code") {
                required.push("checkSecondFactor");
            }
            if capabilities.has_method("approval") {
                required.extend(["startSecondFactor", "getSecondFactor"]);
            }
            required
        }
    }
}

async fn core_bank(bench: &Bench<'_>, capabilities: &Capabilities, sheet: &mut Sheet) -> Step {
    let Ok(customer) = bench.customer() else {
        sheet.note("the operations were not tried: give a test customer (--customer)");
        return Ok(());
    };
    for call in [Call::customer(customer), Call::accounts(customer)] {
        offered(&bench.ask(call).await?, true, sheet);
    }
    match bench.eligible().await {
        Ok(accounts) => {
            let references: Vec<_> = accounts.iter().map(|it| it.reference.as_str()).collect();
            let today = Period::day(malaysian_today());
            let account = |it: &str| Call::account(customer, it);
            let balance = |it: &str| Call::balance(customer, it);
            let transactions = |it: &str| Call::transactions(customer, it, today, 10);
            let operations: [&(dyn Fn(&str) -> Call + Sync); 3] =
                [&account, &balance, &transactions];
            for operation in operations {
                one_of_the_accounts(bench, capabilities, operation, &references, sheet).await?;
            }
        }
        Err(_) => sheet.note("operations on accounts were not tried: no account can be shared"),
    }
    if bench.may_notify().is_err() {
        sheet.note("sendNotice was not tried: give --notices");
        return Ok(());
    }
    let call = Call::notice(
        customer,
        Uuid::new_v4(),
        &notice(bench, "sharing_started").await,
    );
    offered(
        &bench.ask(call).await?,
        capabilities.names("sendNotice"),
        sheet,
    );
    Ok(())
}

/// An operation that is named may not exist for some kinds of account; it has to for one of the customer's.
async fn one_of_the_accounts(
    bench: &Bench<'_>,
    capabilities: &Capabilities,
    operation: &(dyn Fn(&str) -> Call + Sync),
    references: &[&str],
    sheet: &mut Sheet,
) -> Step {
    let mut last = None;
    for reference in references {
        let call = operation(reference);
        let named = capabilities.names(call.operation);
        let exchange = bench.ask(call).await?;
        if !named {
            offered(&exchange, false, sheet);
            return Ok(());
        }
        if exchange.status != 501 {
            return Ok(());
        }
        last = Some(exchange);
    }
    if let Some(exchange) = last {
        sheet.wrong(
            &exchange,
            "is named, and exists for none of the customer's accounts",
        );
    }
    Ok(())
}

fn offered(exchange: &Exchange, named: bool, sheet: &mut Sheet) {
    if !named {
        sheet.expect_error(exchange, 501, &["unsupported"]);
    } else if exchange.status == 501 {
        sheet.wrong(exchange, "is among the capabilities, and not offered");
    }
}

/// With names and sign-ins that do not exist.
async fn sign_in(bench: &Bench<'_>, capabilities: &Capabilities, sheet: &mut Sheet) -> Step {
    let code = serde_json::json!({"sign_in_id": UNKNOWN_ID, "method": "totp", "code": "000000"});
    let calls = [
        Call::phrase(UNKNOWN_ID),
        Call::password(UNKNOWN_ID, UNKNOWN_ID),
        Call::start(Uuid::new_v4(), UNKNOWN_ID, "approval"),
        Call::challenge(UNKNOWN_ID, UNKNOWN_ID),
        Call::code(&code),
    ];
    for call in calls {
        let named = capabilities.names(call.operation);
        // The check of codes has no documented way to say that it is not offered.
        let optional = call.method == Method::GET || call.operation != "checkSecondFactor";
        if named || optional {
            offered(&bench.ask(call).await?, named, sheet);
        }
    }
    Ok(())
}
