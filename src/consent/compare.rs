//! Where PayNet has a consent otherwise than we do. Two ends are not told apart: nothing flows after either, and some of ours have no
//! word of their own at PayNet (a timeout is told as a rejection, a stop before PayNet heard of the approval as well).

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};

use super::command::NewConsent;
use super::state::{Consent, Permission, Status};
use crate::ids::AccountId;

/// What is otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    Accounts,
    Consumer,
    Expiry,
    Permissions,
    Purpose,
    Status,
    /// PayNet does not know the consent.
    Unknown,
    /// PayNet's answer is none that can be read.
    Unusable,
}

impl DifferenceKind {
    pub const ALL: [Self; 8] = [
        Self::Accounts,
        Self::Consumer,
        Self::Expiry,
        Self::Permissions,
        Self::Purpose,
        Self::Status,
        Self::Unknown,
        Self::Unusable,
    ];

    /// The stable word, in the database, the log and the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Consumer => "consumer",
            Self::Expiry => "expiry",
            Self::Permissions => "permissions",
            Self::Purpose => "purpose",
            Self::Status => "status",
            Self::Unknown => "unknown",
            Self::Unusable => "unusable",
        }
    }
}

/// Both sides in words that name no customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub kind: DifferenceKind,
    pub ours: String,
    pub theirs: String,
}

impl Difference {
    /// PayNet has nothing to compare with.
    pub fn without_theirs(consent: &Consent, kind: DifferenceKind, told: &str) -> Self {
        Self {
            kind,
            ours: consent.status.to_string(),
            theirs: told.to_owned(),
        }
    }
}

/// `accounts` are ours; `their_accounts` is `None` where PayNet says nothing of them.
pub fn differences(
    ours: &Consent,
    accounts: &[AccountId],
    theirs: &NewConsent,
    their_accounts: Option<&[AccountId]>,
) -> Vec<Difference> {
    let both_over = ours.status.is_terminal() && theirs.status.is_terminal();
    let mut found = Vec::new();
    let mut compare = |kind, ours: String, theirs: String| {
        if ours != theirs {
            found.push(Difference { kind, ours, theirs });
        }
    };
    if !both_over {
        let (ours, theirs) = (ours.status.to_string(), theirs.status.to_string());
        compare(DifferenceKind::Status, ours, theirs);
    }
    let (dc_id, their_dc_id) = (ours.dc_id.to_string(), theirs.dc_id.to_string());
    compare(DifferenceKind::Consumer, dc_id, their_dc_id);
    let (purpose, their_purpose) = (ours.purpose.as_str(), theirs.purpose.as_str());
    compare(
        DifferenceKind::Purpose,
        purpose.into(),
        their_purpose.into(),
    );
    let (names, their_names) = (names(&ours.permissions), names(&theirs.permissions));
    compare(DifferenceKind::Permissions, names, their_names);
    let (end, their_end) = (moment(ours.expires_at), moment(theirs.expires_at));
    compare(DifferenceKind::Expiry, end, their_end);
    let is_running = matches!(ours.status, Status::Authorized | Status::Suspended);
    if let Some(theirs) = their_accounts
        && is_running
    {
        compare(DifferenceKind::Accounts, ids(accounts), ids(theirs));
    }
    found
}

fn names(permissions: &[Permission]) -> String {
    let names: BTreeSet<_> = permissions.iter().map(|one| one.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn ids(accounts: &[AccountId]) -> String {
    let ids: BTreeSet<_> = accounts.iter().map(AccountId::as_str).collect();
    ids.into_iter().collect::<Vec<_>>().join(", ")
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::consent::state::Purpose;
    use crate::consent::transition::tests::{sample, sample_new};
    use crate::ids::DcId;

    fn account(id: &str) -> AccountId {
        AccountId::parse(id).unwrap()
    }

    fn kinds(ours: &Consent, theirs: &NewConsent) -> Vec<DifferenceKind> {
        let accounts = [account("a"), account("b")];
        let found = differences(ours, &accounts, theirs, Some(&accounts));
        found.into_iter().map(|one| one.kind).collect()
    }

    #[test]
    fn the_same_is_the_same_in_any_order() {
        let (ours, theirs) = (sample(), sample_new());
        assert_eq!(kinds(&ours, &theirs), []);
        let running = Consent {
            status: Status::Authorized,
            ..sample()
        };
        let theirs = NewConsent {
            status: Status::Authorized,
            permissions: theirs.permissions.iter().rev().copied().collect(),
            ..theirs
        };
        let (ours, turned) = ([account("a"), account("b")], [account("b"), account("a")]);
        assert_eq!(differences(&running, &ours, &theirs, Some(&turned)), []);
        assert_eq!(differences(&running, &ours, &theirs, None), []);
        let fewer = differences(&running, &ours, &theirs, Some(&turned[1..]));
        assert_eq!(fewer[0].kind, DifferenceKind::Accounts);
        assert_eq!((&*fewer[0].ours, &*fewer[0].theirs), ("a, b", "a"));
    }

    #[test]
    fn each_thing_is_told_by_itself() {
        let ours = sample();
        for (theirs, kind) in [
            (
                NewConsent {
                    dc_id: DcId::parse("another").unwrap(),
                    ..sample_new()
                },
                DifferenceKind::Consumer,
            ),
            (
                NewConsent {
                    expires_at: ours.expires_at + TimeDelta::microseconds(1),
                    ..sample_new()
                },
                DifferenceKind::Expiry,
            ),
            (
                NewConsent {
                    permissions: Vec::new(),
                    ..sample_new()
                },
                DifferenceKind::Permissions,
            ),
            (
                NewConsent {
                    purpose: Purpose::CreditUnderwriting,
                    ..sample_new()
                },
                DifferenceKind::Purpose,
            ),
            (
                NewConsent {
                    status: Status::Failed,
                    ..sample_new()
                },
                DifferenceKind::Status,
            ),
        ] {
            assert_eq!(kinds(&ours, &theirs), [kind]);
        }
    }

    #[test]
    fn two_ends_are_one() {
        for ours in Status::ALL {
            for theirs in Status::ALL {
                let consent = Consent {
                    status: ours,
                    ..sample()
                };
                let remote = NewConsent {
                    status: theirs,
                    ..sample_new()
                };
                let same = ours == theirs || (ours.is_terminal() && theirs.is_terminal());
                let told = !kinds(&consent, &remote).is_empty();
                assert_eq!(told, !same, "{ours} and {theirs}");
            }
        }
    }
}
