//! Evidence: how often it is signed, where the signatures are kept, and for how long what is personal stays.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// `[evidence]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub checkpoint_minutes: u32,
    /// Outside the reach of whoever can write the database.
    pub checkpoint_dir: Option<PathBuf>,
}

/// `[retention]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// After the consent has ended.
    pub evidence_years: u32,
    /// The same of the events as PayNet sent them.
    pub event_years: Option<u32>,
}

impl Retention {
    pub fn event_years(&self) -> u32 {
        self.event_years.unwrap_or(self.evidence_years)
    }

    /// What `izin retention` needs of it.
    pub fn check(&self, problems: &mut Vec<String>) {
        if !(1..=100).contains(&self.evidence_years) {
            problems.push("retention.evidence_years must be between 1 and 100".into());
        }
        if !(1..=self.evidence_years).contains(&self.event_years()) {
            problems.push(
                "retention.event_years must be between 1 and retention.evidence_years".into(),
            );
        }
    }
}

impl Evidence {
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        if !(1..=60).contains(&self.checkpoint_minutes) {
            problems.push("evidence.checkpoint_minutes must be between 1 and 60".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn times_that_make_no_sense_are_told() {
        for (settings, told) in [
            ("evidence.checkpoint_minutes = 0", "checkpoint_minutes"),
            ("evidence.checkpoint_minutes = 61", "checkpoint_minutes"),
            ("retention.evidence_years = 0", "evidence_years"),
            ("retention.event_years = 8", "event_years"),
        ] {
            let config = Config::from_layers(&[settings]).unwrap();
            let problems = config.check().unwrap_err().to_string();
            assert!(problems.contains(told), "{settings}: {problems}");
        }
        let config = Config::from_layers(&["retention.event_years = 2"]).unwrap();
        assert_eq!(config.retention.event_years(), 2);
    }
}
