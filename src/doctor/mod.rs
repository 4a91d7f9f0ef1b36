//! `izin doctor`: proves a deployment before traffic. Every check looks and changes nothing; each is bounded in time, and one that fails
//! stops no other that does not need it. What is found is said in words for somebody who has never seen this service, with what to do.

mod certificates;
mod checks;
mod finding;
mod inventory;
mod onboarding;
mod table;

use std::path::PathBuf;

use crate::clock::SharedClock;
use crate::config::{Config, ProfileChange};
use checks::listeners::Running;
pub use finding::{Finding, Verdict};
use inventory::Inventory;
pub use onboarding::Onboarding;
pub use table::table;

/// The deployment that is looked at.
pub struct Subject {
    pub config: Config,
    /// Where the configuration came from, if from a file.
    pub file: Option<PathBuf>,
    pub profile_changes: Vec<ProfileChange>,
    pub clock: SharedClock,
    /// Nobody is asked: only what is on this machine's disk and on its token is looked at.
    pub offline: bool,
}

impl Subject {
    /// Makes every check. `begin` hears of each theme before it is looked at. Findings are in the order of their themes.
    pub async fn examine(&self, begin: impl Fn(&str)) -> Vec<Finding> {
        begin("configuration");
        let mut findings = checks::configuration::configuration(self);
        findings.extend(checks::profile::profile(self));
        findings.extend(checks::system::system(self));
        begin("keys and certificates");
        let inventory = Inventory::read(&self.config, &self.clock).await;
        findings.extend(checks::keys::keys(self, &inventory));
        findings.extend(checks::signing::signing(self, &inventory).await);
        findings.extend(checks::certificates::certificates(self, &inventory));
        begin("our listeners");
        let running = Running::look(self).await;
        findings.extend(checks::listeners::listeners(self, &inventory, &running).await);
        begin("database");
        findings.extend(checks::database::database(self, &running).await);
        begin("PayNet");
        findings.extend(checks::paynet::paynet(self, &inventory).await);
        findings.extend(checks::redirects::redirects(self).await);
        begin("the bank's systems");
        findings.extend(checks::bank::bank(self, &inventory).await);
        findings.sort_by_key(|finding| finding.theme);
        findings
    }

    /// What has to be handed to PayNet.
    pub async fn onboarding(&self) -> Onboarding {
        let inventory = Inventory::read(&self.config, &self.clock).await;
        Onboarding::of(self, &inventory)
    }

    /// One line that says which deployment this is.
    pub fn title(&self) -> String {
        format!(
            "Izin {}, {}, {}",
            env!("CARGO_PKG_VERSION"),
            self.named(),
            checks::configuration::word(self.config.environment())
        )
    }

    fn named(&self) -> String {
        let file = self.file.as_ref();
        file.map_or_else(
            || "the configuration".into(),
            |file| file.display().to_string(),
        )
    }

    #[cfg(test)]
    fn for_tests(config: Config) -> Self {
        Self {
            config,
            file: None,
            profile_changes: Vec::new(),
            clock: std::sync::Arc::new(crate::clock::SystemClock),
            offline: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use regex::Regex;

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .flat_map(|path| {
                if path.is_dir() {
                    files(&path)
                } else {
                    vec![path]
                }
            })
            .collect()
    }

    #[test]
    fn every_check_is_listed_once_and_by_a_plain_name() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doctor");
        let name = Regex::new(r#"Check::new\(\s*Theme::\w+,\s*"([^"]+)""#).unwrap();
        let mut made = Vec::new();
        let judging = root.join("certificates.rs");
        for path in files(&root.join("checks")).into_iter().chain([judging]) {
            let text = fs::read_to_string(path).unwrap();
            made.extend(name.captures_iter(&text).map(|found| found[1].to_owned()));
        }
        let plain = Regex::new("^[a-z]+(-[a-z]+)*$").unwrap();
        assert!(made.iter().all(|name| plain.is_match(name)), "{made:?}");
        let all: BTreeSet<String> = made.iter().cloned().collect();
        assert_eq!(all.len(), made.len(), "a name stands twice: {made:?}");
        let listed = Regex::new(r"(?m)^\| `([a-z-]+)` \|").unwrap();
        let listed = listed.captures_iter(include_str!("../../docs/doctor.md"));
        let listed: BTreeSet<String> = listed.map(|found| found[1].to_owned()).collect();
        assert_eq!(listed, all);
    }
}
