//! The demo bank's half of a sign-in on our own pages.

use async_trait::async_trait;

use super::{DemoBank, TOTP_SECRET_VARIABLE};
use crate::bank::BankError;
use crate::ids::CustomerId;
use crate::sign_in::{CheckedPassword, PasswordCheck, SecondFactor, SignInError};

pub(super) fn totp(secret: &str) -> Result<totp_rs::TOTP, BankError> {
    let bad =
        |problem: String| BankError::unavailable(format!("{TOTP_SECRET_VARIABLE}: {problem}"));
    let bytes = totp_rs::Secret::Encoded(secret.to_owned())
        .to_bytes()
        .map_err(|problem| bad(problem.to_string()))?;
    // Unchecked, because the customary demo secret is shorter than RFC 4226 asks of real ones.
    Ok(totp_rs::TOTP::new_unchecked(
        totp_rs::Algorithm::SHA1,
        6,
        1,
        30,
        bytes,
    ))
}

impl DemoBank {
    #[cfg(feature = "lab")]
    /// The second-factor code of this moment, for the demo's start page.
    pub fn current_code(&self) -> String {
        self.totp.generate(self.seconds())
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now().timestamp()).unwrap_or_default()
    }
}

#[async_trait]
impl PasswordCheck for DemoBank {
    async fn phrase(&self, username: &str) -> Result<Option<String>, SignInError> {
        let known = self
            .customers
            .iter()
            .find(|customer| customer.username == username);
        Ok(known.map(|customer| customer.phrase.clone()))
    }

    async fn check_password(
        &self,
        username: &str,
        password: &str,
    ) -> Result<CheckedPassword, SignInError> {
        use subtle::ConstantTimeEq;
        let known = self
            .customers
            .iter()
            .find(|customer| customer.username == username);
        let expected = known.map_or("", |customer| customer.password.as_str());
        let equal: bool = expected.as_bytes().ct_eq(password.as_bytes()).into();
        match known {
            Some(customer) if equal => Ok(CheckedPassword::Right(customer.id.clone())),
            _ => Ok(CheckedPassword::Wrong),
        }
    }

    async fn check_second_factor(
        &self,
        _customer: &CustomerId,
        code: &str,
    ) -> Result<SecondFactor, SignInError> {
        if self.totp.check(code, self.seconds()) {
            Ok(SecondFactor::Right {
                acr: "urn:izin:acr:two-factor",
                amr: "otp",
            })
        } else {
            Ok(SecondFactor::Wrong)
        }
    }
}
