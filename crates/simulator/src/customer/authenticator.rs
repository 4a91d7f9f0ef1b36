//! The customer's authenticator app: codes from a shared secret and the time (RFC 6238).
//!
//! A careful provider takes each code once, so the app hands out, after the present code, the next and the last one, and then has its
//! customer wait, as a person would.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use totp_rs::{Algorithm, Secret, TOTP};

use super::CustomerError;

const STEP: u64 = 30;
const DIGITS: usize = 6;

/// The time for codes, in seconds since 1970.
type Seconds = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Clones share what was used.
#[derive(Clone)]
pub(super) struct Authenticator {
    now: Seconds,
    used: Arc<Mutex<HashSet<(String, u64)>>>,
}

impl Authenticator {
    pub(super) fn new() -> Self {
        Self {
            now: Arc::new(machine_seconds),
            used: Arc::default(),
        }
    }

    pub(super) fn with_clock(mut self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.now = Arc::new(now);
        self
    }

    /// A code this username has not used yet. Waits for the next one if there is none.
    pub(super) async fn code(&self, username: &str, secret: &str) -> Result<String, CustomerError> {
        let totp = totp(secret)?;
        loop {
            let present = (self.now)() / STEP;
            let unused = [present, present + 1, present.saturating_sub(1)]
                .into_iter()
                .find(|step| self.take(username, *step));
            if let Some(step) = unused {
                return Ok(totp.generate(step * STEP));
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    fn take(&self, username: &str, step: u64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert((username.to_owned(), step))
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}

fn totp(secret: &str) -> Result<TOTP, CustomerError> {
    let secret = Secret::Encoded(secret.to_owned());
    let secret = secret.to_bytes().map_err(|_| CustomerError::Secret)?;
    // Unchecked, because secrets for demonstrations are shorter than RFC 4226 asks of real ones.
    Ok(TOTP::new_unchecked(
        Algorithm::SHA1,
        DIGITS,
        1,
        STEP,
        secret,
    ))
}

fn machine_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map(|time| time.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn codes_are_those_of_rfc_6238_and_each_comes_once() {
        // "12345678901234567890"; the RFC's codes have eight digits, the last six are ours.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let app = Authenticator::new().with_clock(|| 1_111_111_109);
        let first = app.code("paynet", secret).await;
        assert_eq!(first.ok().as_deref(), Some("081804"));
        let second = app.code("paynet", secret).await;
        assert_eq!(second.ok().as_deref(), Some("050471"));
        let of_another = app.code("aminah", secret).await;
        assert_eq!(of_another.ok().as_deref(), Some("081804"));
        assert!(app.code("paynet", "not base 32!").await.is_err());
    }
}
