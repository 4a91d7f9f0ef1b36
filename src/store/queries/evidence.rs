//! Reading back what was kept: ledger, receipt, access log, and how far the news for PayNet has come.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::ids::ConsentId;
#[cfg(any(test, feature = "lab"))]
use crate::store::DeliveryState;
use crate::store::StoreResult;
use crate::store::evidence_rows::{AccessRow, LedgerRow};
#[cfg(any(test, feature = "lab"))]
use crate::store::rows::OutboxRow;
use crate::store::rows::ReceiptRow;
#[cfg(any(test, feature = "lab"))]
use crate::store::schema::outbox;
use crate::store::schema::{access_log, ledger, receipts};

/// Newest first.
pub async fn accesses(conn: &mut Conn, consent: &ConsentId) -> StoreResult<Vec<AccessRow>> {
    Ok(access_log::table
        .filter(access_log::consent_id.eq(consent.as_str()))
        .order(access_log::at.desc())
        .select(AccessRow::as_select())
        .load(conn)
        .await?)
}

/// The chain of one consent, oldest first.
pub async fn ledger_of(conn: &mut Conn, consent: &ConsentId) -> StoreResult<Vec<LedgerRow>> {
    Ok(ledger::table
        .filter(ledger::chain.eq(consent.as_str()))
        .order(ledger::seq)
        .select(LedgerRow::as_select())
        .load(conn)
        .await?)
}

pub async fn receipt(conn: &mut Conn, consent: &ConsentId) -> StoreResult<Option<ReceiptRow>> {
    Ok(receipts::table
        .find(consent.as_str())
        .select(ReceiptRow::as_select())
        .first(conn)
        .await
        .optional()?)
}

/// The deliveries of one consent that are still queued or parked.
#[cfg(any(test, feature = "lab"))]
pub async fn deliveries(conn: &mut Conn, consent: &ConsentId) -> StoreResult<Vec<DeliveryState>> {
    let rows: Vec<OutboxRow> = outbox::table
        .filter(outbox::consent_id.eq(consent.as_str()))
        .order(outbox::created_at)
        .select(OutboxRow::as_select())
        .load(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| DeliveryState {
            attempts: row.attempts,
            parked: row.parked_at.is_some(),
            last_error: row.last_error,
        })
        .collect())
}
