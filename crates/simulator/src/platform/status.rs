//! The consent's states and the transitions between them. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The wire spelling is lower snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentStatus {
    AwaitingAuthorization,
    Authorized,
    Expired,
    Failed,
    Rejected,
    Revoked,
    Suspended,
}

impl ConsentStatus {
    pub const ALL: [Self; 7] = [
        Self::AwaitingAuthorization,
        Self::Authorized,
        Self::Expired,
        Self::Failed,
        Self::Rejected,
        Self::Revoked,
        Self::Suspended,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAuthorization => "awaiting_authorization",
            Self::Authorized => "authorized",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
        }
    }

    /// PayNet's consent states, v1.2.2 §13.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::AwaitingAuthorization => {
                matches!(next, Self::Authorized | Self::Failed | Self::Rejected)
            }
            Self::Authorized => matches!(next, Self::Suspended | Self::Expired | Self::Revoked),
            Self::Suspended => matches!(next, Self::Authorized | Self::Revoked | Self::Expired),
            Self::Expired | Self::Failed | Self::Rejected | Self::Revoked => false,
        }
    }

    pub fn is_terminal(self) -> bool {
        !Self::ALL.into_iter().any(|next| self.may_become(next))
    }
}

impl fmt::Display for ConsentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
