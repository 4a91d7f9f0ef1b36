//! The comparison with PayNet: which consents come next, how far it has come, and what was found.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::Conn;
use super::consents::readable;
use crate::consent::{Difference, Status};
use crate::ids::ConsentId;
use crate::store::reconcile::{Cursor, DifferenceRow, Page, Recorded, Settled};
use crate::store::rows::ConsentRow;
use crate::store::schema::{consents, differences, reconcile_cursor as cursors};
use crate::store::types::At;
use crate::store::{StoreError, StoreResult};

/// Rows that one page looks through, so that none takes long however few of them are wanted.
const WINDOW: i64 = 1000;
/// The one cursor there is.
const NAME: &str = "consents";

const RUNNING: [&str; 3] = [
    Status::Authorized.as_str(),
    Status::Deciding.as_str(),
    Status::Suspended.as_str(),
];
const ENDED: [&str; 4] = [
    Status::Expired.as_str(),
    Status::Failed.as_str(),
    Status::Rejected.as_str(),
    Status::Revoked.as_str(),
];

/// Running consents, and those that ended between the two moments, in the order of their ids from `after` on.
pub async fn reconcile_page(
    conn: &mut Conn,
    after: &str,
    settled: Settled,
    limit: i64,
) -> StoreResult<Page> {
    let end: Option<String> = consents::table
        .filter(consents::consent_id.gt(after))
        .order(consents::consent_id)
        .offset(WINDOW - 1)
        .limit(1)
        .select(consents::consent_id)
        .first(conn)
        .await
        .optional()?;
    let ended_lately = consents::status
        .eq_any(ENDED)
        .and(consents::changed_at.gt(settled.since))
        .and(consents::changed_at.le(settled.until));
    let mut query = consents::table
        .filter(consents::consent_id.gt(after))
        .filter(consents::status.eq_any(RUNNING).or(ended_lately))
        .into_boxed();
    if let Some(end) = &end {
        query = query.filter(consents::consent_id.le(end));
    }
    let rows: Vec<ConsentRow> = query
        .order(consents::consent_id)
        .limit(limit)
        .select(ConsentRow::as_select())
        .load(conn)
        .await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let last = rows.last().map(|row| row.consent_id.clone());
    Ok(Page {
        next: if is_full { last } else { end },
        consents: readable(rows),
    })
}

/// The lease on the cursor, if nobody has it, PayNet has not asked to be left alone, and a round is under way or due: rounds begin at
/// least `every` apart.
pub async fn lease_reconcile(
    conn: &mut Conn,
    holder: &str,
    now: At,
    lease: TimeDelta,
    every: TimeDelta,
) -> StoreResult<Option<Cursor>> {
    let until = At(now.0 + lease);
    let begun = At(now.0 - every);
    let new = Cursor {
        name: NAME.to_owned(),
        after_id: String::new(),
        checked: 0,
        started_at: now,
        finished_at: None,
        not_before: None,
        locked_until: None,
        holder: None,
    };
    diesel::insert_into(cursors::table)
        .values(&new)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let unlocked = cursors::locked_until.assume_not_null().lt(now);
    let allowed = cursors::not_before.assume_not_null().le(now);
    let free = cursors::table
        .find(NAME)
        .filter(cursors::locked_until.is_null().or(unlocked))
        .filter(cursors::not_before.is_null().or(allowed));
    let finished = cursors::finished_at.assume_not_null();
    let leased = (cursors::locked_until.eq(until), cursors::holder.eq(holder));
    let is_over = cursors::finished_at
        .is_not_null()
        .and(finished.ge(cursors::started_at));
    let under_way = cursors::finished_at
        .is_null()
        .or(finished.lt(cursors::started_at));
    let begun: Option<Cursor> =
        diesel::update(free.filter(is_over.and(cursors::started_at.le(begun))))
            .set((
                leased,
                cursors::after_id.eq(""),
                cursors::checked.eq(0i64),
                cursors::started_at.eq(now),
            ))
            .returning(Cursor::as_returning())
            .get_result(conn)
            .await
            .optional()?;
    if begun.is_some() {
        return Ok(begun);
    }
    let leased = (cursors::locked_until.eq(until), cursors::holder.eq(holder));
    Ok(diesel::update(free.filter(under_way))
        .set(leased)
        .returning(Cursor::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// Keeps how far it has come, and gives the lease back. [`StoreError::Stale`]: somebody else has it now.
pub async fn save_reconcile(conn: &mut Conn, cursor: &Cursor) -> StoreResult<()> {
    let held = cursors::table
        .find(NAME)
        .filter(cursors::holder.eq(&cursor.holder));
    let written = diesel::update(held)
        .set((
            cursors::after_id.eq(&cursor.after_id),
            cursors::checked.eq(cursor.checked),
            cursors::finished_at.eq(cursor.finished_at),
            cursors::not_before.eq(cursor.not_before),
            cursors::locked_until.eq(None::<At>),
            cursors::holder.eq(None::<String>),
        ))
        .execute(conn)
        .await?;
    if written == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}

/// What is otherwise about one consent as of now: all of it, so that what is not among it is over. `adopted`: PayNet's word was taken,
/// so it was a difference and is none any more.
pub async fn record_differences(
    conn: &mut Conn,
    consent: &ConsentId,
    open: &[Difference],
    adopted: Option<&Difference>,
    now: At,
) -> StoreResult<Recorded> {
    let (id, open, adopted) = (consent.to_string(), open.to_vec(), adopted.cloned());
    conn.transaction(async move |conn| {
        let known: Vec<DifferenceRow> = differences::table
            .filter(differences::consent_id.eq(&id))
            .select(DifferenceRow::as_select())
            .load(conn)
            .await?;
        let mut recorded = Recorded::default();
        let row = |one: &Difference, found_at: At| DifferenceRow {
            consent_id: id.clone(),
            kind: one.kind.as_str().to_owned(),
            ours: one.ours.clone(),
            theirs: one.theirs.clone(),
            found_at,
            seen_at: now,
            closed_at: None,
            outcome: None,
        };
        for one in &open {
            let kind = one.kind.as_str();
            let before = known
                .iter()
                .find(|known| known.kind == kind && known.is_open());
            recorded.opened.extend(before.is_none().then_some(one.kind));
            write(conn, row(one, before.map_or(now, |before| before.found_at))).await?;
        }
        if let Some(one) = &adopted {
            let before = known
                .iter()
                .find(|known| known.kind == one.kind.as_str() && known.is_open());
            let found_at = before.map_or(now, |before| before.found_at);
            let closed = DifferenceRow {
                closed_at: Some(now),
                outcome: Some("adopted".to_owned()),
                ..row(one, found_at)
            };
            write(conn, closed).await?;
        }
        let remaining: Vec<_> = open.iter().map(|one| one.kind.as_str()).collect();
        let over = differences::table
            .filter(differences::consent_id.eq(&id))
            .filter(differences::closed_at.is_null())
            .filter(differences::kind.ne_all(remaining));
        recorded.closed = diesel::update(over)
            .set((
                differences::closed_at.eq(now),
                differences::outcome.eq("gone"),
            ))
            .returning(differences::kind)
            .get_results(conn)
            .await?;
        Ok(recorded)
    })
    .await
}

async fn write(conn: &mut Conn, row: DifferenceRow) -> StoreResult<()> {
    diesel::insert_into(differences::table)
        .values(&row)
        .on_conflict((differences::consent_id, differences::kind))
        .do_update()
        .set(&row)
        .execute(conn)
        .await?;
    Ok(())
}

/// What is open, oldest first; with `closed`, what was as well.
pub async fn find_differences(
    conn: &mut Conn,
    closed: bool,
    limit: i64,
) -> StoreResult<Vec<DifferenceRow>> {
    let mut query = differences::table.into_boxed();
    if !closed {
        query = query.filter(differences::closed_at.is_null());
    }
    Ok(query
        .order((
            differences::found_at,
            differences::consent_id,
            differences::kind,
        ))
        .limit(limit)
        .select(DifferenceRow::as_select())
        .load(conn)
        .await?)
}
