//! The decision: exactly one per consent, stored whole or not at all, whatever the browser does meanwhile.

use super::Authorization;
use super::accounts::AccountsError;
use super::session::{Chosen, Session, Step};
use uuid::Uuid;

use crate::bank::BankError;
use crate::consent::{
    Change, Command, Outcome, ReasonCode, Receipt, SignInFacts, StatusReason, TransitionRefusal,
    apply,
};
use crate::ids::ConsentId;
use crate::secret::fingerprint;
use crate::sign_in::SignedIn;
use crate::store::{DecisionRecord, SessionMove, StoreError, detached};

/// What the customer was shown, for the receipt.
#[derive(Debug, Clone)]
pub struct ReviewedText {
    pub language: String,
    pub template_hash: String,
    pub text: String,
}

/// Why the customer shares nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// Rejected or cancelled.
    ByCustomer,
    NoEligibleAccount,
}

#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    #[error("an account of the selection is not available any more")]
    AccountsChanged,
    #[error(transparent)]
    Bank(#[from] BankError),
    #[error("there is no such consent")]
    Gone,
    #[error(transparent)]
    Refused(#[from] TransitionRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccountsError> for DecideError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Bank(error) => Self::Bank(error),
            AccountsError::Store(error) => Self::Store(error),
        }
    }
}

impl Authorization {
    /// Stores the approval. `request` is the id of the questions to the bank in both sides' logs. PayNet is told by the outbox; until it accepts, nothing is shared.
    pub async fn approve(
        &self,
        request: Uuid,
        session: &mut Session,
        reviewed: ReviewedText,
    ) -> Result<(), DecideError> {
        let Step::Review { signed_in, chosen } = session.journey.step.clone() else {
            return Err(DecideError::AccountsChanged);
        };
        let (command, record) = self
            .approval(request, &session.consent_id, signed_in, &chosen, reviewed)
            .await?;
        self.decide(session, command, record).await
    }

    /// Stores the refusal, which takes effect at once.
    pub async fn decline(
        &self,
        session: &mut Session,
        decline: Decline,
        reviewed: Option<ReviewedText>,
    ) -> Result<(), DecideError> {
        let receipt = reviewed.map(|reviewed| self.receipt(&session.consent_id, reviewed));
        let command = Command::Reject {
            reason: StatusReason {
                code: self.decline_code(decline),
                description: None,
            },
            receipt_sha256: receipt.as_ref().map(Receipt::sha256),
        };
        let signed_in = session.journey.step.signed_in();
        let record = DecisionRecord {
            customer: signed_in.map(|signed_in| signed_in.customer.clone()),
            sign_in: signed_in.map(|signed_in| serde_json::json!(signed_in)),
            accounts: Vec::new(),
            receipt,
            session: None,
        };
        self.decide(session, command, record).await
    }

    async fn approval(
        &self,
        request: Uuid,
        consent_id: &ConsentId,
        signed_in: SignedIn,
        chosen: &[Chosen],
        reviewed: ReviewedText,
    ) -> Result<(Command, DecisionRecord), DecideError> {
        let customer = self.bank.customer(request, &signed_in.customer).await?;
        let accounts = self
            .chosen_accounts(request, &signed_in.customer, chosen)
            .await?
            .ok_or(DecideError::AccountsChanged)?;
        let receipt = self.receipt(consent_id, reviewed);
        let record = DecisionRecord {
            customer: Some(signed_in.customer.clone()),
            sign_in: Some(serde_json::json!(signed_in)),
            accounts: accounts.iter().map(|account| account.id.clone()).collect(),
            receipt: Some(receipt.clone()),
            session: None,
        };
        let command = Command::Approve {
            customer: signed_in.customer,
            identity: customer.identity,
            signed_in: SignInFacts {
                acr: signed_in.acr,
                amr: signed_in.amr,
                at: signed_in.at,
            },
            accounts: accounts
                .iter()
                .map(super::OfferedAccount::snapshot)
                .collect(),
            receipt_sha256: receipt.sha256(),
        };
        Ok((command, record))
    }

    /// One transaction, detached from the browser's connection. Whoever comes second (a double click,
    /// another replica, the clock) gets a refusal and changes nothing.
    async fn decide(
        &self,
        session: &mut Session,
        command: Command,
        mut record: DecisionRecord,
    ) -> Result<(), DecideError> {
        let customer = record.customer.clone();
        session.journey.step = Step::Decided { customer };
        record.session = Some(SessionMove {
            sha256: fingerprint(&session.id),
            state: serde_json::json!(session.journey),
        });
        let (store, clock, id) = (
            self.store.clone(),
            self.clock.clone(),
            session.consent_id.clone(),
        );
        let decided = detached(async move {
            loop {
                let consent = store.consent(&id).await?.ok_or(DecideError::Gone)?;
                let outcome = apply(&consent, command.clone(), clock.now())?;
                let Outcome::Changed(change) = outcome else {
                    return Ok(());
                };
                let change: Change = *change;
                match store.decide(&change, &record).await {
                    // The consent changed between reading and writing: look again. The state machine
                    // ends the loop, because a decided consent refuses.
                    Err(StoreError::Stale) => {}
                    other => return other.map_err(DecideError::Store),
                }
            }
        });
        decided.await??;
        self.deliveries.notify_one();
        Ok(())
    }

    fn decline_code(&self, decline: Decline) -> ReasonCode {
        match decline {
            Decline::ByCustomer => self.profile.declined_reason,
            Decline::NoEligibleAccount => self.profile.no_account_reason,
        }
    }

    fn receipt(&self, consent_id: &ConsentId, reviewed: ReviewedText) -> Receipt {
        Receipt {
            consent_id: consent_id.clone(),
            language: reviewed.language,
            template_hash: reviewed.template_hash,
            text: reviewed.text,
            created_at: self.clock.now(),
        }
    }
}
