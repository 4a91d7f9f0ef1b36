//! The ledger, chain by chain, and beside each chain what the other tables say of that consent.

use std::collections::{HashMap, HashSet};

use super::chain::Chain;
use super::finding::Findings;
use super::{Bounds, PAGE, Report, Runs, Verification};
use crate::store::{LEDGER, LedgerRow, StoreResult};

impl Verification<'_> {
    /// Answers the consents that somebody says retention erased, and no run on record did.
    pub(super) async fn ledger(
        &self,
        bounds: &Bounds,
        runs: &Runs,
        report: &mut Report,
        findings: &mut Findings,
    ) -> StoreResult<HashSet<String>> {
        let mut claimed = HashSet::new();
        let mut chain: Option<Chain> = None;
        // The last row that was read: the next page begins after it.
        let mut after = (String::new(), i32::MIN);
        loop {
            let begin = (after.0.as_str(), after.1);
            let page = self.store.ledger_page(begin, PAGE).await?;
            if let Some(last) = page.last() {
                after = (last.chain.clone(), last.seq);
            }
            let covered = self.covered_of(&page).await?;
            let mut finished = Vec::new();
            for row in &page {
                if chain.as_ref().is_none_or(|chain| chain.name != row.chain) {
                    finished.extend(chain.replace(Chain::begin(&row.chain)));
                }
                let Some(chain) = &mut chain else {
                    continue;
                };
                chain.add(row, findings);
                report.entries += 1;
                let up_to = covered.get(&row.chain).copied().unwrap_or_default();
                if row.seq > up_to {
                    let place = format!("{}, entry {}", chain.place(), row.seq);
                    bounds.not_covered(("ledger.uncovered", place), row.at.0, report, findings);
                }
            }
            let is_last = page.is_empty();
            if is_last {
                finished.extend(chain.take());
            }
            for chain in &mut finished {
                report.chains += 1;
                report.erased_entries += chain.erased.map_or(0, |(count, _)| count);
                chain.erasures_are_recorded(runs, findings);
                if chain.claims_erasure() {
                    claimed.insert(chain.name.clone());
                }
            }
            self.consents_of_chains(&finished, findings).await?;
            self.watch.done(page.len() as u64);
            if is_last {
                return Ok(claimed);
            }
        }
    }

    async fn covered_of(&self, page: &[LedgerRow]) -> StoreResult<HashMap<String, i32>> {
        let mut chains: Vec<_> = page.iter().map(|row| row.chain.clone()).collect();
        chains.dedup();
        if chains.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self
            .store
            .covered(LEDGER, &chains)
            .await?
            .into_iter()
            .collect())
    }
}

impl Bounds {
    /// An entry that no checkpoint covers: one that is to come does, or none ever will.
    pub fn not_covered(
        &self,
        (what, place): (&'static str, String),
        at: chrono::DateTime<chrono::Utc>,
        report: &mut Report,
        findings: &mut Findings,
    ) {
        if at < self.up_to {
            findings.add(
                what,
                place,
                format!("it says that it is of {}, but no checkpoint of that time covers it: it was added later", at.to_rfc3339()),
            );
        } else if at < self.due {
            findings.add(
                what,
                place,
                format!("no checkpoint covers it, though it is of {} and there are entries from hours later: checkpoints were removed, or the service makes none", at.to_rfc3339()),
            );
        } else {
            report.not_covered_yet += 1;
        }
    }
}
