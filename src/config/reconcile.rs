//! The comparison of our consents with PayNet's.

use schemars::JsonSchema;
use serde::Deserialize;

/// `[reconcile]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    /// Consents, which is calls of PayNet. 0: off.
    pub per_minute: u32,
    /// From the beginning of a round to that of the next, at least.
    pub every_minutes: i64,
}

impl Reconcile {
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        if self.per_minute > 60_000 {
            problems.push("reconcile.per_minute must be between 0 and 60000".into());
        }
        if !(1..=527_040).contains(&self.every_minutes) {
            problems.push("reconcile.every_minutes must be between 1 and 527040 (a year)".into());
        }
    }
}
