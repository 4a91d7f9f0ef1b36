//! Which accounts. Nothing is ticked beforehand; what cannot be shared is shown with the reason.

use poem::Response;

use super::Pages;
use super::flow::{Submitted, Visit};
use super::responses::Forms;
use super::views::{AccountChoice, AccountKind, AccountsView, FormError, Unavailable};
use crate::authorization::{Chosen, OfferedAccount, Step};
use crate::bank;
use crate::bank::types::Eligibility;
use crate::http::ApiError;
use crate::ids::CustomerId;
use crate::sign_in::SignedIn;

impl Pages {
    pub(super) async fn accounts_page(
        &self,
        visit: &Visit,
        signed_in: &SignedIn,
        chosen: &[Chosen],
        error: Option<FormError>,
    ) -> poem::Result<Response> {
        let offered = self.offered(visit, &signed_in.customer).await?;
        let accounts = offered.iter().map(|offer| choice(offer, chosen)).collect();
        let view = AccountsView {
            action_url: "/consent/accounts".into(),
            accounts,
            error,
        };
        // Without an account to share, the only button leads back to the consumer.
        let forms = if view.any_available() {
            Forms::Here
        } else {
            Forms::MayLeave
        };
        Ok(self.step_page(visit, &view.into(), forms))
    }

    pub(super) async fn submit_accounts(
        &self,
        visit: Visit,
        signed_in: SignedIn,
        form: &Submitted,
    ) -> poem::Result<Response> {
        let ticked: Vec<&str> = form.all("account_id").collect();
        if ticked.is_empty() {
            let error = Some(FormError::AccountsMissing);
            return self.accounts_page(&visit, &signed_in, &[], error).await;
        }
        let offered = self.offered(&visit, &signed_in.customer).await?;
        let chosen: Vec<Chosen> = offered
            .iter()
            .filter(|offer| offer.is_eligible() && ticked.contains(&offer.id.as_str()))
            .map(|offer| Chosen {
                account_id: offer.id.clone(),
            })
            .collect();
        let all_known = ticked
            .iter()
            .all(|id| chosen.iter().any(|one| one.account_id.as_str() == *id));
        if !all_known {
            let error = Some(FormError::AccountsUnknown);
            return self.accounts_page(&visit, &signed_in, &chosen, error).await;
        }
        self.go(visit, Step::Review { signed_in, chosen }).await
    }

    pub(super) async fn offered(
        &self,
        visit: &Visit,
        customer: &CustomerId,
    ) -> poem::Result<Vec<OfferedAccount>> {
        let request = visit.visitor.request;
        let offered = self.authorization.accounts(request, customer).await;
        offered.map_err(|error| ApiError::unavailable(error).into())
    }
}

fn choice(offer: &OfferedAccount, chosen: &[Chosen]) -> AccountChoice {
    AccountChoice {
        id: offer.id.to_string(),
        name: offer.account.name.clone(),
        kind: kind(offer.account.kind),
        masked_number: bank::masked_number(&offer.account.number),
        unavailable: match offer.account.eligibility {
            Eligibility::Eligible => None,
            Eligibility::Business => Some(Unavailable::Business),
            Eligibility::Closed => Some(Unavailable::Closed),
            Eligibility::Dormant => Some(Unavailable::Dormant),
            Eligibility::ForeignCurrency => Some(Unavailable::ForeignCurrency),
            Eligibility::Joint => Some(Unavailable::Joint),
            Eligibility::Minor => Some(Unavailable::Minor),
            Eligibility::Unsupported => Some(Unavailable::Unsupported),
            Eligibility::Withheld => Some(Unavailable::Neutral),
        },
        checked: chosen.iter().any(|one| one.account_id == offer.id),
    }
}

pub fn kind(kind: bank::types::AccountKind) -> AccountKind {
    match kind {
        bank::types::AccountKind::CreditCard => AccountKind::CreditCard,
        bank::types::AccountKind::Current => AccountKind::Current,
        bank::types::AccountKind::EWallet => AccountKind::EWallet,
        bank::types::AccountKind::Fund => AccountKind::Fund,
        bank::types::AccountKind::HirePurchase => AccountKind::HirePurchase,
        bank::types::AccountKind::Mortgage => AccountKind::Mortgage,
        bank::types::AccountKind::Pension => AccountKind::Pension,
        bank::types::AccountKind::Savings => AccountKind::Savings,
    }
}
