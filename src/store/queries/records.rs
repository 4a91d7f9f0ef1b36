//! Replay protection, throttling, and the sweeping of what has expired.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::store::StoreResult;
use crate::store::schema::{
    authorization_handles, authorization_sessions, installation_secrets, seen_tokens, throttles,
};
use crate::store::types::At;

/// `true` when this token is seen for the first time, on any replica.
pub async fn first_use(
    conn: &mut Conn,
    issuer: &str,
    jti: &str,
    expires_at: At,
) -> StoreResult<bool> {
    let inserted = diesel::insert_into(seen_tokens::table)
        .values((
            seen_tokens::issuer.eq(issuer),
            seen_tokens::jti.eq(jti),
            seen_tokens::expires_at.eq(expires_at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Whether [`first_use`] has seen this token and still remembers it.
pub async fn was_used(conn: &mut Conn, issuer: &str, jti: &str, now: At) -> StoreResult<bool> {
    let token = seen_tokens::table
        .filter(seen_tokens::issuer.eq(issuer))
        .filter(seen_tokens::jti.eq(jti))
        .filter(seen_tokens::expires_at.gt(now));
    Ok(diesel::select(diesel::dsl::exists(token))
        .get_result(conn)
        .await?)
}

/// Counts a failure of `subject` and forgets all of them at `until`; answers the count.
pub async fn count_failure(conn: &mut Conn, subject: &str, now: At, until: At) -> StoreResult<i32> {
    diesel::delete(
        throttles::table
            .find(subject)
            .filter(throttles::until.le(now)),
    )
    .execute(conn)
    .await?;
    Ok(diesel::insert_into(throttles::table)
        .values((
            throttles::subject.eq(subject),
            throttles::failures.eq(1),
            throttles::until.eq(until),
        ))
        .on_conflict(throttles::subject)
        .do_update()
        .set((
            throttles::failures.eq(throttles::failures + 1),
            throttles::until.eq(excluded(throttles::until)),
        ))
        .returning(throttles::failures)
        .get_result(conn)
        .await?)
}

/// What was counted as a failure turned out to be none.
pub async fn take_back_failure(conn: &mut Conn, subject: &str) -> StoreResult<()> {
    diesel::update(
        throttles::table
            .find(subject)
            .filter(throttles::failures.gt(0)),
    )
    .set(throttles::failures.eq(throttles::failures - 1))
    .execute(conn)
    .await?;
    Ok(())
}

/// Failures still remembered.
pub async fn failures(conn: &mut Conn, subject: &str, now: At) -> StoreResult<i32> {
    let count: Option<i32> = throttles::table
        .find(subject)
        .filter(throttles::until.gt(now))
        .select(throttles::failures)
        .first(conn)
        .await
        .optional()?;
    Ok(count.unwrap_or_default())
}

pub async fn forget_failures(conn: &mut Conn, subject: &str) -> StoreResult<()> {
    diesel::delete(throttles::table.find(subject))
        .execute(conn)
        .await?;
    Ok(())
}

/// The value of that name, which is `fresh` if nobody has set one before.
pub async fn installation_secret(conn: &mut Conn, name: &str, fresh: &str) -> StoreResult<String> {
    use installation_secrets as secrets;
    diesel::insert_into(secrets::table)
        .values((secrets::name.eq(name), secrets::value.eq(fresh)))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(secrets::table
        .find(name)
        .select(secrets::value)
        .first(conn)
        .await?)
}

/// Deletes what has expired and nothing needs any more; answers how many rows went.
pub async fn sweep(conn: &mut Conn, now: At) -> StoreResult<usize> {
    use authorization_handles as handles;
    use authorization_sessions as sessions;
    let mut gone = 0;
    gone += diesel::delete(handles::table.filter(handles::expires_at.le(now)))
        .execute(conn)
        .await?;
    gone += diesel::delete(sessions::table.filter(sessions::expires_at.le(now)))
        .execute(conn)
        .await?;
    gone += diesel::delete(seen_tokens::table.filter(seen_tokens::expires_at.le(now)))
        .execute(conn)
        .await?;
    gone += diesel::delete(throttles::table.filter(throttles::until.le(now)))
        .execute(conn)
        .await?;
    Ok(gone)
}

/// Proves that the database answers.
pub async fn ping(conn: &mut Conn) -> StoreResult<()> {
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
        .get_result::<i32>(conn)
        .await?;
    Ok(())
}
