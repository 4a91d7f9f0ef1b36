//! The bank's answers as PayNet's objects (ADR 0001).

use crate::bank::{AccountKind, BankAccount, BankBalance, BankTransaction, Customer, Signed};
use crate::clock::malaysian;
use crate::consent::Grant;
use crate::generated::ofp_dp::types;
use crate::http::ApiError;
use crate::money::{Direction, Ringgit};

const CURRENCY: &str = "MYR";

pub fn account(grant: &Grant, account: &BankAccount, institution: &str) -> types::Account {
    let (kind, subtype) = kind(account.kind);
    let credit = account.credit.as_ref();
    types::Account {
        account_id: grant.account_id().clone(),
        account_number: account.shared_number(),
        account_name: account.name.clone(),
        account_holder_name: account.holder.clone(),
        institution_name: institution.to_owned(),
        category: types::AccountCategory::Retail,
        r#type: kind,
        subtype,
        loan_details: None,
        limit: credit.map(|terms| amount(terms.limit)),
        interest_rate: credit.map(|terms| f64::from(terms.interest_basis_points) / 100.0),
        minimum_payment_amount: credit.map(|terms| amount(terms.minimum_payment)),
        payment_due_date: credit.and_then(|terms| terms.payment_due),
        custom_data: None,
    }
}

pub fn balance(grant: &Grant, balance: &BankBalance) -> types::Balance {
    types::Balance {
        account_id: grant.account_id().clone(),
        credit_lines_included: balance.credit_lines_included,
        current_balance: balance_amount(balance.current),
        available_balance: balance.available.map(balance_amount),
        statement_balance: None,
        statement_date: None,
        custom_data: None,
    }
}

pub fn transaction(grant: &Grant, one: &BankTransaction) -> types::Transaction {
    types::Transaction {
        account_id: grant.account_id().clone(),
        transaction_id: one.id.clone(),
        // PayNet's transaction objects must have `+08:00`.
        transaction_date: malaysian(one.at),
        credit_debit_indicator: indicator(one.value.direction),
        amount: amount(one.value.amount),
        foreign_currency_amount: None,
        transfer_method: None,
        transfer_submethod: None,
        description: one.description.clone(),
        recipient_reference: None,
        other_payment_description: None,
        merchant_name: None,
        mcc: None,
        is_settled: one.settled,
        custom_data: None,
    }
}

pub fn userinfo(customer: &Customer) -> Result<types::UserInfo, ApiError> {
    let id_type = serde_json::from_value(customer.identity.id_type.clone().into())
        .map_err(|_| ApiError::internal("the bank's id_type is not one of PayNet's"))?;
    Ok(types::UserInfo {
        sub: customer.id.to_string(),
        name: Some(customer.name.clone()),
        given_name: Some(customer.given_name.clone()),
        family_name: Some(customer.family_name.clone()),
        preferred_username: Some(customer.preferred_username.clone()),
        picture: None,
        email: Some(customer.email.clone()),
        email_verified: Some(customer.email_verified),
        id_type: Some(id_type),
        hashed_id_number: Some(customer.identity.hashed_id_number.clone()),
    })
}

fn kind(kind: AccountKind) -> (types::AccountType, types::AccountSubtype) {
    use types::{AccountSubtype as Subtype, AccountType as Type};
    match kind {
        AccountKind::CreditCard => (Type::Credit, Subtype::CreditCard),
        AccountKind::Current => (Type::Deposit, Subtype::Current),
        AccountKind::EWallet => (Type::Ewallet, Subtype::Others),
        AccountKind::Fund => (Type::Investment, Subtype::Fund),
        AccountKind::HirePurchase => (Type::Loan, Subtype::HirePurchase),
        AccountKind::Mortgage => (Type::Loan, Subtype::Mortgage),
        AccountKind::Pension => (Type::Deposit, Subtype::Pension),
        AccountKind::Savings => (Type::Deposit, Subtype::Savings),
    }
}

fn amount(value: Ringgit) -> types::Amount {
    types::Amount {
        amount: value.to_string(),
        currency: CURRENCY.to_owned(),
    }
}

fn balance_amount(value: Signed) -> types::BalanceAmount {
    types::BalanceAmount {
        credit_debit_indicator: indicator(value.direction),
        amount: value.amount.to_string(),
        currency: CURRENCY.to_owned(),
    }
}

fn indicator(direction: Direction) -> types::CreditDebitIndicator {
    match direction {
        Direction::Credit => types::CreditDebitIndicator::Credit,
        Direction::Debit => types::CreditDebitIndicator::Debit,
    }
}
