//! The review: to whom, what, why, until when. What is decided here is what the receipt keeps.

use poem::Response;

use super::Pages;
use super::accounts::kind;
use super::flow::{HOME, Submitted, Visit};
use super::responses::{Forms, see};
use super::views::{ChosenAccount, DataCluster, FormError, Purpose, ReviewView};
use crate::authorization::{Chosen, DecideError, Decline, OfferedAccount, ReviewedText, Step};
use crate::bank;
use crate::consent;
use crate::http::ApiError;
use crate::sign_in::SignedIn;

/// Transactions go back this far (BNM exposure draft, appendix 1).
const HISTORY_MONTHS: u32 = 12;

impl Pages {
    pub(super) async fn review_page(
        &self,
        visit: &Visit,
        signed_in: &SignedIn,
        chosen: &[Chosen],
    ) -> poem::Result<Response> {
        match self.review(visit, signed_in, chosen).await? {
            Some(view) => Ok(self.step_page(visit, &view.into(), Forms::Here)),
            None => self.choose_again(visit, signed_in).await,
        }
    }

    pub(super) async fn submit_review(
        &self,
        mut visit: Visit,
        form: &Submitted,
    ) -> poem::Result<Response> {
        let Step::Review { signed_in, chosen } = visit.session.journey.step.clone() else {
            return Ok(see(HOME));
        };
        let Some(view) = self.review(&visit, &signed_in, &chosen).await? else {
            return self.choose_again(&visit, &signed_in).await;
        };
        let reviewed = self.reviewed(&visit, &view)?;
        match form.one("action") {
            "approve" => {
                let outcome = self
                    .authorization
                    .approve(visit.visitor.request, &mut visit.session, reviewed)
                    .await;
                if let Err(DecideError::AccountsChanged) = outcome {
                    return self.choose_again(&visit, &signed_in).await;
                }
                decided(outcome)?;
                self.wait_for_platform(&visit).await;
                Ok(see(HOME))
            }
            "reject" => {
                let outcome = self
                    .authorization
                    .decline(&mut visit.session, Decline::ByCustomer, Some(reviewed))
                    .await;
                decided(outcome)?;
                self.wait_for_platform(&visit).await;
                Ok(see(HOME))
            }
            _ => Ok(see(HOME)),
        }
    }

    /// Cancel is possible everywhere and is a rejection.
    pub(super) async fn cancel(&self, mut visit: Visit) -> poem::Result<Response> {
        let nothing_to_share = match &visit.session.journey.step {
            // Whoever wants to leave may, also while the bank is down.
            Step::Accounts { signed_in, .. } => self
                .offered(&visit, &signed_in.customer)
                .await
                .is_ok_and(|offered| !offered.iter().any(OfferedAccount::is_eligible)),
            _ => false,
        };
        let decline = if nothing_to_share {
            Decline::NoEligibleAccount
        } else {
            Decline::ByCustomer
        };
        decided(
            self.authorization
                .decline(&mut visit.session, decline, None)
                .await,
        )?;
        self.wait_for_platform(&visit).await;
        if nothing_to_share {
            // The page has already explained it, and its button said that it leads back.
            return self.submit_result(&self.again(visit).await?);
        }
        Ok(see(HOME))
    }

    /// `None` if an account of the selection is not on offer any more.
    async fn review(
        &self,
        visit: &Visit,
        signed_in: &SignedIn,
        chosen: &[Chosen],
    ) -> poem::Result<Option<ReviewView>> {
        let accounts = self
            .authorization
            .chosen_accounts(visit.visitor.request, &signed_in.customer, chosen)
            .await;
        let Some(accounts) = accounts.map_err(ApiError::unavailable)? else {
            return Ok(None);
        };
        let consent = &visit.consent;
        Ok(Some(ReviewView {
            action_url: "/consent/review".into(),
            change_url: Some("/consent?to=accounts".into()),
            bank_name: self.bank_name.clone(),
            consumer_name: self.consumer_of(consent),
            purpose: purpose(consent.purpose),
            data: clusters(&consent.permissions),
            history_months: HISTORY_MONTHS,
            accounts: accounts.iter().map(chosen_account).collect(),
            from: self.authorization.clock.now(),
            until: consent.expires_at,
        }))
    }

    async fn choose_again(&self, visit: &Visit, signed_in: &SignedIn) -> poem::Result<Response> {
        let mut visit = visit.clone();
        visit.session.journey.step = Step::Accounts {
            signed_in: signed_in.clone(),
            chosen: Vec::new(),
        };
        super::flow::stored(self.authorization.save(&mut visit.session).await)?;
        self.accounts_page(&visit, signed_in, &[], Some(FormError::AccountsUnknown))
            .await
    }

    fn reviewed(&self, visit: &Visit, view: &ReviewView) -> poem::Result<ReviewedText> {
        let text = self
            .renderer
            .review_text(view, visit.language)
            .map_err(ApiError::internal)?;
        Ok(ReviewedText {
            language: visit.language.tag().to_owned(),
            template_hash: self.renderer.template_hash().to_owned(),
            text,
        })
    }
}

/// A decision that somebody else made first is no error: the result page shows it.
fn decided(outcome: Result<(), DecideError>) -> poem::Result<()> {
    match outcome {
        Ok(()) | Err(DecideError::Refused(_)) => Ok(()),
        Err(DecideError::Store(error)) => Err(ApiError::from(error).into()),
        Err(DecideError::Bank(error)) => Err(ApiError::unavailable(error).into()),
        Err(error @ (DecideError::Gone | DecideError::AccountsChanged)) => {
            Err(ApiError::internal(error).into())
        }
    }
}

pub fn chosen_account(offer: &OfferedAccount) -> ChosenAccount {
    ChosenAccount {
        name: offer.account.name.clone(),
        kind: kind(offer.account.kind),
        masked_number: bank::masked_number(&offer.account.number),
    }
}

pub fn clusters(permissions: &[consent::Permission]) -> Vec<DataCluster> {
    permissions
        .iter()
        .filter_map(|permission| DataCluster::from_permission(permission.as_str()))
        .collect()
}

fn purpose(purpose: consent::Purpose) -> Purpose {
    match purpose {
        consent::Purpose::PersonalFinance => Purpose::Pfm,
        consent::Purpose::CreditUnderwriting => Purpose::CreditUnderwriting,
    }
}
