//! Transactions that could not be put into an order with others: nothing of them was done, and they are tried again.
//!
//! PostgreSQL ends one of two as a serialization failure (40001) or a deadlock (40P01); distributed databases do so as a matter of
//! course. Here is the only place that knows.

use std::time::Duration;

use super::{StoreError, StoreResult};
use crate::secret::random_below;

const MOST: u32 = 8;

/// Doubled with each try, and spread, so that those who met do not meet again.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// Of one operation.
#[derive(Debug, Default)]
pub struct Tries(u32);

impl Tries {
    /// After a conflict: waits until it is time to try again, or gives up after so many times (about a second in all).
    pub async fn again(&mut self, problem: String) -> StoreResult<()> {
        self.0 += 1;
        if self.0 == MOST {
            return Err(StoreError::Unavailable(format!(
                "given up after {MOST} attempts: {problem}"
            )));
        }
        tokio::time::sleep(pause(self.0)).await;
        Ok(())
    }
}

fn pause(tried: u32) -> Duration {
    let base = FIRST_PAUSE * 2u32.pow(tried - 1);
    base + base * random_below(1000) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_ends_sometime() {
        let mut tries = Tries::default();
        for _ in 1..MOST {
            tries.again("conflict".into()).await.unwrap();
        }
        let end = tries.again("conflict".into()).await.unwrap_err();
        assert!(matches!(&end, StoreError::Unavailable(told) if told.ends_with("conflict")));
    }

    #[test]
    fn pauses_grow() {
        assert!(pause(1) >= FIRST_PAUSE && pause(1) <= FIRST_PAUSE * 2);
        assert!(pause(MOST - 1) >= FIRST_PAUSE * 64);
    }
}
