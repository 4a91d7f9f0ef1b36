//! Reading everything, page by page: each page begins after the last row of the one before, so that none grows slower than the first.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::store::StoreResult;
use crate::store::evidence_rows::{AccessRow, LedgerRow};
use crate::store::rows::{ConsentRow, DecisionRow, EventRow, ReceiptRow};
use crate::store::schema::{
    access_log, consent_accounts, consent_events, consents, decisions, ledger, receipts,
};
use crate::store::types::At;

/// Chain by chain. Begin with an empty chain. What is left of one chain and the chains after it are asked for apart, so that the index
/// leads to both.
pub async fn ledger_page(
    conn: &mut Conn,
    (chain, seq): (&str, i32),
    limit: i64,
) -> StoreResult<Vec<LedgerRow>> {
    let mut rows = ledger::table
        .filter(ledger::chain.eq(chain))
        .filter(ledger::seq.gt(seq))
        .order(ledger::seq)
        .limit(limit)
        .select(LedgerRow::as_select())
        .load(conn)
        .await?;
    let missing = limit - i64::try_from(rows.len()).unwrap_or(limit);
    if missing > 0 {
        let others: Vec<LedgerRow> = ledger::table
            .filter(ledger::chain.gt(chain))
            .order((ledger::chain, ledger::seq))
            .limit(missing)
            .select(LedgerRow::as_select())
            .load(conn)
            .await?;
        rows.extend(others);
    }
    Ok(rows)
}

/// Segment by segment, as [`ledger_page`].
pub async fn access_page(
    conn: &mut Conn,
    (segment, position): (&str, i32),
    limit: i64,
) -> StoreResult<Vec<AccessRow>> {
    let mut rows = access_log::table
        .filter(access_log::segment.eq(segment))
        .filter(access_log::position.gt(position))
        .order(access_log::position)
        .limit(limit)
        .select(AccessRow::as_select())
        .load(conn)
        .await?;
    let missing = limit - i64::try_from(rows.len()).unwrap_or(limit);
    if missing > 0 {
        let others: Vec<AccessRow> = access_log::table
            .filter(access_log::segment.gt(segment))
            .order((access_log::segment, access_log::position))
            .limit(missing)
            .select(AccessRow::as_select())
            .load(conn)
            .await?;
        rows.extend(others);
    }
    Ok(rows)
}

/// Ids, in order. Begin with an empty one.
pub async fn consent_ids(conn: &mut Conn, after: &str, limit: i64) -> StoreResult<Vec<String>> {
    Ok(consents::table
        .filter(consents::consent_id.gt(after))
        .order(consents::consent_id)
        .limit(limit)
        .select(consents::consent_id)
        .load(conn)
        .await?)
}

/// Those of these chains that have entries.
pub async fn chains_among(conn: &mut Conn, chains: &[String]) -> StoreResult<Vec<String>> {
    Ok(ledger::table
        .filter(ledger::chain.eq_any(chains))
        .select(ledger::chain)
        .distinct()
        .load(conn)
        .await?)
}

/// As they are, also those that this release cannot read.
pub async fn consent_rows(conn: &mut Conn, ids: &[String]) -> StoreResult<Vec<ConsentRow>> {
    Ok(consents::table
        .filter(consents::consent_id.eq_any(ids))
        .select(ConsentRow::as_select())
        .load(conn)
        .await?)
}

pub async fn receipts_of(conn: &mut Conn, ids: &[String]) -> StoreResult<Vec<ReceiptRow>> {
    Ok(receipts::table
        .filter(receipts::consent_id.eq_any(ids))
        .select(ReceiptRow::as_select())
        .load(conn)
        .await?)
}

pub async fn decisions_of(conn: &mut Conn, ids: &[String]) -> StoreResult<Vec<DecisionRow>> {
    Ok(decisions::table
        .filter(decisions::consent_id.eq_any(ids))
        .select(DecisionRow::as_select())
        .load(conn)
        .await?)
}

/// Consent and account, in order.
pub async fn accounts_of(conn: &mut Conn, ids: &[String]) -> StoreResult<Vec<(String, String)>> {
    Ok(consent_accounts::table
        .filter(consent_accounts::consent_id.eq_any(ids))
        .order((consent_accounts::consent_id, consent_accounts::account_id))
        .select((consent_accounts::consent_id, consent_accounts::account_id))
        .load(conn)
        .await?)
}

/// Chain, number and data of the entries of that kind.
pub async fn entries_of_kind(
    conn: &mut Conn,
    kind: &str,
    chains: &[String],
) -> StoreResult<Vec<LedgerRow>> {
    Ok(ledger::table
        .filter(ledger::chain.eq_any(chains))
        .filter(ledger::kind.eq(kind))
        .select(LedgerRow::as_select())
        .load(conn)
        .await?)
}

/// Of a time, oldest first.
pub async fn ledger_between(
    conn: &mut Conn,
    (at, chain, seq): (At, &str, i32),
    until: At,
    limit: i64,
) -> StoreResult<Vec<LedgerRow>> {
    let later_there = ledger::chain.eq(chain).and(ledger::seq.gt(seq));
    Ok(ledger::table
        .filter(ledger::at.ge(at))
        .filter(ledger::at.lt(until))
        .filter(
            ledger::at
                .gt(at)
                .or(ledger::chain.gt(chain))
                .or(later_there),
        )
        .order((ledger::at, ledger::chain, ledger::seq))
        .limit(limit)
        .select(LedgerRow::as_select())
        .load(conn)
        .await?)
}

/// Of a time, and of one consent if wanted; oldest first.
pub async fn accesses_between(
    conn: &mut Conn,
    consent: Option<&str>,
    (at, segment, position): (At, &str, i32),
    until: At,
    limit: i64,
) -> StoreResult<Vec<AccessRow>> {
    let mut query = access_log::table.into_boxed();
    if let Some(consent) = consent {
        query = query.filter(access_log::consent_id.eq(consent));
    }
    let later_there = access_log::segment
        .eq(segment)
        .and(access_log::position.gt(position));
    Ok(query
        .filter(access_log::at.ge(at))
        .filter(access_log::at.lt(until))
        .filter(
            access_log::at
                .gt(at)
                .or(access_log::segment.gt(segment))
                .or(later_there),
        )
        .order((access_log::at, access_log::segment, access_log::position))
        .limit(limit)
        .select(AccessRow::as_select())
        .load(conn)
        .await?)
}

/// Of a time, oldest first; the place is time, consent and hash.
pub async fn events_between(
    conn: &mut Conn,
    (at, consent, sha256): (At, &str, &str),
    until: At,
    limit: i64,
) -> StoreResult<Vec<EventRow>> {
    let later_there = consent_events::consent_id
        .eq(consent)
        .and(consent_events::body_sha256.gt(sha256));
    Ok(consent_events::table
        .filter(consent_events::received_at.ge(at))
        .filter(consent_events::received_at.lt(until))
        .filter(
            consent_events::received_at
                .gt(at)
                .or(consent_events::consent_id.gt(consent))
                .or(later_there),
        )
        .order((
            consent_events::received_at,
            consent_events::consent_id,
            consent_events::body_sha256,
        ))
        .limit(limit)
        .select(EventRow::as_select())
        .load(conn)
        .await?)
}

/// Oldest first.
pub async fn events_of(conn: &mut Conn, consent: &str) -> StoreResult<Vec<EventRow>> {
    Ok(consent_events::table
        .filter(consent_events::consent_id.eq(consent))
        .order((consent_events::received_at, consent_events::body_sha256))
        .select(EventRow::as_select())
        .load(conn)
        .await?)
}

/// All consents in which this customer had a part, also those that came to nothing; in order.
pub async fn consents_of(
    conn: &mut Conn,
    customer: &str,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<String>> {
    let decided = decisions::table
        .filter(decisions::customer_id.eq(customer))
        .select(decisions::consent_id);
    Ok(consents::table
        .filter(consents::consent_id.gt(after))
        .filter(
            consents::consent_id
                .eq_any(decided)
                .or(consents::customer_id
                    .is_not_null()
                    .and(consents::customer_id.assume_not_null().eq(customer))),
        )
        .order(consents::consent_id)
        .limit(limit)
        .select(consents::consent_id)
        .load(conn)
        .await?)
}

/// From now on this connection sees the database as it is at the first question, and writes nothing. For a pool of one connection.
pub async fn freeze(conn: &mut Conn) -> StoreResult<()> {
    use diesel_async::SimpleAsyncConnection as _;
    Ok(conn.batch_execute(super::super::FREEZE).await?)
}
