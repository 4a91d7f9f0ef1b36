//! Bank Rust: Izin with a bank's own code in it. Everything that Izin asks of a bank is the trait `CoreBank`; what a bank does not
//! implement (here transactions and notices) answers "unsupported" by itself.
//!
//! `cargo run -p rust-bank -- demo` shows these accounts in the whole journey, `-- serve --config izin.toml` is the service.

use std::process::ExitCode;

use chrono::Local;
use izin::core_bank::types::{
    Account, AccountKind, AccountList, AccountSummary, Balance, Capabilities,
    CreditDebitIndicator::{Credit, Debit},
    Currency, Customer, Eligibility, IdType, SignedMoney,
};
use izin::core_bank::{
    AccountReference, BankError, CoreBank, CustomerId, DecimalAmount, GetAccountParams,
    GetBalanceParams, GetCapabilitiesParams, GetCustomerParams, ListAccountsParams,
};
use izin::{ConnectError, Institution, Settings};

fn main() -> ExitCode {
    Institution::default().core_bank(MyBank::connect).main()
}

/// Where a real bank has its connection to the core system.
struct MyBank {
    holder: String,
}

/// `[bank.settings]` of the configuration file.
#[derive(serde::Deserialize)]
struct MySettings {
    #[serde(default = "nurul")]
    holder: String,
}

fn nurul() -> String {
    "Nurul Iman binti Rahman".to_owned()
}

/// Reference, number, name, balance in sen (below zero: owed).
const LEDGER: [(&str, &str, &str, i32); 2] = [
    ("R-1", "6600112233", "Rust Savings", 3_141_592),
    ("R-2", "6600445566", "Rust Current", -27_182),
];

impl MyBank {
    /// Called once, at start; an error ends the command with this message.
    async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        let MySettings { holder } = settings.extract()?;
        Ok(Self { holder })
    }

    /// The bank knows one customer, by the id that the sign-in gives out.
    fn known(&self, customer: &CustomerId) -> Result<(), BankError> {
        if customer.as_str() == "CIF-1001" {
            Ok(())
        } else {
            Err(BankError::CustomerUnknown)
        }
    }

    /// The account as it may be shared, with its balance in sen.
    fn account(
        &self,
        customer: &CustomerId,
        asked: &AccountReference,
    ) -> Result<(Account, i32), BankError> {
        self.known(customer)?;
        let row = LEDGER
            .iter()
            .find(|(reference, ..)| *reference == asked.as_str());
        let (_, number, name, sen) = row.ok_or(BankError::AccountGone)?;
        let account = Account {
            reference: asked.clone(),
            number: (*number).to_owned(),
            name: (*name).to_owned(),
            holder: self.holder.clone(),
            kind: AccountKind::Savings,
            credit: None,
            loan: None,
            custom_data: None,
        };
        Ok((account, *sen))
    }
}

impl CoreBank for MyBank {
    async fn get_capabilities(&self, _: GetCapabilitiesParams) -> Result<Capabilities, BankError> {
        let operations = ["getCustomer", "listAccounts", "getAccount", "getBalance"];
        Ok(Capabilities {
            contract_version: "1.0".to_owned(),
            implementation: Some("rust-bank 0.1.0".to_owned()),
            operations: operations.map(str::to_owned).to_vec(),
            features: Vec::new(),
            history_months: 12,
        })
    }

    async fn get_customer(&self, asked: GetCustomerParams) -> Result<Customer, BankError> {
        self.known(&asked.customer_id)?;
        Ok(Customer {
            sub: asked.customer_id,
            name: Some(self.holder.clone()),
            id_type: IdType::Nric,
            id_number: Some("900101-14-5566".to_owned()),
            given_name: None,
            family_name: None,
            preferred_username: None,
            picture: None,
            email: None,
            email_verified: None,
            hashed_id_number: None,
        })
    }

    async fn list_accounts(&self, asked: ListAccountsParams) -> Result<AccountList, BankError> {
        self.known(&asked.customer_id)?;
        let accounts = LEDGER.iter().map(|(reference, number, name, _)| {
            Ok(AccountSummary {
                reference: AccountReference::parse(*reference).map_err(defect)?,
                number: (*number).to_owned(),
                name: (*name).to_owned(),
                kind: AccountKind::Savings,
                eligibility: Eligibility::Eligible,
            })
        });
        let accounts = accounts.collect::<Result<_, BankError>>()?;
        Ok(AccountList { accounts })
    }

    async fn get_account(&self, asked: GetAccountParams) -> Result<Account, BankError> {
        let (account, _) = self.account(&asked.customer_id, &asked.account_reference)?;
        Ok(account)
    }

    async fn get_balance(&self, asked: GetBalanceParams) -> Result<Balance, BankError> {
        let (_, sen) = self.account(&asked.customer_id, &asked.account_reference)?;
        Ok(Balance {
            as_of: Local::now().fixed_offset(),
            current: SignedMoney {
                amount: DecimalAmount::of_hundredths(sen.unsigned_abs()),
                credit_debit_indicator: if sen < 0 { Debit } else { Credit },
                currency: Currency::Myr,
            },
            available: None,
            credit_lines_included: false,
            statement: None,
            custom_data: None,
        })
    }
}

/// What cannot be read of the bank's own data is no answer.
fn defect(error: impl std::fmt::Display) -> BankError {
    BankError::unavailable(error.to_string())
}
