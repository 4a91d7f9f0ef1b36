//! What can go wrong between the consumer and PayNet, and what the person is told.

use izin_jose::{DecryptError, SignError};

use crate::keys::{KeysError, TokenError};

/// Why PayNet, or the bank behind it, did not do what the consumer asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum PaynetError {
    #[error("the answer cannot be decrypted: {0}")]
    Decrypt(#[from] DecryptError),
    #[error("PayNet cannot be reached: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer has no {0}")]
    Incomplete(&'static str),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Keys(#[from] KeysError),
    #[error("refused with {status} {code}")]
    Refused { status: u16, code: String },
    #[error("{0}")]
    Sign(#[from] SignError),
    #[error("the answer is not believed: {0}")]
    Token(#[from] TokenError),
}

impl PaynetError {
    /// For the person; the cause is for the log.
    pub(super) fn message(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } if code == "Consent.Invalid" => {
                "Sharing has ended. Link the account again to see it here."
            }
            Self::Refused { code, .. } if code == "Consent.TransientAccountAccessFailure" => {
                "The bank cannot show this account right now. Please try again later."
            }
            Self::Refused {
                status: 401 | 403, ..
            } => "The bank does not share this account with us any more.",
            Self::Refused {
                status: 429 | 503 | 504,
                ..
            }
            | Self::Http(_) => "The bank cannot be reached right now. Please try again.",
            Self::Decrypt(_) | Self::Keys(_) | Self::Token(_) => {
                "We got an answer that we cannot trust, and have not used it."
            }
            Self::Incomplete(_) | Self::Json(_) | Self::Refused { .. } | Self::Sign(_) => {
                "Something went wrong on the way to the bank."
            }
        }
    }
}
