//! The test customer's accounts, as `listAccounts` gives them.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Bench;
use crate::{
    call::Call,
    sheet::{Halt, Step},
};

/// Accounts of either sort that are read one by one; a customer with hundreds would take all day.
const MOST_READ: usize = 10;

/// Ids that may stand in a path; the judge reports the others.
static ID: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$").ok());

/// Whether a text can be an id of a customer or account in a path.
pub(crate) fn is_id(text: &str) -> bool {
    ID.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// One account of the list.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) reference: String,
    pub(crate) kind: String,
    pub(crate) eligibility: String,
    pub(crate) summary: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) accounts: Vec<Listed>,
}

impl Listing {
    /// Reads what can be read; entries without a usable reference are left out.
    pub(crate) fn read(body: &Value) -> Option<Self> {
        let entries = body["accounts"].as_array()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let accounts = entries.iter().map(|summary| Listed {
            reference: text(&summary["reference"]),
            kind: text(&summary["kind"]),
            eligibility: text(&summary["eligibility"]),
            summary: summary.clone(),
        });
        Some(Self {
            accounts: accounts.filter(|it| is_id(&it.reference)).collect(),
        })
    }

    pub(crate) fn references(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().map(|it| it.reference.as_str())
    }

    /// The first few that can be shared.
    pub(crate) fn eligible(&self) -> Vec<&Listed> {
        let eligible = self
            .accounts
            .iter()
            .filter(|it| it.eligibility == "eligible");
        eligible.take(MOST_READ).collect()
    }

    /// The first few that cannot; each reason comes before a second account with the same.
    pub(crate) fn ineligible(&self) -> Vec<&Listed> {
        let all = self
            .accounts
            .iter()
            .filter(|it| it.eligibility != "eligible");
        let (mut first, mut rest) = (Vec::<&Listed>::new(), Vec::new());
        for account in all {
            let known = first.iter().any(|it| it.eligibility == account.eligibility);
            if known { &mut rest } else { &mut first }.push(account);
        }
        first.into_iter().chain(rest).take(MOST_READ).collect()
    }
}

impl Bench<'_> {
    /// Asked once.
    pub(crate) async fn listing(&self) -> Step<Listing> {
        let asked = async {
            let call = Call::accounts(self.customer()?);
            let (exchange, body) = self.fetch(call).await?;
            Listing::read(&body).ok_or_else(|| {
                let shown = exchange.call.shown();
                Halt::not_tested(format!("needs a list of accounts from {shown}"))
            })
        };
        self.listing.get_or_init(|| Box::pin(asked)).await.clone()
    }

    /// Accounts that can be shared; none of them ends the check.
    pub(crate) async fn eligible(&self) -> Step<Vec<Listed>> {
        let listing = self.listing().await?;
        let eligible: Vec<_> = listing.eligible().into_iter().cloned().collect();
        if eligible.is_empty() {
            return Err(Halt::not_tested(
                "the customer has no account that can be shared: give another (--customer)",
            ));
        }
        Ok(eligible)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_that_could_leave_their_place_in_a_path_are_none() {
        assert!(is_id("SA-1") && is_id("a.b~c:d_e"));
        for text in [
            "",
            ".",
            "..",
            "-a",
            "a/b",
            "a b",
            "a%2f",
            "ä",
            &"a".repeat(129),
        ] {
            assert!(!is_id(text), "{text}");
        }
    }

    #[test]
    fn every_reason_is_looked_at_before_a_second_account_with_the_same() {
        let entry =
            |at: usize, why: &str| json!({"reference": format!("A{at}"), "eligibility": why});
        let mut entries: Vec<_> = (0..12).map(|at| entry(at, "dormant")).collect();
        entries.push(entry(12, "joint"));
        entries.push(json!({"reference": "../x", "eligibility": "minor"}));
        let listing = Listing::read(&json!({"accounts": entries})).unwrap();
        let chosen = listing.ineligible();
        let chosen: Vec<_> = chosen.iter().map(|it| it.reference.as_str()).collect();
        assert_eq!(chosen.len(), MOST_READ);
        assert_eq!(chosen[..3], ["A0", "A12", "A1"]);
        assert!(listing.eligible().is_empty());
    }
}
