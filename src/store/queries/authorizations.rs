//! One-time handles and the sessions of customers at work, both known by hash only.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::Conn;
use crate::ids::ConsentId;
use crate::store::schema::{authorization_handles as handles, authorization_sessions as sessions};
use crate::store::types::At;
use crate::store::{HandleRecord, SessionMove, SessionRecord, StoreError, StoreResult};

pub async fn save_handle(conn: &mut Conn, sha256: &str, handle: &HandleRecord) -> StoreResult<()> {
    diesel::insert_into(handles::table)
        .values((
            handles::handle_sha256.eq(sha256),
            handles::consent_id.eq(handle.consent_id.as_str()),
            handles::redirect_uri.eq(&handle.redirect_uri),
            handles::expires_at.eq(At(handle.expires_at)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Uses a handle up. The second caller gets `None`.
pub async fn take_handle(
    conn: &mut Conn,
    sha256: &str,
    now: At,
) -> StoreResult<Option<HandleRecord>> {
    let row: Option<(String, String, At)> = diesel::delete(handles::table.find(sha256))
        .returning((
            handles::consent_id,
            handles::redirect_uri,
            handles::expires_at,
        ))
        .get_result(conn)
        .await
        .optional()?;
    let Some((consent_id, redirect_uri, expires_at)) = row else {
        return Ok(None);
    };
    if expires_at <= now {
        return Ok(None);
    }
    let consent_id = ConsentId::parse(consent_id)
        .map_err(|_| StoreError::Damaged("authorization_handles.consent_id"))?;
    Ok(Some(HandleRecord {
        consent_id,
        redirect_uri,
        expires_at: expires_at.0,
    }))
}

/// Starts a session and ends any other of the same consent: one live session per consent.
pub async fn open_session(
    conn: &mut Conn,
    sha256: &str,
    consent: &ConsentId,
    state: Value,
    expires_at: At,
) -> StoreResult<()> {
    let row = (
        sessions::session_sha256.eq(sha256),
        sessions::state.eq(state),
        sessions::version.eq(1),
        sessions::expires_at.eq(expires_at),
    );
    diesel::insert_into(sessions::table)
        .values((sessions::consent_id.eq(consent.as_str()), row.clone()))
        .on_conflict(sessions::consent_id)
        .do_update()
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn session(conn: &mut Conn, sha256: &str, now: At) -> StoreResult<Option<SessionRecord>> {
    let row: Option<(String, Value, i32)> = sessions::table
        .find(sha256)
        .filter(sessions::expires_at.gt(now))
        .select((sessions::consent_id, sessions::state, sessions::version))
        .first(conn)
        .await
        .optional()?;
    row.map(|(consent_id, state, version)| {
        let consent_id = ConsentId::parse(consent_id)
            .map_err(|_| StoreError::Damaged("authorization_sessions.consent_id"))?;
        Ok(SessionRecord {
            consent_id,
            state,
            version,
        })
    })
    .transpose()
}

/// Part of a decision's transaction. A session that has ended meanwhile is none to move.
pub(super) async fn move_session(conn: &mut Conn, session: &SessionMove) -> StoreResult<()> {
    diesel::update(sessions::table.find(&session.sha256))
        .set((
            sessions::state.eq(&session.state),
            sessions::version.eq(sessions::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Replaces the state if nobody else has since `version` was read, else [`StoreError::Stale`].
pub async fn save_session(
    conn: &mut Conn,
    sha256: &str,
    state: Value,
    version: i32,
) -> StoreResult<()> {
    let written = diesel::update(
        sessions::table
            .find(sha256)
            .filter(sessions::version.eq(version)),
    )
    .set((sessions::state.eq(state), sessions::version.eq(version + 1)))
    .execute(conn)
    .await?;
    if written == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}
