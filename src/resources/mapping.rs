//! The bank's answers as PayNet's objects (ADR 0001). Both contracts carry amounts in the same form.

use crate::bank::Customer;
use crate::bank::types as bank;
use crate::clock::malaysian;
use crate::consent::Grant;
use crate::generated::ofp_dp::types;

pub fn account(grant: &Grant, account: bank::Account, institution: &str) -> types::Account {
    let (kind, subtype) = kind(account.kind);
    let terms = Terms::of(account.credit, account.loan);
    types::Account {
        account_id: grant.account_id().clone(),
        account_number: account.number,
        account_name: account.name,
        account_holder_name: account.holder,
        institution_name: institution.to_owned(),
        category: types::AccountCategory::Retail,
        r#type: kind,
        subtype,
        loan_details: terms.loan_details,
        limit: terms.limit,
        interest_rate: terms.interest_rate,
        minimum_payment_amount: terms.minimum_payment,
        payment_due_date: terms.payment_due,
        custom_data: account.custom_data,
    }
}

/// What PayNet's object says of credit and of loans, in the same members for both.
#[derive(Default)]
struct Terms {
    loan_details: Option<types::LoanDetails>,
    limit: Option<types::Amount>,
    interest_rate: Option<f64>,
    minimum_payment: Option<types::Amount>,
    payment_due: Option<chrono::NaiveDate>,
}

impl Terms {
    fn of(credit: Option<bank::CreditTerms>, loan: Option<bank::LoanTerms>) -> Self {
        match (credit, loan) {
            (Some(credit), _) => Self {
                loan_details: None,
                limit: Some(amount(credit.limit)),
                interest_rate: Some(credit.interest_rate.percent()),
                minimum_payment: Some(amount(credit.minimum_payment)),
                payment_due: credit.payment_due,
            },
            (None, Some(loan)) => Self {
                loan_details: Some(types::LoanDetails {
                    loan_amount: Some(amount(loan.principal)),
                    origination_date: loan.origination_date,
                    maturity_date: loan.maturity_date,
                }),
                limit: None,
                interest_rate: Some(loan.interest_rate.percent()),
                minimum_payment: Some(amount(loan.minimum_payment)),
                payment_due: loan.payment_due,
            },
            (None, None) => Self::default(),
        }
    }
}

pub fn balance(grant: &Grant, balance: bank::Balance) -> types::Balance {
    let (statement_balance, statement_date) = balance
        .statement
        .map(|statement| (balance_amount(statement.balance), statement.date))
        .unzip();
    types::Balance {
        account_id: grant.account_id().clone(),
        credit_lines_included: balance.credit_lines_included,
        current_balance: balance_amount(balance.current),
        available_balance: balance.available.map(balance_amount),
        statement_balance,
        statement_date,
        custom_data: balance.custom_data,
    }
}

pub fn transaction(grant: &Grant, one: bank::Transaction) -> types::Transaction {
    types::Transaction {
        account_id: grant.account_id().clone(),
        transaction_id: one.id,
        // PayNet's transaction objects must have `+08:00`.
        transaction_date: malaysian(one.booked_at.to_utc()),
        credit_debit_indicator: indicator(one.credit_debit_indicator),
        amount: amount(one.amount),
        foreign_currency_amount: one.foreign_amount.map(|foreign| types::Amount {
            amount: foreign.amount.into(),
            currency: foreign.currency,
        }),
        transfer_method: one.transfer_method.map(transfer_method),
        transfer_submethod: one.transfer_submethod.map(transfer_submethod),
        description: one.description,
        recipient_reference: one.recipient_reference,
        other_payment_description: one.other_payment_description,
        merchant_name: one.merchant_name,
        mcc: one.mcc,
        is_settled: one.is_settled,
        custom_data: one.custom_data,
    }
}

pub fn userinfo(customer: Customer) -> types::UserInfo {
    let Customer { profile, identity } = customer;
    types::UserInfo {
        sub: profile.sub.into(),
        name: profile.name,
        given_name: profile.given_name,
        family_name: profile.family_name,
        preferred_username: profile.preferred_username,
        picture: profile.picture,
        email: profile.email,
        email_verified: profile.email_verified,
        id_type: Some(match profile.id_type {
            bank::IdType::Nric => types::IdType::Nric,
            bank::IdType::Passport => types::IdType::Passport,
        }),
        hashed_id_number: Some(identity.hashed_id_number),
    }
}

fn kind(kind: bank::AccountKind) -> (types::AccountType, types::AccountSubtype) {
    use bank::AccountKind as Kind;
    use types::{AccountSubtype as Subtype, AccountType as Type};
    match kind {
        Kind::CreditCard => (Type::Credit, Subtype::CreditCard),
        Kind::Current => (Type::Deposit, Subtype::Current),
        Kind::EWallet => (Type::Ewallet, Subtype::Others),
        Kind::Fund => (Type::Investment, Subtype::Fund),
        Kind::HirePurchase => (Type::Loan, Subtype::HirePurchase),
        Kind::Mortgage => (Type::Loan, Subtype::Mortgage),
        Kind::Pension => (Type::Deposit, Subtype::Pension),
        Kind::Savings => (Type::Deposit, Subtype::Savings),
    }
}

fn amount(value: bank::Money) -> types::Amount {
    types::Amount {
        amount: value.amount.into(),
        currency: value.currency.to_string(),
    }
}

fn balance_amount(value: bank::SignedMoney) -> types::BalanceAmount {
    types::BalanceAmount {
        credit_debit_indicator: indicator(value.credit_debit_indicator),
        amount: value.amount.into(),
        currency: value.currency.to_string(),
    }
}

fn indicator(indicator: bank::CreditDebitIndicator) -> types::CreditDebitIndicator {
    match indicator {
        bank::CreditDebitIndicator::Credit => types::CreditDebitIndicator::Credit,
        bank::CreditDebitIndicator::Debit => types::CreditDebitIndicator::Debit,
    }
}

/// Values of the same name, one by one, so that a value which one of the documents gains or loses is a compile error.
macro_rules! same_names {
    ($function:ident: $name:ident { $($value:ident),* $(,)? }) => {
        fn $function(value: bank::$name) -> types::$name {
            match value { $(bank::$name::$value => types::$name::$value),* }
        }
    };
}

same_names!(transfer_method: TransferMethod {
    BillPayment, CashDeposit, CashWithdrawal, Cheque, FundsTransfer, InstorePayment, OnlinePayment, Others, RecurringPayment,
});
same_names!(transfer_submethod: TransferSubmethod {
    AutoDebit, BankAdjustment, DebitCard, DebitCardNotPresent, DirectDebit, DnqrCashOut, DuitnowPay, DuitnowQr,
    DuitnowTransfer, Espick, Fpx, Ibg, Intrabank, Jompay, MydebitCashOut, Obw, Others, Rtgs, SharedAtmNetwork,
    SharedAtmNetworkIbft,
});
