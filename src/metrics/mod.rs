//! What a service tells of itself in numbers, as text in the form of `OpenMetrics`. One registry per service, made by `app` and handed down: a test
//! process has several services.
//!
//! It knows names and labels (docs/metrics.md has them for operators) and nothing of where the numbers come
//! from, so every room may be given its part: `ops` fills in at a scrape what the database says; what is counted while it happens is
//! counted by whom it happens to.

mod outbox;
mod reconcile;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

pub use outbox::OutboxMetrics;
pub use reconcile::ReconcileMetrics;

/// Label names with their values.
type Labels = Vec<(&'static str, String)>;

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub struct Metrics {
    pub outbox: OutboxMetrics,
    pub reconcile: ReconcileMetrics,
    registry: Registry,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("izin");
        Self {
            outbox: OutboxMetrics::register(&mut registry),
            reconcile: ReconcileMetrics::register(&mut registry),
            registry,
        }
    }

    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Metrics {
        let metrics = Metrics::new();
        metrics.outbox.set_deliveries("paynet", "due", 3);
        metrics.outbox.set_oldest("paynet", 90);
        metrics.reconcile.set_differences("status", 1);
        metrics.reconcile.set_round(17, Some(1_800_000_000));
        metrics
    }

    #[test]
    fn every_metric_is_documented() {
        const PAGE: &str = include_str!("../../docs/metrics.md");
        let text = filled().text().unwrap();
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let names: Vec<_> = types.filter_map(|line| line.split(' ').next()).collect();
        assert!(names.len() >= 5, "{names:?}");
        for name in names {
            assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
        }
    }

    #[test]
    fn what_is_told_and_what_is_not_known() {
        let metrics = filled();
        let text = metrics.text().unwrap();
        for line in [
            "# TYPE izin_outbox_deliveries gauge",
            "izin_outbox_deliveries{recipient=\"paynet\",state=\"due\"} 3",
            "# UNIT izin_outbox_oldest_seconds seconds",
            "izin_outbox_oldest_seconds{recipient=\"paynet\"} 90",
            "izin_reconcile_differences{kind=\"status\"} 1",
            "izin_reconcile_round_consents 17.0",
            "izin_reconcile_round_finished_timestamp_seconds 1800000000.0",
            "# EOF",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}: {text}");
        }
        metrics.outbox.forget();
        metrics.reconcile.forget();
        let text = metrics.text().unwrap();
        let values = text.lines().filter(|line| !line.starts_with('#'));
        assert!(
            values.into_iter().all(|line| line.ends_with(" NaN")),
            "{text}"
        );
    }
}
