//! The queue of what PayNet must be told.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::Conn;
use super::consents::write_change;
use crate::consent::Change;
use crate::ids::ConsentId;
use crate::store::rows::{Damaged, Delivery, FOR_BANK, FOR_PAYNET, Lease, OutboxRow, Recipient};
use crate::store::schema::outbox;
use crate::store::types::At;
use crate::store::{StoreError, StoreResult};

/// Leases up to `limit` due deliveries, in one statement and so safe with any number of replicas. Of what one recipient is to learn
/// about one consent, only the first; what is parked is not waited for. A lease
/// that runs out (its holder died) makes the row due again. A row that this release cannot read comes back as
/// itself, so that it holds up no other.
pub async fn claim_deliveries(
    conn: &mut Conn,
    recipient: Recipient,
    limit: i64,
    now: At,
    lease: TimeDelta,
) -> StoreResult<Vec<Result<Delivery, Damaged>>> {
    // In one statement, so that one may stand in a subquery of the other.
    let (candidate, earlier) = diesel::alias!(outbox as candidate, outbox as earlier);
    let (id, next_attempt_at, locked_until, parked_at) = candidate.fields((
        outbox::id,
        outbox::next_attempt_at,
        outbox::locked_until,
        outbox::parked_at,
    ));
    let key = (outbox::consent_id, outbox::recipient, outbox::seq);
    let for_bank = recipient == Recipient::Bank;
    let (consent_id, recipient, seq) = candidate.fields(key);
    let (its_consent, its_recipient, its_seq) = earlier.fields(key);
    let has_to_wait = diesel::dsl::exists(
        earlier
            .filter(its_consent.eq(consent_id))
            .filter(its_recipient.eq(recipient))
            .filter(its_seq.lt(seq))
            .filter(earlier.field(outbox::parked_at).is_null())
            .select(its_seq),
    );
    let due = locked!(
        candidate
            .filter(recipient.eq(FOR_BANK).eq(for_bank))
            .filter(parked_at.is_null())
            .filter(next_attempt_at.le(now))
            .filter(
                locked_until
                    .is_null()
                    .or(locked_until.assume_not_null().lt(now))
            )
            .filter(diesel::dsl::not(has_to_wait))
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
    Ok(rows.into_iter().map(Delivery::read).collect())
}

/// Gives a lease back, to be tried again at `next`, which nobody may hasten if it is what the recipient asked for.
/// [`StoreError::Stale`]: somebody else has the lease now.
pub async fn postpone(
    conn: &mut Conn,
    lease: &Lease,
    next: At,
    asked_by_recipient: bool,
    error: &str,
) -> StoreResult<()> {
    let postponed = (
        outbox::next_attempt_at.eq(next),
        outbox::locked_until.eq(None::<At>),
        outbox::last_error.eq(error),
    );
    let row = diesel::update(held(lease));
    let written = if asked_by_recipient {
        let postponed = (postponed, outbox::hasten_after.eq(next));
        row.set(postponed).execute(conn).await?
    } else {
        row.set(postponed).execute(conn).await?
    };
    held_until_now(written)
}

/// Makes what PayNet must still be told about a consent due now, if it is waiting for its next attempt and may be hastened; whether
/// anything was. It cannot be again before `again`.
pub async fn hasten(conn: &mut Conn, consent: &ConsentId, now: At, again: At) -> StoreResult<bool> {
    let unlocked = outbox::locked_until.assume_not_null().lt(now);
    let permitted = outbox::hasten_after.assume_not_null().le(now);
    let waiting = outbox::table
        .filter(outbox::consent_id.eq(consent.as_str()))
        .filter(outbox::recipient.eq(FOR_PAYNET))
        .filter(outbox::parked_at.is_null())
        .filter(outbox::next_attempt_at.gt(now))
        .filter(outbox::locked_until.is_null().or(unlocked))
        .filter(outbox::hasten_after.is_null().or(permitted));
    let written = diesel::update(waiting)
        .set((
            outbox::next_attempt_at.eq(now),
            outbox::hasten_after.eq(again),
        ))
        .execute(conn)
        .await?;
    Ok(written > 0)
}

/// Sets a delivery aside for an operator; it blocks nobody else's.
pub async fn park(conn: &mut Conn, lease: &Lease, now: At, error: &str) -> StoreResult<()> {
    let written = diesel::update(held(lease))
        .set((
            outbox::parked_at.eq(now),
            outbox::locked_until.eq(None::<At>),
            outbox::last_error.eq(error),
        ))
        .execute(conn)
        .await?;
    held_until_now(written)
}

/// Ends a delivery, with the change it brought if it brought one.
pub async fn settle(conn: &mut Conn, lease: &Lease, change: Option<&Change>) -> StoreResult<()> {
    let (lease, change) = (lease.clone(), change.cloned());
    conn.transaction(async move |conn| {
        let deleted = diesel::delete(held(&lease)).execute(conn).await?;
        held_until_now(deleted)?;
        match &change {
            Some(change) => write_change(conn, change).await,
            None => Ok(()),
        }
    })
    .await
}

/// Each claim counts the attempts up, so the count tells whose lease it is.
#[diesel::dsl::auto_type]
fn held<'a>(lease: &'a Lease) -> _ {
    let id: &'a str = lease.delivery.as_str();
    let attempts: i32 = lease.attempts;
    outbox::table
        .filter(outbox::id.eq(id))
        .filter(outbox::attempts.eq(attempts))
}

fn held_until_now(rows: usize) -> StoreResult<()> {
    if rows == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}

/// Whether PayNet has still to be told something about this consent; what is parked waits for an operator.
pub async fn is_undelivered(conn: &mut Conn, consent: &ConsentId) -> StoreResult<bool> {
    let waiting = outbox::table
        .filter(outbox::consent_id.eq(consent.as_str()))
        .filter(outbox::recipient.eq(FOR_PAYNET))
        .filter(outbox::parked_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(waiting))
        .get_result(conn)
        .await?)
}

/// The queue as it is, what waits longest first; `parked` only, if wanted.
pub async fn queue(conn: &mut Conn, parked: bool, limit: i64) -> StoreResult<Vec<OutboxRow>> {
    let mut query = outbox::table.into_boxed();
    if parked {
        query = query.filter(outbox::parked_at.is_not_null());
    }
    Ok(query
        .order((outbox::created_at, outbox::id))
        .limit(limit)
        .select(OutboxRow::as_select())
        .load(conn)
        .await?)
}

/// Puts a parked delivery back; whether there was one. Its attempts stay counted: PayNet is asked first what it has, and whoever had
/// the lease once does not get it back.
///
/// `record` is who did it, for the consent's history; there is none where there is no consent.
pub async fn retry(
    conn: &mut Conn,
    id: &str,
    now: At,
    record: Option<&Change>,
) -> StoreResult<bool> {
    let (id, record) = (id.to_owned(), record.cloned());
    conn.transaction(async move |conn| {
        let parked = outbox::table
            .find(id)
            .filter(outbox::parked_at.is_not_null());
        let written = diesel::update(parked)
            .set((
                outbox::parked_at.eq(None::<At>),
                outbox::locked_until.eq(None::<At>),
                outbox::next_attempt_at.eq(now),
            ))
            .execute(conn)
            .await?;
        if let Some(record) = record.filter(|_| written > 0) {
            write_change(conn, &record).await?;
        }
        Ok(written > 0)
    })
    .await
}
