//! What PayNet and the bank have not been told yet.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Labels;

#[derive(Clone, Default)]
pub struct OutboxMetrics {
    deliveries: Family<Labels, Gauge>,
    oldest: Family<Labels, Gauge>,
}

impl OutboxMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let this = Self::default();
        registry.register(
            "outbox_deliveries",
            "Deliveries in the outbox by recipient and state",
            this.deliveries.clone(),
        );
        registry.register_with_unit(
            "outbox_oldest",
            "Age of the oldest delivery that is not parked",
            Unit::Seconds,
            this.oldest.clone(),
        );
        this
    }

    pub fn set_deliveries(&self, recipient: &str, state: &str, count: i64) {
        let labels = vec![
            ("recipient", recipient.to_owned()),
            ("state", state.to_owned()),
        ];
        self.deliveries.get_or_create(&labels).set(count);
    }

    pub fn set_oldest(&self, recipient: &str, seconds: i64) {
        let labels = vec![("recipient", recipient.to_owned())];
        self.oldest.get_or_create(&labels).set(seconds);
    }

    /// What cannot be known is not told, neither as zero nor as it was.
    pub fn forget(&self) {
        self.deliveries.clear();
        self.oldest.clear();
    }
}
