//! Checkpoints: what is not covered yet, writing one, and reading them back.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::Conn;
use crate::store::evidence_rows::{CheckpointRow, LEDGER, StretchRow};
use crate::store::schema::{access_log, checkpoint_stretches as stretches, checkpoints, ledger};
use crate::store::types::At;
use crate::store::{StoreError, StoreResult};

pub async fn last_checkpoint(conn: &mut Conn) -> StoreResult<Option<CheckpointRow>> {
    Ok(checkpoints::table
        .order(checkpoints::number.desc())
        .select(CheckpointRow::as_select())
        .first(conn)
        .await
        .optional()?)
}

/// By number.
pub async fn checkpoints_after(
    conn: &mut Conn,
    number: i32,
    limit: i64,
) -> StoreResult<Vec<CheckpointRow>> {
    Ok(checkpoints::table
        .filter(checkpoints::number.gt(number))
        .order(checkpoints::number)
        .limit(limit)
        .select(CheckpointRow::as_select())
        .load(conn)
        .await?)
}

/// Of a time, by number.
pub async fn checkpoints_between(
    conn: &mut Conn,
    after: i32,
    (since, until): (At, At),
    limit: i64,
) -> StoreResult<Vec<CheckpointRow>> {
    Ok(checkpoints::table
        .filter(checkpoints::number.gt(after))
        .filter(checkpoints::at.ge(since))
        .filter(checkpoints::at.lt(until))
        .order(checkpoints::number)
        .limit(limit)
        .select(CheckpointRow::as_select())
        .load(conn)
        .await?)
}

/// Those that cover entries of these chains of the ledger.
pub async fn checkpoints_covering(
    conn: &mut Conn,
    chains: &[String],
) -> StoreResult<Vec<CheckpointRow>> {
    let covering = stretches::table
        .filter(stretches::log.eq(LEDGER))
        .filter(stretches::chain.eq_any(chains))
        .select(stretches::checkpoint);
    Ok(checkpoints::table
        .filter(checkpoints::number.eq_any(covering))
        .order(checkpoints::number)
        .select(CheckpointRow::as_select())
        .load(conn)
        .await?)
}

/// In no order.
pub async fn stretches_of(conn: &mut Conn, checkpoint: i32) -> StoreResult<Vec<StretchRow>> {
    Ok(stretches::table
        .filter(stretches::checkpoint.eq(checkpoint))
        .select(StretchRow::as_select())
        .load(conn)
        .await?)
}

/// The time of the oldest entry of either log that is not before `since`.
pub async fn oldest_entry(conn: &mut Conn, since: At) -> StoreResult<Option<At>> {
    let of_ledger: Option<At> = ledger::table
        .filter(ledger::at.ge(since))
        .order(ledger::at)
        .select(ledger::at)
        .first(conn)
        .await
        .optional()?;
    let of_accesses: Option<At> = access_log::table
        .filter(access_log::at.ge(since))
        .order(access_log::at)
        .select(access_log::at)
        .first(conn)
        .await
        .optional()?;
    Ok(of_ledger.into_iter().chain(of_accesses).min())
}

/// The time of the newest entry of either log.
pub async fn newest_entry(conn: &mut Conn) -> StoreResult<Option<At>> {
    let of_ledger: Option<At> = ledger::table
        .order(ledger::at.desc())
        .select(ledger::at)
        .first(conn)
        .await
        .optional()?;
    let of_accesses: Option<At> = access_log::table
        .order(access_log::at.desc())
        .select(access_log::at)
        .first(conn)
        .await
        .optional()?;
    Ok(of_ledger.into_iter().chain(of_accesses).max())
}

/// The chains of a log with entries of that time, each with the number of its last such entry.
pub async fn heads(
    conn: &mut Conn,
    log: &str,
    since: At,
    until: At,
) -> StoreResult<Vec<(String, i32)>> {
    let found: Vec<(String, Option<i32>)> = if log == LEDGER {
        ledger::table
            .filter(ledger::at.ge(since))
            .filter(ledger::at.lt(until))
            .group_by(ledger::chain)
            .select((ledger::chain, diesel::dsl::max(ledger::seq)))
            .load(conn)
            .await?
    } else {
        access_log::table
            .filter(access_log::at.ge(since))
            .filter(access_log::at.lt(until))
            .group_by(access_log::segment)
            .select((access_log::segment, diesel::dsl::max(access_log::position)))
            .load(conn)
            .await?
    };
    Ok(complete(found))
}

/// Up to which entry each of these chains is covered by checkpoints; those that are not are left out. Stretches that belong to no
/// checkpoint, or to one with a number that none has, cover nothing: no signature stands behind them.
pub async fn covered(
    conn: &mut Conn,
    log: &str,
    chains: &[String],
) -> StoreResult<Vec<(String, i32)>> {
    let numbers = checkpoints::table
        .filter(checkpoints::number.ge(1))
        .select(checkpoints::number);
    let found: Vec<(String, Option<i32>)> = stretches::table
        .filter(stretches::log.eq(log))
        .filter(stretches::chain.eq_any(chains))
        .filter(stretches::checkpoint.eq_any(numbers))
        .filter(stretches::first_seq.ge(1))
        .filter(stretches::last_seq.ge(stretches::first_seq))
        .group_by(stretches::chain)
        .select((stretches::chain, diesel::dsl::max(stretches::last_seq)))
        .load(conn)
        .await?;
    Ok(complete(found))
}

fn complete(found: Vec<(String, Option<i32>)>) -> Vec<(String, i32)> {
    let found = found.into_iter();
    found
        .filter_map(|(chain, seq)| Some((chain, seq?)))
        .collect()
}

/// The hashes of at least those entries whose chain and number stand at the same place of the two lists.
pub async fn hashes(
    conn: &mut Conn,
    log: &str,
    chains: &[String],
    numbers: &[i32],
) -> StoreResult<Vec<(String, i32, String)>> {
    Ok(if log == LEDGER {
        ledger::table
            .filter(ledger::chain.eq_any(chains))
            .filter(ledger::seq.eq_any(numbers))
            .select((ledger::chain, ledger::seq, ledger::hash))
            .load(conn)
            .await?
    } else {
        access_log::table
            .filter(access_log::segment.eq_any(chains))
            .filter(access_log::position.eq_any(numbers))
            .select((access_log::segment, access_log::position, access_log::hash))
            .load(conn)
            .await?
    })
}

/// [`StoreError::Stale`]: another replica has made the checkpoint of that number.
pub async fn add_checkpoint(
    conn: &mut Conn,
    checkpoint: &CheckpointRow,
    covers: &[StretchRow],
) -> StoreResult<()> {
    // Bind parameters of one statement are limited.
    const ROWS: usize = 1000;
    let (checkpoint, covers) = (checkpoint.clone(), covers.to_vec());
    conn.transaction(async move |conn| {
        let inserted = diesel::insert_into(checkpoints::table)
            .values(&checkpoint)
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if inserted == 0 {
            return Err(StoreError::Stale);
        }
        for rows in covers.chunks(ROWS) {
            insert_all!(conn, stretches::table, rows);
        }
        Ok(())
    })
    .await
}
