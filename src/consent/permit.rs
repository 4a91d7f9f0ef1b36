//! The only way from a consent to customer data.
//!
//! A bank's data methods take a [`Grant`], and only [`permit`] makes one; so data without a valid consent
//! cannot be asked for by construction.

use chrono::{DateTime, Utc};

use super::state::{Consent, Permission, Purpose, Status};
use crate::ids::{AccountId, ConsentId, CustomerId, DcId};

/// A request for data, as far as the signature of the Data Consumer proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataCall {
    pub consent_id: ConsentId,
    pub dc_id: DcId,
    pub account_id: AccountId,
    pub permission: Permission,
}

/// Leave to read one kind of data of one account, now. Cannot be made outside this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    consent_id: ConsentId,
    dc_id: DcId,
    customer: CustomerId,
    account_id: AccountId,
    permission: Permission,
    purpose: Purpose,
}

impl Grant {
    pub fn consent_id(&self) -> &ConsentId {
        &self.consent_id
    }

    pub fn dc_id(&self) -> &DcId {
        &self.dc_id
    }

    pub fn customer(&self) -> &CustomerId {
        &self.customer
    }

    pub fn account_id(&self) -> &AccountId {
        &self.account_id
    }

    pub fn permission(&self) -> Permission {
        self.permission
    }

    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
}

/// Why a call gets no data. The words are for the log and the error description; none names the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermitRefusal {
    #[error("the consent does not cover this account")]
    AccountNotCovered,
    #[error("the consent has expired")]
    Expired,
    #[error("the consent is {0}")]
    NotAuthorized(Status),
    #[error("the consent belongs to another Data Consumer")]
    OtherConsumer,
    #[error("the consent does not include this kind of data")]
    PermissionMissing,
}

/// `accounts` are the accounts the customer chose for this consent.
pub fn permit(
    consent: &Consent,
    accounts: &[AccountId],
    call: &DataCall,
    now: DateTime<Utc>,
) -> Result<Grant, PermitRefusal> {
    if consent.dc_id != call.dc_id || consent.id != call.consent_id {
        return Err(PermitRefusal::OtherConsumer);
    }
    if consent.status != Status::Authorized {
        return Err(PermitRefusal::NotAuthorized(consent.status));
    }
    if now >= consent.expires_at {
        return Err(PermitRefusal::Expired);
    }
    let Some(customer) = &consent.customer else {
        return Err(PermitRefusal::AccountNotCovered);
    };
    if !accounts.contains(&call.account_id) {
        return Err(PermitRefusal::AccountNotCovered);
    }
    if !consent.permissions.contains(&call.permission) {
        return Err(PermitRefusal::PermissionMissing);
    }
    Ok(Grant {
        consent_id: consent.id.clone(),
        dc_id: consent.dc_id.clone(),
        customer: customer.clone(),
        account_id: call.account_id.clone(),
        permission: call.permission,
        purpose: consent.purpose,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::consent::transition::tests::sample;

    fn authorized() -> (Consent, Vec<AccountId>, DataCall) {
        let mut consent = sample();
        consent.status = Status::Authorized;
        consent.customer = Some(CustomerId::parse("customer-1").unwrap());
        let account = AccountId::parse("account-1").unwrap();
        let call = DataCall {
            consent_id: consent.id.clone(),
            dc_id: consent.dc_id.clone(),
            account_id: account.clone(),
            permission: Permission::ReadBalances,
        };
        (consent, vec![account], call)
    }

    #[test]
    fn an_authorized_consent_grants_what_it_covers() {
        let (consent, accounts, call) = authorized();
        let grant = permit(&consent, &accounts, &call, consent.created_at).unwrap();
        assert_eq!(grant.account_id(), &accounts[0]);
    }

    #[test]
    fn nothing_else_is_granted() {
        let (consent, accounts, call) = authorized();
        let now = consent.created_at;
        let refusal = |consent: &Consent, accounts: &[AccountId], call: &DataCall, now| {
            permit(consent, accounts, call, now).unwrap_err()
        };
        for status in Status::ALL.into_iter().filter(|s| *s != Status::Authorized) {
            let other = Consent {
                status,
                ..consent.clone()
            };
            assert_eq!(
                refusal(&other, &accounts, &call, now),
                PermitRefusal::NotAuthorized(status)
            );
        }
        assert_eq!(
            refusal(&consent, &accounts, &call, consent.expires_at),
            PermitRefusal::Expired
        );
        assert!(
            permit(
                &consent,
                &accounts,
                &call,
                consent.expires_at - TimeDelta::microseconds(1)
            )
            .is_ok()
        );
        assert_eq!(
            refusal(&consent, &[], &call, now),
            PermitRefusal::AccountNotCovered
        );
        let foreign = DataCall {
            dc_id: DcId::parse("another").unwrap(),
            ..call.clone()
        };
        assert_eq!(
            refusal(&consent, &accounts, &foreign, now),
            PermitRefusal::OtherConsumer
        );
        let wider = DataCall {
            permission: Permission::ReadTransactions,
            ..call.clone()
        };
        assert_eq!(
            refusal(&consent, &accounts, &wider, now),
            PermitRefusal::PermissionMissing
        );
        let nobody = Consent {
            customer: None,
            ..consent.clone()
        };
        assert_eq!(
            refusal(&nobody, &accounts, &call, now),
            PermitRefusal::AccountNotCovered
        );
    }
}
