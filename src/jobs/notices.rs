//! Notices: what the bank is to tell the customer about their data sharing, with time and data categories.
//!
//! They wait in the outbox beside what is for PayNet, and neither waits for the other.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::FixedOffset;
use uuid::{Builder, Uuid};

use super::deliver::{Deliveries, Verdict};
use crate::bank::{BankError, types};
use crate::consent::{Actor, Consent, Notice, NoticeKind, Permission, Purpose};
use crate::store::{Lease, StoreError};

/// Malaysian time, which is how the bank's other systems write it.
const MYT_SECONDS: i32 = 8 * 3600;

impl Deliveries {
    pub(super) async fn tell_customer(
        &self,
        lease: &Lease,
        consent: &Consent,
        notice: &Notice,
    ) -> Result<Verdict, StoreError> {
        let Some(customer) = &consent.customer else {
            return Ok(Verdict::Done(None));
        };
        let account_references = self.store.consented_references(&consent.id).await?;
        if account_references.is_empty() {
            return Ok(Verdict::Done(None));
        }
        let receipt = self.store.receipt(&consent.id).await?;
        let language = receipt.and_then(|receipt| match receipt.language.as_str() {
            "en" => Some(types::Language::En),
            "ms" => Some(types::Language::Ms),
            _ => None,
        });
        let Some(zone) = FixedOffset::east_opt(MYT_SECONDS) else {
            return Ok(Verdict::Parked("no time zone".into()));
        };
        let is_running = matches!(notice.kind, NoticeKind::Started | NoticeKind::Resumed);
        let dc_id = consent.dc_id.to_string();
        let body = types::Notice {
            kind: kind(notice.kind),
            occurred_at: notice.at.with_timezone(&zone),
            caused_by: cause(notice.caused_by),
            consent_id: consent.id.clone(),
            dc_id: consent.dc_id.clone(),
            dc_name: self.consumers.get(&dc_id).cloned().unwrap_or(dc_id),
            purpose: match consent.purpose {
                Purpose::CreditUnderwriting => types::Purpose::CreditUnderwriting,
                Purpose::PersonalFinance => types::Purpose::Pfm,
            },
            data_categories: consent
                .permissions
                .iter()
                .map(|one| category(*one))
                .collect(),
            account_references,
            expires_at: is_running.then(|| consent.expires_at.with_timezone(&zone)),
            language,
        };
        let told = self.bank.notify(key(&lease.delivery), customer, body).await;
        Ok(match told {
            Ok(()) => Verdict::Done(None),
            Err(BankError::Unsupported(_)) => {
                tracing::info!(consent = %consent.id, "the bank takes no notices: the customer is not told");
                Verdict::Done(None)
            }
            Err(BankError::Unavailable {
                reason,
                retry_after,
            }) => Verdict::Later {
                detail: reason,
                retry_after: retry_after
                    .map(|seconds| std::time::Duration::from_secs(seconds.into())),
            },
            // An operator has to let us in first; then it goes on by itself.
            Err(error @ BankError::Refused(_)) => Verdict::later(error.to_string()),
            Err(error) => Verdict::Parked(error.to_string()),
        })
    }
}

/// The same for every attempt, and after a restart.
fn key(delivery: &str) -> Uuid {
    let hash = digest(&SHA256, delivery.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}

fn kind(kind: NoticeKind) -> types::NoticeKind {
    match kind {
        NoticeKind::Expired => types::NoticeKind::SharingExpired,
        NoticeKind::Failed => types::NoticeKind::SharingFailed,
        NoticeKind::Resumed => types::NoticeKind::SharingResumed,
        NoticeKind::Started => types::NoticeKind::SharingStarted,
        NoticeKind::Stopped => types::NoticeKind::SharingStopped,
        NoticeKind::Suspended => types::NoticeKind::SharingSuspended,
    }
}

fn cause(by: Actor) -> types::NoticeCause {
    match by {
        Actor::Bank => types::NoticeCause::Bank,
        Actor::Customer => types::NoticeCause::Customer,
        Actor::DataConsumer => types::NoticeCause::DataConsumer,
        Actor::Platform => types::NoticeCause::Platform,
        Actor::Term => types::NoticeCause::Term,
    }
}

fn category(permission: Permission) -> types::DataCategory {
    match permission {
        Permission::ReadAccounts => types::DataCategory::Accounts,
        Permission::ReadBalances => types::DataCategory::Balances,
        Permission::ReadTransactions => types::DataCategory::Transactions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_keeps_its_key() {
        assert_eq!(key("c-1:3:bank"), key("c-1:3:bank"));
        assert_ne!(key("c-1:3:bank"), key("c-1:4:bank"));
        assert_eq!(key("c-1:3:bank").get_version_num(), 4);
    }
}
