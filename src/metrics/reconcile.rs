//! How far our consents have been compared with PayNet's, and what is otherwise.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Labels;

#[derive(Clone, Default)]
pub struct ReconcileMetrics {
    differences: Family<Labels, Gauge>,
    consents: Family<Labels, Gauge>,
    finished: Family<Labels, Gauge>,
}

impl ReconcileMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let this = Self::default();
        registry.register(
            "reconcile_differences",
            "Open differences between our consents and PayNet's by kind",
            this.differences.clone(),
        );
        registry.register(
            "reconcile_round_consents",
            "Consents compared in the present round, or in the last if none is under way",
            this.consents.clone(),
        );
        registry.register_with_unit(
            "reconcile_round_finished_timestamp",
            "When a round was last finished, since 1970",
            Unit::Seconds,
            this.finished.clone(),
        );
        this
    }

    pub fn set_differences(&self, kind: &str, count: i64) {
        let labels = vec![("kind", kind.to_owned())];
        self.differences.get_or_create(&labels).set(count);
    }

    /// `finished` in seconds since 1970, if one ever was.
    pub fn set_round(&self, consents: i64, finished: Option<i64>) {
        self.consents.get_or_create(&Vec::new()).set(consents);
        if let Some(finished) = finished {
            self.finished.get_or_create(&Vec::new()).set(finished);
        }
    }

    pub fn forget(&self) {
        self.differences.clear();
        self.consents.clear();
        self.finished.clear();
    }
}
