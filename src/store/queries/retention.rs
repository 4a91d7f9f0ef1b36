//! Erasing what is personal when its time is over. The only queries that change the ledger and the access log, and they leave every hash
//! as it is.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::Conn;
use super::consents::write_change;
use crate::consent::{Change, INSTALLATION};
use crate::store::rows::ConsentRow;
use crate::store::schema::{
    access_log, accounts, consent_accounts, consent_events, consents, decisions, ledger, outbox,
    receipts,
};
use crate::store::types::At;
use crate::store::{Erasable, StoreResult};

const ENDED: [&str; 4] = ["rejected", "failed", "expired", "revoked"];

/// Consents that ended before `cutoff` and have something personal left, in the order of their ids.
pub async fn erasable(
    conn: &mut Conn,
    cutoff: At,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<ConsentRow>> {
    let changed_since = consents::erased_at.is_null().or(consents::erased_at
        .assume_not_null()
        .lt(consents::changed_at));
    Ok(consents::table
        .filter(consents::status.eq_any(ENDED))
        .filter(consents::changed_at.lt(cutoff))
        .filter(changed_since)
        .filter(consents::consent_id.gt(after))
        .order(consents::consent_id)
        .limit(limit)
        .select(ConsentRow::as_select())
        .load(conn)
        .await?)
}

/// What [`erase`] would take away of these consents.
pub async fn count_erasable(conn: &mut Conn, ids: &[String]) -> StoreResult<Erasable> {
    let entries: i64 = ledger::table
        .filter(ledger::chain.eq_any(ids))
        .filter(ledger::salt.is_not_null())
        .count()
        .get_result(conn)
        .await?;
    let accesses: i64 = access_log::table
        .filter(access_log::consent_id.eq_any(ids))
        .filter(access_log::salt.is_not_null())
        .count()
        .get_result(conn)
        .await?;
    let receipts: i64 = receipts::table
        .filter(receipts::consent_id.eq_any(ids))
        .count()
        .get_result(conn)
        .await?;
    let decisions: i64 = decisions::table
        .filter(decisions::consent_id.eq_any(ids))
        .count()
        .get_result(conn)
        .await?;
    let events: i64 = consent_events::table
        .filter(consent_events::consent_id.eq_any(ids))
        .count()
        .get_result(conn)
        .await?;
    let accounts: i64 = consent_accounts::table
        .filter(consent_accounts::consent_id.eq_any(ids))
        .count()
        .get_result(conn)
        .await?;
    Ok(Erasable {
        consents: ids.len() as u64,
        entries: entries.unsigned_abs(),
        accesses: accesses.unsigned_abs(),
        receipts: receipts.unsigned_abs(),
        decisions: decisions.unsigned_abs(),
        events: events.unsigned_abs(),
        accounts: accounts.unsigned_abs(),
    })
}

/// Erases what is personal of one consent, whose `change` is the entry that says so; answers how much that was. All of it or nothing.
pub async fn erase(
    conn: &mut Conn,
    change: &Change,
    customer: Option<&str>,
) -> StoreResult<Erasable> {
    let (change, customer) = (change.clone(), customer.map(str::to_owned));
    conn.transaction(async move |conn| {
        let id = change.consent.id.as_str();
        let decided: Option<Option<String>> = decisions::table
            .find(id)
            .select(decisions::customer_id)
            .first(conn)
            .await
            .optional()?;
        // First: it finds out whether the consent is still what it was.
        write_change(conn, &change).await?;
        let entries = diesel::update(
            ledger::table
                .filter(ledger::chain.eq(id))
                .filter(ledger::seq.lt(change.ledger.seq))
                .filter(ledger::data_sha256.is_not_null())
                .filter(ledger::salt.is_not_null()),
        )
        .set((
            ledger::data.eq(None::<String>),
            ledger::salt.eq(None::<String>),
        ))
        .execute(conn)
        .await?;
        let accesses = diesel::update(
            access_log::table
                .filter(access_log::consent_id.eq(id))
                .filter(access_log::salt.is_not_null()),
        )
        .set((
            access_log::customer_id.eq(None::<String>),
            access_log::account_id.eq(None::<String>),
            access_log::salt.eq(None::<String>),
        ))
        .execute(conn)
        .await?;
        let receipts = diesel::delete(receipts::table.find(id))
            .execute(conn)
            .await?;
        let decisions = diesel::delete(decisions::table.find(id))
            .execute(conn)
            .await?;
        let events = consent_events::table.filter(consent_events::consent_id.eq(id));
        let events = diesel::delete(events).execute(conn).await?;
        let accounts = consent_accounts::table.filter(consent_accounts::consent_id.eq(id));
        let accounts = diesel::delete(accounts).execute(conn).await?;
        diesel::delete(outbox::table.filter(outbox::consent_id.eq(id)))
            .execute(conn)
            .await?;
        for customer in customer.into_iter().chain(decided.flatten()) {
            let used = consent_accounts::table
                .filter(consent_accounts::account_id.eq(accounts::account_id));
            let unused = accounts::table
                .filter(accounts::customer_id.eq(customer))
                .filter(diesel::dsl::not(diesel::dsl::exists(used)));
            diesel::delete(unused).execute(conn).await?;
        }
        diesel::update(consents::table.find(id))
            .set(consents::erased_at.eq(At(change.consent.changed_at)))
            .execute(conn)
            .await?;
        Ok(Erasable {
            consents: 1,
            entries: entries as u64,
            accesses: accesses as u64,
            receipts: receipts as u64,
            decisions: decisions as u64,
            events: events as u64,
            accounts: accounts as u64,
        })
    })
    .await
}

/// Raw events of consents that ended before `cutoff`, of at most so many consents; answers how many events went.
pub async fn erase_events(conn: &mut Conn, cutoff: At, limit: i64) -> StoreResult<usize> {
    let events = consent_events::table.filter(consent_events::consent_id.eq(consents::consent_id));
    let ids: Vec<String> = consents::table
        .filter(consents::status.eq_any(ENDED))
        .filter(consents::changed_at.lt(cutoff))
        .filter(diesel::dsl::exists(events))
        .limit(limit)
        .select(consents::consent_id)
        .load(conn)
        .await?;
    let events = consent_events::table.filter(consent_events::consent_id.eq_any(ids));
    Ok(diesel::delete(events).execute(conn).await?)
}

/// Raw events of consents that ended from the one moment to the other.
pub async fn count_events_between(conn: &mut Conn, since: At, until: At) -> StoreResult<u64> {
    let ended = consents::table
        .filter(consents::status.eq_any(ENDED))
        .filter(consents::changed_at.ge(since))
        .filter(consents::changed_at.lt(until))
        .select(consents::consent_id);
    let count: i64 = consent_events::table
        .filter(consent_events::consent_id.eq_any(ended))
        .count()
        .get_result(conn)
        .await?;
    Ok(count.unsigned_abs())
}

/// What [`erase_acts`] would erase.
pub async fn count_acts(conn: &mut Conn, kind: &str, cutoff: At) -> StoreResult<u64> {
    let count: i64 = ledger::table
        .filter(ledger::chain.eq(INSTALLATION))
        .filter(ledger::kind.eq(kind))
        .filter(ledger::at.lt(cutoff))
        .filter(ledger::salt.is_not_null())
        .count()
        .get_result(conn)
        .await?;
    Ok(count.unsigned_abs())
}

/// The installation's entries of that kind name customers, and go when those customers' do; answers how many.
pub async fn erase_acts(conn: &mut Conn, kind: &str, cutoff: At) -> StoreResult<usize> {
    let acts = ledger::table
        .filter(ledger::chain.eq(INSTALLATION))
        .filter(ledger::kind.eq(kind))
        .filter(ledger::at.lt(cutoff))
        .filter(ledger::salt.is_not_null());
    Ok(diesel::update(acts)
        .set((
            ledger::data.eq(None::<String>),
            ledger::salt.eq(None::<String>),
        ))
        .execute(conn)
        .await?)
}
