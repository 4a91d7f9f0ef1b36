//! What the metrics tell of the database, in one query.

use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::store::figures::{DeliveryFigure, Figures};
use crate::store::types::{At, Moment};
use crate::store::{StoreError, StoreResult};

/// Both tables are small where all is well: a delivered row is deleted, and open differences have an index.
const FIGURES: &str = "
    SELECT 'outbox' AS about, recipient AS name,
           CASE WHEN parked_at IS NOT NULL THEN 'parked' WHEN next_attempt_at <= $1 THEN 'due' ELSE 'waiting' END AS state,
           count(*) AS number, min(created_at) AS moment
      FROM outbox GROUP BY 2, 3
    UNION ALL
    SELECT 'difference', kind, 'open', count(*), min(found_at)
      FROM differences WHERE closed_at IS NULL GROUP BY kind
    UNION ALL
    SELECT 'round', name, 'last', checked, finished_at FROM reconcile_cursor";

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    about: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Nullable<Moment>)]
    moment: Option<At>,
}

pub async fn figures(conn: &mut Conn, now: At) -> StoreResult<Figures> {
    let query = diesel::sql_query(FIGURES).bind::<Moment, _>(now);
    let rows: Vec<Row> = query.load(conn).await?;
    let mut figures = Figures::default();
    for row in rows {
        match row.about.as_str() {
            "outbox" => figures.deliveries.push(DeliveryFigure {
                recipient: row.name,
                state: row.state,
                count: row.number,
                oldest: row.moment.ok_or(StoreError::Damaged("outbox.created_at"))?,
            }),
            "difference" => figures.differences.push((row.name, row.number)),
            _ => {
                figures.checked = row.number;
                figures.round_finished = row.moment;
            }
        }
    }
    Ok(figures)
}
