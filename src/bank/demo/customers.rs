//! Fictional people with fictional accounts. `paynet` is the user name of PayNet's own simulator.

use crate::bank::{
    AccountKind, BankAccount, BankBalance, BankError, CreditTerms, Customer, Eligibility, Signed,
};
use crate::consent::Identity;
use crate::ids::CustomerId;
use crate::money::{Direction, Ringgit};

pub struct DemoCustomer {
    pub username: &'static str,
    pub password: &'static str,
    /// The customer's own phrase, shown before the password is asked for.
    pub phrase: &'static str,
    /// What there is to see with this customer.
    pub shows: &'static str,
    pub profile: Customer,
    pub accounts: Vec<DemoAccount>,
}

pub struct DemoAccount {
    pub details: BankAccount,
    pub balance: BankBalance,
    /// What a data call gets instead of data.
    pub outage: Option<BankError>,
}

pub fn all() -> Vec<DemoCustomer> {
    [paynet(), aminah(), weiming()].into_iter().flatten().collect()
}

fn paynet() -> Option<DemoCustomer> {
    Some(DemoCustomer {
        username: "paynet",
        password: "paynet",
        phrase: "three yellow bicycles",
        shows: "savings, current account and credit card; a dormant and a joint account that cannot be shared",
        profile: profile("CIF-1001", "Nurul", "Iman binti Paynet", "paynet", "900101-14-5566")?,
        accounts: vec![
            deposit("SA-1", "7001234567", "Everyday Savings", AccountKind::Savings, 512_345),
            deposit("CA-1", "3140001928", "Household Current", AccountKind::Current, 89_010),
            card("CC-1", "5123456789012346", "Platinum Card", 132_099, 1_000_000),
            barred(deposit("SA-2", "7009998887", "Old Savings", AccountKind::Savings, 1_200), Eligibility::Dormant),
            barred(deposit("SA-3", "7005554443", "Family Joint Savings", AccountKind::Savings, 940_000), Eligibility::Joint),
        ],
    })
}

fn aminah() -> Option<DemoCustomer> {
    Some(DemoCustomer {
        username: "aminah",
        password: "aminah",
        phrase: "rain on a tin roof",
        shows: "no account that can be shared",
        profile: profile("CIF-1002", "Aminah", "binti Yusof", "aminah", "750815-08-1234")?,
        accounts: vec![
            barred(deposit("SA-4", "7002223331", "Savings", AccountKind::Savings, 300), Eligibility::Dormant),
            barred(deposit("SA-5", "7002223332", "Savings Plus", AccountKind::Savings, 77_000), Eligibility::Withheld),
        ],
    })
}

fn weiming() -> Option<DemoCustomer> {
    let blocked = deposit("SA-6", "7006667771", "Savings", AccountKind::Savings, 45_000);
    let quiet = deposit("CA-2", "3146667772", "Business Tools", AccountKind::Current, 600_000);
    Some(DemoCustomer {
        username: "weiming",
        password: "weiming",
        phrase: "the blue door on Jalan Tun",
        shows: "accounts whose data the bank cannot give for the moment",
        profile: profile("CIF-1003", "Wei Ming", "Lim", "weiming", "881231-10-4321")?,
        accounts: vec![
            DemoAccount { outage: Some(BankError::AccountBlocked), ..blocked },
            DemoAccount { outage: Some(BankError::AccountUnavailable), ..quiet },
        ],
    })
}

fn profile(id: &str, given: &str, family: &str, username: &str, nric: &str) -> Option<Customer> {
    Some(Customer {
        id: CustomerId::parse(id).ok()?,
        name: format!("{given} {family}"),
        given_name: given.to_owned(),
        family_name: family.to_owned(),
        preferred_username: username.to_owned(),
        email: format!("{username}@example.my"),
        email_verified: true,
        identity: Identity::of("nric", nric),
    })
}

fn deposit(reference: &str, number: &str, name: &str, kind: AccountKind, sen: u64) -> DemoAccount {
    let money = Signed { amount: Ringgit::saturating(sen), direction: Direction::Credit };
    DemoAccount {
        details: details(reference, number, name, kind, None),
        balance: BankBalance { current: money, available: Some(money), credit_lines_included: false },
        outage: None,
    }
}

fn card(reference: &str, number: &str, name: &str, owed: u64, limit: u64) -> DemoAccount {
    let terms = CreditTerms {
        limit: Ringgit::saturating(limit),
        minimum_payment: Ringgit::saturating(owed / 20),
        interest_basis_points: 1_500,
        payment_due: None,
    };
    let current = Signed { amount: Ringgit::saturating(owed), direction: Direction::Debit };
    let available = Signed { amount: Ringgit::saturating(limit - owed), direction: Direction::Credit };
    DemoAccount {
        details: details(reference, number, name, AccountKind::CreditCard, Some(terms)),
        balance: BankBalance { current, available: Some(available), credit_lines_included: true },
        outage: None,
    }
}

fn details(
    reference: &str,
    number: &str,
    name: &str,
    kind: AccountKind,
    credit: Option<CreditTerms>,
) -> BankAccount {
    BankAccount {
        reference: reference.to_owned(),
        number: number.to_owned(),
        name: name.to_owned(),
        holder: "Account holder".to_owned(),
        kind,
        eligibility: Eligibility::Eligible,
        credit,
    }
}

fn barred(mut account: DemoAccount, eligibility: Eligibility) -> DemoAccount {
    account.details.eligibility = eligibility;
    account
}
