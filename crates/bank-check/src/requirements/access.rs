//! Accounts that are not there, or somebody else's.

use super::{Requirement, customer::random_id};
use crate::{
    bench::{Bench, Capabilities, Listing, malaysian_today},
    call::{Call, Contract, Period},
    sheet::{Halt, Sheet, Step},
};

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-18",
            "Another customer's account is account_gone, worded like one that never was",
            ["getAccount", "getBalance", "listTransactions"],
            InOrder,
            |bench, sheet| another_customer_s(bench, sheet)
        ),
        requirement!(
            "CB-19",
            "An unknown account is 404 account_gone",
            ["getAccount", "getBalance", "listTransactions"],
            InOrder,
            |bench, sheet| unknown(bench, sheet)
        ),
    ]
}

/// The calls on behalf of a Data Consumer that the bank offers, for this account.
pub(super) fn data_calls(capabilities: &Capabilities, customer: &str, account: &str) -> Vec<Call> {
    let today = Period::day(malaysian_today());
    let calls = [
        Call::account(customer, account),
        Call::balance(customer, account),
        Call::transactions(customer, account, today, 10),
    ];
    let offered =
        |call: &Call| call.operation == "getAccount" || capabilities.names(call.operation);
    calls.into_iter().filter(offered).collect()
}

async fn another_customer_s(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    let customer = bench.customer()?;
    let Some(other) = bench.options.other_customer.as_deref() else {
        return Err(Halt::not_tested(
            "give another test customer who has accounts (--other-customer)",
        ));
    };
    let own = bench.listing().await?;
    let (_, body) = bench.fetch(Call::accounts(other)).await?;
    let theirs = Listing::read(&body).unwrap_or(Listing {
        accounts: Vec::new(),
    });
    // An account of both is the customer's own too.
    let foreign = theirs
        .references()
        .find(|it| own.references().all(|own| own != *it));
    let Some(foreign) = foreign else {
        return Err(Halt::not_tested(
            "the other customer has no account of their own: give another (--other-customer)",
        ));
    };
    let foreign_calls = data_calls(&capabilities, customer, foreign);
    let unknown_calls = data_calls(&capabilities, customer, &random_id());
    for (foreign, unknown) in foreign_calls.into_iter().zip(unknown_calls) {
        let foreign = bench
            .ask(foreign.how("an account of another customer"))
            .await?;
        if !sheet.expect_error(&foreign, 404, &["account_gone"]) {
            continue;
        }
        let unknown = bench.ask(unknown).await?;
        if unknown.status == 404 && unknown.json != foreign.json {
            sheet.wrong(
                &foreign,
                "the body is not that of an account that never was",
            );
        }
    }
    Ok(())
}

async fn unknown(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    let customer = bench.customer()?;
    for call in data_calls(&capabilities, customer, &random_id()) {
        let exchange = bench
            .ask(call.how("an account that does not exist"))
            .await?;
        sheet.expect_error(&exchange, 404, &["account_gone"]);
    }
    Ok(())
}
