//! The rules of `openapi/core-bank-1.yaml` that a schema cannot say.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::asking::{Broken, rule};
use super::questions::Period;
use crate::clock::malaysian_day;
use crate::consent::Identity;
use crate::generated::core_bank::types::{
    Account, AccountKind, AccountList, AccountSummary, Balance, CreditDebitIndicator, CustomData,
    Customer, SignedMoney, Transaction, TransactionPage, TransferMethod, TransferSubmethod,
};
use crate::ids::{AccountReference, CustomerId};

/// As the contract has it.
const OLDEST_BALANCE: TimeDelta = TimeDelta::minutes(5);
/// What the bank's clock may differ from ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);
const LONGEST_CUSTOM_KEY: usize = 50;

/// The customer without the number of the identity document, and its hash.
pub fn customer(mut answer: Customer, asked: &CustomerId) -> Result<(Customer, Identity), Broken> {
    rule(answer.sub == *asked, "sub is another customer's")?;
    let id_type = answer.id_type.as_str();
    let number = answer.id_number.take();
    let computed = number.map(|number| Identity::of(id_type, &number).hashed_id_number);
    let hashed_id_number = match (computed, answer.hashed_id_number.take()) {
        (Some(computed), Some(given)) => {
            rule(computed == given, "id_number and hashed_id_number disagree")?;
            given
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return Err(Broken("there is neither id_number nor hashed_id_number")),
    };
    let identity = Identity {
        id_type: id_type.to_owned(),
        hashed_id_number,
    };
    Ok((answer, identity))
}

/// Every reference once.
pub fn accounts(answer: AccountList) -> Result<Vec<AccountSummary>, Broken> {
    let references: HashSet<_> = answer.accounts.iter().map(|it| &it.reference).collect();
    rule(
        references.len() == answer.accounts.len(),
        "a reference stands twice in the list",
    )?;
    Ok(answer.accounts)
}

/// The account that was asked for, with the terms of its kind.
pub fn account(answer: Account, asked: &AccountReference) -> Result<Account, Broken> {
    let is_loan = matches!(
        answer.kind,
        AccountKind::HirePurchase | AccountKind::Mortgage
    );
    rule(answer.reference == *asked, "reference is another account's")?;
    rule(
        answer.credit.is_some() == (answer.kind == AccountKind::CreditCard),
        "credit goes with credit_card, and only with it",
    )?;
    rule(
        answer.loan.is_some() == is_loan,
        "loan goes with hire_purchase and mortgage, and only with them",
    )?;
    let dates = answer
        .loan
        .as_ref()
        .and_then(|loan| loan.origination_date.zip(loan.maturity_date));
    rule(
        dates.is_none_or(|(began, ends)| began <= ends),
        "maturity_date is before origination_date",
    )?;
    custom_data(answer.custom_data.as_ref())?;
    Ok(answer)
}

/// Of this moment. Zero is `credit`, whatever the bank says.
pub fn balance(mut answer: Balance, now: DateTime<Utc>) -> Result<Balance, Broken> {
    let age = now - answer.as_of.to_utc();
    rule(age <= OLDEST_BALANCE + CLOCKS_DIFFER, "as_of is too old")?;
    rule(age >= -CLOCKS_DIFFER, "as_of is to come")?;
    rule(
        answer.available.is_some() || !answer.credit_lines_included,
        "credit_lines_included needs available",
    )?;
    custom_data(answer.custom_data.as_ref())?;
    let statement = answer.statement.as_mut().map(|it| &mut it.balance);
    let amounts = [
        Some(&mut answer.current),
        answer.available.as_mut(),
        statement,
    ];
    amounts.into_iter().flatten().for_each(unsigned_zero);
    Ok(answer)
}

fn unsigned_zero(amount: &mut SignedMoney) {
    if amount.amount.as_ref() == "0.00" {
        amount.credit_debit_indicator = CreditDebitIndicator::Credit;
    }
}

/// No longer than asked for, and not the end where another is promised.
pub fn page(answer: TransactionPage, page_size: i32) -> Result<TransactionPage, Broken> {
    let found = answer.transactions.len();
    let limit = usize::try_from(page_size).unwrap_or_default();
    rule(found <= limit, "there are more than page_size")?;
    rule(
        answer.next_cursor.is_none() || found > 0,
        "an empty page has a next_cursor",
    )?;
    Ok(answer)
}

/// The rows of all pages: newest first, each once, of the period.
pub fn transactions(all: Vec<Transaction>, asked: Period) -> Result<Vec<Transaction>, Broken> {
    rule(
        all.is_sorted_by(|newer, older| newer.booked_at >= older.booked_at),
        "they are not newest first",
    )?;
    let ids: HashSet<_> = all.iter().map(|it| &it.id).collect();
    rule(ids.len() == all.len(), "an id stands twice")?;
    let period = asked.from..=asked.to;
    for one in &all {
        let day = malaysian_day(one.booked_at.to_utc());
        rule(
            day.is_some_and(|day| period.contains(&day)),
            "booked_at is outside the period",
        )?;
        transfer(one)?;
        custom_data(one.custom_data.as_ref())?;
    }
    Ok(all)
}

fn transfer(one: &Transaction) -> Result<(), Broken> {
    let Some(submethod) = one.transfer_submethod else {
        return Ok(());
    };
    let method = one.transfer_method;
    let method = method.ok_or(Broken("transfer_submethod needs transfer_method"))?;
    rule(
        submethods(method).contains(&submethod) || submethod == TransferSubmethod::Others,
        "transfer_submethod is not one of its transfer_method",
    )
}

fn submethods(method: TransferMethod) -> &'static [TransferSubmethod] {
    use TransferSubmethod as Sub;
    match method {
        TransferMethod::BillPayment => &[Sub::Jompay],
        TransferMethod::CashDeposit => &[Sub::SharedAtmNetwork],
        TransferMethod::CashWithdrawal => {
            &[Sub::SharedAtmNetwork, Sub::MydebitCashOut, Sub::DnqrCashOut]
        }
        TransferMethod::Cheque => &[Sub::Espick],
        TransferMethod::FundsTransfer => &[
            Sub::DuitnowTransfer,
            Sub::Intrabank,
            Sub::BankAdjustment,
            Sub::Ibg,
            Sub::SharedAtmNetworkIbft,
            Sub::Rtgs,
        ],
        TransferMethod::InstorePayment => &[Sub::DuitnowQr, Sub::DebitCard],
        TransferMethod::OnlinePayment => &[
            Sub::Fpx,
            Sub::Obw,
            Sub::DuitnowPay,
            Sub::DebitCardNotPresent,
        ],
        TransferMethod::Others => &[],
        TransferMethod::RecurringPayment => &[Sub::DirectDebit, Sub::AutoDebit],
    }
}

fn custom_data(data: Option<&CustomData>) -> Result<(), Broken> {
    let mut keys = data.into_iter().flat_map(CustomData::keys);
    rule(
        keys.all(|key| (1..=LONGEST_CUSTOM_KEY).contains(&key.chars().count())),
        "a key of custom_data is longer than 50 characters, or empty",
    )
}

#[cfg(test)]
mod tests;
