//! Writing evidence: the ledger and the access log, which are only ever appended to.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::Conn;
use crate::consent::INSTALLATION;
use crate::secret::salt;
use crate::store::evidence_rows::{AccessRow, LedgerRow};
use crate::store::schema::{access_log, ledger};
use crate::store::types::At;
use crate::store::{StoreError, StoreResult, unavailable};

/// Part of a transaction. [`StoreError::Stale`]: somebody else has taken that place.
pub(super) async fn append(
    conn: &mut Conn,
    (chain, seq): (&str, i32),
    kind: &str,
    at: At,
    data: String,
) -> StoreResult<()> {
    let previous: Option<String> = ledger::table
        .find((chain, seq - 1))
        .select(ledger::hash)
        .first(conn)
        .await
        .optional()?;
    let previous = previous.unwrap_or_default();
    let salt = salt().map_err(unavailable)?;
    let inserted = diesel::insert_into(ledger::table)
        .values(LedgerRow::new(
            (chain, seq),
            kind,
            at,
            data,
            &previous,
            salt,
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if inserted == 0 {
        return Err(StoreError::Stale);
    }
    Ok(())
}

/// Appends to the installation's own chain; answers the entry's number. [`StoreError::Stale`]: somebody else did so at this moment.
pub async fn append_act(conn: &mut Conn, kind: &str, at: At, data: &str) -> StoreResult<i32> {
    let last: Option<i32> = ledger::table
        .filter(ledger::chain.eq(INSTALLATION))
        .order(ledger::seq.desc())
        .select(ledger::seq)
        .first(conn)
        .await
        .optional()?;
    let seq = last.unwrap_or_default() + 1;
    append(conn, (INSTALLATION, seq), kind, at, data.to_owned()).await?;
    Ok(seq)
}

/// All of them or none. A single one needs no transaction of its own.
pub async fn append_accesses(conn: &mut Conn, rows: &[AccessRow]) -> StoreResult<()> {
    if let [one] = rows {
        diesel::insert_into(access_log::table)
            .values(one)
            .execute(conn)
            .await?;
        return Ok(());
    }
    let rows = rows.to_vec();
    conn.transaction(async move |conn| {
        insert_all!(conn, access_log::table, &rows);
        Ok(())
    })
    .await
}
