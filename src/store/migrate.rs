//! Bringing the schema up to date, by any number of replicas and commands at once.
//!
//! Diesel's migrations take no lock: who comes second runs into tables that are there already. Here everyone writes the one row of
//! `schema_guard` first, and in the same transaction looks at what is pending, applies it and records it. A second one waits for that
//! row, and then finds nothing to do. A row that is written is a lock on every database there is, where `LOCK TABLE` and advisory
//! locks are not; and one that takes a snapshot at the beginning answers with a serialization failure, which is retried.
//!
//! The row also says which migration a release must know to work with this database (`needs`), so that a release can tell whether a
//! newer one has been here that it cannot share the database with.

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel_migrations::MigrationHarness;

use super::{MIGRATIONS, StoreError, StoreResult};

/// Beside Diesel's own table.
pub const GUARD_TABLE: &str = "schema_guard";

/// No migration, because migrations need it.
const GUARD: &str = "CREATE TABLE IF NOT EXISTS schema_guard (
  id    INTEGER PRIMARY KEY,
  turns INTEGER NOT NULL,
  needs TEXT NOT NULL
);
INSERT INTO schema_guard (id, turns, needs) VALUES (1, 0, '') ON CONFLICT DO NOTHING;";

const TAKE_A_TURN: &str = "UPDATE schema_guard SET turns = turns + 1 WHERE id = 1";

/// Applies what is pending and then `afterwards`, all of it or nothing. Answers the versions. Blocks.
pub fn bring_up_to_date<C>(conn: &mut C, afterwards: Option<&str>) -> StoreResult<Vec<String>>
where
    C: Connection + MigrationHarness<C::Backend>,
{
    make_guard(conn)?;
    conn.transaction(|conn| {
        conn.batch_execute(TAKE_A_TURN)?;
        let pending = conn.pending_migrations(MIGRATIONS);
        let pending = pending.map_err(|error| StoreError::Schema(error.to_string()))?;
        let mut applied = Vec::new();
        for migration in pending {
            let version = conn.run_migration(&migration);
            let version = version.map_err(|error| StoreError::Schema(error.to_string()))?;
            applied.push(version.to_string());
        }
        if let Some(statements) = afterwards {
            conn.batch_execute(statements)?;
        }
        Ok(applied)
    })
}

/// `IF NOT EXISTS` looks and then creates: of two at once, one fails. Then the other one has made it.
fn make_guard<C: SimpleConnection>(conn: &mut C) -> StoreResult<()> {
    match conn.batch_execute(GUARD) {
        Ok(()) => Ok(()),
        Err(_) => Ok(conn.batch_execute(GUARD)?),
    }
}
