//! The queue of what PayNet must be told.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::ids::ConsentId;
use crate::store::StoreResult;
use crate::store::rows::{Delivery, OutboxRow};
use crate::store::schema::outbox;
use crate::store::types::At;

/// Leases up to `limit` due deliveries, in one statement and so safe with any number of replicas. A lease
/// that runs out (its holder died) makes the row due again.
pub async fn claim_deliveries(
    conn: &mut Conn,
    limit: i64,
    now: At,
    lease: TimeDelta,
) -> StoreResult<Vec<Delivery>> {
    let candidate = diesel::alias!(outbox as candidate);
    let (id, next_attempt_at, locked_until, parked_at) = candidate.fields((
        outbox::id,
        outbox::next_attempt_at,
        outbox::locked_until,
        outbox::parked_at,
    ));
    let due = locked!(
        candidate
            .filter(parked_at.is_null())
            .filter(next_attempt_at.le(now))
            .filter(
                locked_until
                    .is_null()
                    .or(locked_until.assume_not_null().lt(now))
            )
            .order(next_attempt_at)
            .limit(limit)
            .select(id)
    );
    let rows: Vec<OutboxRow> = diesel::update(outbox::table.filter(outbox::id.eq_any(due)))
        .set((
            outbox::locked_until.eq(At(now.0 + lease)),
            outbox::attempts.eq(outbox::attempts + 1),
        ))
        .returning(OutboxRow::as_returning())
        .get_results(conn)
        .await?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Gives a lease back, to be tried again at `next`.
pub async fn postpone(conn: &mut Conn, delivery: &str, next: At, error: &str) -> StoreResult<()> {
    diesel::update(outbox::table.find(delivery))
        .set((
            outbox::next_attempt_at.eq(next),
            outbox::locked_until.eq(None::<At>),
            outbox::last_error.eq(error),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets a delivery aside for an operator; it blocks nobody else's.
pub async fn park(conn: &mut Conn, delivery: &str, now: At, error: &str) -> StoreResult<()> {
    diesel::update(outbox::table.find(delivery))
        .set((
            outbox::parked_at.eq(now),
            outbox::locked_until.eq(None::<At>),
            outbox::last_error.eq(error),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether PayNet has still to be told something about this consent; what is parked waits for an operator.
pub async fn is_undelivered(conn: &mut Conn, consent: &ConsentId) -> StoreResult<bool> {
    let waiting = outbox::table
        .filter(outbox::consent_id.eq(consent.as_str()))
        .filter(outbox::parked_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(waiting))
        .get_result(conn)
        .await?)
}
