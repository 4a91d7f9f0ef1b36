//! The access log, segment by segment.

use std::collections::{HashMap, HashSet};

use super::finding::Findings;
use super::{Bounds, PAGE, Report, Verification, has_line_feed};
use crate::consent::{personal, sealed};
use crate::store::{ACCESS, AccessRow, At, StoreResult};

/// What has been read of a segment.
struct Segment {
    id: String,
    position: i32,
    hash: String,
}

impl Verification<'_> {
    pub(super) async fn access_log(
        &self,
        bounds: &Bounds,
        claimed: &HashSet<String>,
        report: &mut Report,
        findings: &mut Findings,
    ) -> StoreResult<()> {
        let mut segment: Option<Segment> = None;
        // The last row that was read: the next page begins after it.
        let mut after = (String::new(), i32::MIN);
        loop {
            let begin = (after.0.as_str(), after.1);
            let page = self.store.access_page(begin, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = (last.segment.clone(), last.position);
            let mut segments: Vec<_> = page.iter().map(|row| row.segment.clone()).collect();
            segments.dedup();
            let covered = self.store.covered(ACCESS, &segments).await?;
            let covered: HashMap<_, _> = covered.into_iter().collect();
            let erased = self.erased_consents(&page, claimed).await?;
            for row in &page {
                if segment
                    .as_ref()
                    .is_none_or(|segment| segment.id != row.segment)
                {
                    report.segments += 1;
                    segment = Some(Segment {
                        id: row.segment.clone(),
                        position: 0,
                        hash: String::new(),
                    });
                }
                let Some(segment) = &mut segment else {
                    continue;
                };
                segment.add(row, findings);
                report.accesses += 1;
                personal_fits(row, &erased, report, findings);
                let up_to = covered.get(&row.segment).copied().unwrap_or_default();
                if row.position > up_to {
                    let what = ("access.uncovered", place(row));
                    bounds.not_covered(what, row.at.0, report, findings);
                }
            }
            self.watch.done(page.len() as u64);
        }
    }

    /// Of the consents in rows without personal values: when retention last erased. Not of those that are only claimed to be erased.
    async fn erased_consents(
        &self,
        page: &[AccessRow],
        claimed: &HashSet<String>,
    ) -> StoreResult<HashMap<String, At>> {
        let bare = page.iter().filter(|row| row.salt.is_none());
        let bare = bare.filter(|row| !claimed.contains(&row.consent_id));
        let consents: HashSet<_> = bare.map(|row| row.consent_id.clone()).collect();
        if consents.is_empty() {
            return Ok(HashMap::new());
        }
        let consents: Vec<_> = consents.into_iter().collect();
        let mut erased = HashMap::new();
        for entry in self.store.entries_of_kind("erased", &consents).await? {
            let latest = erased.entry(entry.chain).or_insert(entry.at);
            *latest = entry.at.max(*latest);
        }
        Ok(erased)
    }
}

fn place(row: &AccessRow) -> String {
    format!(
        "segment {}, row {} (consent {})",
        row.segment, row.position, row.consent_id
    )
}

impl Segment {
    fn add(&mut self, row: &AccessRow, findings: &mut Findings) {
        let first = i64::from(self.position) + 1;
        let last = i64::from(row.position) - 1;
        let is_next = last + 1 == first;
        if row.position < 1 {
            let means = "the first row has the number 1: somebody else added it";
            findings.add("access.edited", place(row), means);
        } else if !is_next {
            findings.add(
                "access.removed",
                place(row),
                format!("the rows from {first} to {last} were removed before it"),
            );
        }
        let is_plain = !has_line_feed(&[
            &row.segment,
            &row.consent_id,
            &row.dc_id,
            &row.category,
            &row.outcome,
            &row.interaction_id,
        ]);
        let fits = is_plain && row.link().hash(&self.hash) == row.hash;
        if is_next && !fits {
            findings.add(
                "access.edited",
                place(row),
                "its hash is not that of what stands there: it was changed, or it is not where it was",
            );
        }
        self.position = row.position.max(0);
        self.hash.clone_from(&row.hash);
    }
}

fn personal_fits(
    row: &AccessRow,
    erased: &HashMap<String, At>,
    report: &mut Report,
    findings: &mut Findings,
) {
    let means = match (&row.salt, &row.account_id) {
        (Some(salt), Some(account)) => {
            let personal = personal(row.customer_id.as_deref(), account);
            if sealed(salt, &personal) == row.personal_sha256 {
                return;
            }
            "its customer or account is not what was hashed"
        }
        (None, None) if row.customer_id.is_none() => {
            report.erased_accesses += 1;
            if erased.get(&row.consent_id).is_some_and(|at| row.at <= *at) {
                return;
            }
            "its customer and account are missing, and no run of retention that is on record erased them"
        }
        _ => "customer, account and salt are not complete",
    };
    findings.add("access.edited", place(row), means);
}
