//! Numbers about the database, for the metrics.

use super::types::At;

#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub deliveries: Vec<DeliveryFigure>,
    /// Kind and number of what is open.
    pub differences: Vec<(String, i64)>,
    /// Consents compared in the present round, or in the last.
    pub checked: i64,
    pub round_finished: Option<At>,
}

/// Deliveries to one recipient in one state: `due`, `waiting` for their next attempt, or `parked`.
#[derive(Debug, Clone)]
pub struct DeliveryFigure {
    pub recipient: String,
    pub state: String,
    pub count: i64,
    /// When the oldest of them came in.
    pub oldest: At,
}
