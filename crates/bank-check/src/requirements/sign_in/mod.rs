//! The sign-in on Izin's own pages: phrase, password, second factor.

mod approval;
mod credentials;
mod lock;
mod password;
mod second_factor;
mod text;

pub(crate) use self::{approval::Approval, credentials::FirstCode};
use super::Requirement;
use crate::target::{Options, SetupError};

pub(super) fn requirements() -> Vec<Requirement> {
    [
        password::requirements(),
        second_factor::requirements(),
        approval::requirements(),
        lock::requirements(),
        text::requirements(),
    ]
    .concat()
}

/// Whether the operator's secret can make codes.
pub(super) fn check_secret(options: &Options) -> Result<(), SetupError> {
    match &options.totp_secret {
        Some(secret) => credentials::authenticator(secret).map(|_| ()),
        None => Ok(()),
    }
}
