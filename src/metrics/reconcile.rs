//! How far our consents have been compared with PayNet's, and what is otherwise.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Labels;

/// NaN while it is not known.
type Number = Gauge<f64, AtomicU64>;

#[derive(Clone, Default)]
pub struct ReconcileMetrics {
    differences: Family<Labels, Gauge>,
    consents: Number,
    finished: Number,
}

impl ReconcileMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let this = Self::default();
        this.forget();
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
    #[expect(
        clippy::cast_precision_loss,
        reason = "neither seconds nor consents come near 2^53"
    )]
    pub fn set_round(&self, consents: i64, finished: Option<i64>) {
        self.consents.set(consents as f64);
        self.finished.set(finished.map_or(f64::NAN, |at| at as f64));
    }

    pub fn forget(&self) {
        self.differences.clear();
        self.consents.set(f64::NAN);
        self.finished.set(f64::NAN);
    }
}
