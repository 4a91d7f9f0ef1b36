//! What the other tables say of a consent, held against its chain: state, terms, accounts and receipt. They are what the service acts on,
//! so a change there is worse than one in the ledger.

use std::collections::HashMap;

use chrono::DateTime;
use serde_json::{Value, json};

use super::chain::Chain;
use super::finding::Findings;
use super::{PAGE, Verification};
use crate::consent::Status;
use crate::store::{ConsentRow, ReceiptRow, StoreResult};

impl Verification<'_> {
    pub(super) async fn consents_of_chains(
        &self,
        chains: &[Chain],
        findings: &mut Findings,
    ) -> StoreResult<()> {
        let ids = chains.iter().filter(|chain| !chain.is_installation());
        let ids: Vec<_> = ids.map(|chain| chain.name.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = self.store.consent_rows(&ids).await?;
        let rows: HashMap<_, _> = rows
            .into_iter()
            .map(|row| (row.consent_id.clone(), row))
            .collect();
        let receipts = self.store.receipts_of(&ids).await?;
        let receipts: HashMap<_, _> = receipts
            .into_iter()
            .map(|row| (row.consent_id.clone(), row))
            .collect();
        let mut accounts: HashMap<String, Vec<String>> = HashMap::new();
        for (consent, account) in self.store.accounts_of(&ids).await? {
            accounts.entry(consent).or_default().push(account);
        }
        for chain in chains.iter().filter(|chain| !chain.is_installation()) {
            let Some(row) = rows.get(&chain.name) else {
                let means = "the ledger has its history, and the consent itself is gone";
                findings.add("consent.removed", chain.place(), means);
                continue;
            };
            consent_fits(chain, row, findings);
            let accounts = accounts.remove(&chain.name).unwrap_or_default();
            accounts_fit(chain, accounts, findings);
            receipt_fits(chain, receipts.get(&chain.name), findings);
        }
        Ok(())
    }

    /// A consent whose history was removed before any checkpoint covered it.
    pub(super) async fn consents_without_history(
        &self,
        findings: &mut Findings,
    ) -> StoreResult<()> {
        let mut after = String::new();
        loop {
            let ids = self.store.consent_ids(&after, PAGE).await?;
            let Some(last) = ids.last() else {
                return Ok(());
            };
            after.clone_from(last);
            let known = self.store.chains_among(&ids).await?;
            let known: std::collections::HashSet<_> = known.into_iter().collect();
            for id in ids.iter().filter(|id| !known.contains(*id)) {
                let means = "there is such a consent, and the ledger has nothing of it";
                findings.add("ledger.removed", format!("consent {id}"), means);
            }
            self.watch.done(ids.len() as u64);
        }
    }
}

fn consent_fits(chain: &Chain, row: &ConsentRow, findings: &mut Findings) {
    let mut differs = |what: &str, ledger: String, table: String| {
        if ledger != table {
            findings.add(
                "consent.edited",
                chain.place(),
                format!("its {what} is {table}, and the ledger says {ledger}"),
            );
        }
    };
    let count = |number: i32| format!("that after {number} changes");
    differs("version", count(chain.last_seq), count(row.version));
    let changed = |at: DateTime<chrono::Utc>| at.to_rfc3339();
    differs(
        "last change",
        changed(chain.last_at),
        changed(row.changed_at.0),
    );
    if let Some(status) = chain.status {
        differs("state", status.as_str().to_owned(), row.status.clone());
    }
    if let Some(registered) = &chain.registered {
        differs("consumer", text(&registered["dc_id"]), row.dc_id.clone());
        differs("purpose", text(&registered["purpose"]), row.purpose.clone());
        differs(
            "list of permissions",
            registered["permissions"].to_string(),
            row.permissions.to_string(),
        );
        let ends = registered["expires_at"].as_str();
        let ends = ends.and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        if let Some(ends) = ends {
            differs("end", changed(ends.to_utc()), changed(row.expires_at.0));
        }
    }
    let runs = Status::parse(&row.status).is_none_or(|status| !status.is_terminal());
    if chain.is_erased() && runs {
        let means = "retention is said to have erased it, and it has not ended";
        findings.add("ledger.erased", chain.place(), means);
    }
    // Never the id itself: what is reported may be passed on.
    let customer = if chain.is_erased() {
        None
    } else {
        chain
            .approved
            .as_ref()
            .map(|approved| text(&approved["customer"]))
    };
    if customer != row.customer_id {
        findings.add(
            "consent.edited",
            chain.place(),
            "its customer is another than the one who approved it",
        );
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn accounts_fit(chain: &Chain, mut shared: Vec<String>, findings: &mut Findings) {
    if chain.is_erased() || chain.approved.is_none() {
        if !shared.is_empty() && !chain.decision_is_erased {
            let means = "accounts are shared under it that no customer approved";
            findings.add("consent.edited", chain.place(), means);
        }
        return;
    }
    let approved = chain.approved.as_ref().map(|data| &data["accounts"]);
    let approved = approved.and_then(Value::as_array).into_iter().flatten();
    let mut approved: Vec<_> = approved.map(text).collect();
    approved.sort_unstable();
    shared.sort_unstable();
    if json!(approved) != json!(shared) {
        let means = "the accounts that are shared under it are others than the customer approved";
        findings.add("consent.edited", chain.place(), means);
    }
}

fn receipt_fits(chain: &Chain, receipt: Option<&ReceiptRow>, findings: &mut Findings) {
    let means = match (&chain.receipt, receipt) {
        _ if chain.is_erased() || chain.decision_is_erased => return,
        (None, None) => return,
        (None, Some(_)) => "there is a receipt of what the ledger knows nothing of",
        (Some(_), None) => "the receipt of the customer's decision is gone",
        (Some(sha256), Some(row)) => {
            if *sha256 == row.sha256 && row.computed_sha256().as_ref() == Some(sha256) {
                return;
            }
            "the receipt is not the one of the customer's decision"
        }
    };
    findings.add("receipt.edited", chain.place(), means);
}
