//! The accounts a customer is offered, under the identifiers we issue.

use super::Authorization;
use super::session::Chosen;
use uuid::Uuid;

use crate::bank::BankError;
use crate::bank::types::{AccountSummary, Eligibility};
use crate::consent::AccountSnapshot;
use crate::ids::{AccountId, CustomerId};
use crate::store::StoreError;

/// An account with the identifier that PayNet and the consumer will know it by.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedAccount {
    pub id: AccountId,
    pub account: AccountSummary,
}

impl OfferedAccount {
    pub fn is_eligible(&self) -> bool {
        self.account.eligibility == Eligibility::Eligible
    }

    pub(super) fn snapshot(&self) -> AccountSnapshot {
        AccountSnapshot {
            account_id: self.id.clone(),
            account_number: self.account.number.clone(),
            account_name: self.account.name.clone(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error(transparent)]
    Bank(#[from] BankError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Authorization {
    /// All accounts in the bank's order, also those that cannot be shared. `request` is the id in both sides' logs.
    pub async fn accounts(
        &self,
        request: Uuid,
        customer: &CustomerId,
    ) -> Result<Vec<OfferedAccount>, AccountsError> {
        let mut offered = Vec::new();
        for account in self.bank.accounts(request, customer).await? {
            let id = self
                .store
                .account_id_for(customer, &account.reference)
                .await?;
            offered.push(OfferedAccount { id, account });
        }
        Ok(offered)
    }

    /// The chosen ones among those the bank offers *now*. `None` if one of them is not (any more).
    pub async fn chosen_accounts(
        &self,
        request: Uuid,
        customer: &CustomerId,
        chosen: &[Chosen],
    ) -> Result<Option<Vec<OfferedAccount>>, AccountsError> {
        let mut offered = self.accounts(request, customer).await?;
        offered.retain(|offer| {
            offer.is_eligible() && chosen.iter().any(|one| one.account_id == offer.id)
        });
        Ok((offered.len() == chosen.len()).then_some(offered))
    }
}
