//! The machine: how many files and connections a process may have open.

use crate::config::Config;
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};

const FILES: Check = Check::new(Theme::System, "open-files", "open files");

/// For what is open beside customers' and PayNet's connections: files, the way to PayNet and to the bank, the log.
const BESIDE: usize = 128;

pub fn system(subject: &Subject) -> Vec<Finding> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok();
    let limit = limits.as_deref().and_then(open_files);
    vec![match limit {
        Some(limit) => files(&subject.config, limit),
        None => FILES.skipped("this system does not tell"),
    }]
}

fn files(config: &Config, limit: usize) -> Finding {
    let listeners = if config.listeners.ops.address.is_some() {
        3
    } else {
        2
    };
    let needed = listeners * config.limits.connections + config.database.pool_size + BESIDE;
    let seen = if limit == usize::MAX {
        format!("no limit here; with all connections in use {needed} are needed")
    } else {
        format!("at most {limit} here; with all connections in use {needed} are needed")
    };
    if limit >= needed {
        FILES.ok(seen)
    } else {
        FILES.warning(
            seen,
            format!(
                "Raise the limit of the service (systemd: LimitNOFILE={}), or lower limits.connections.",
                needed.next_power_of_two()
            ),
        )
    }
}

/// The soft limit of `/proc/self/limits`.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn the_limit_is_held_against_the_connections() {
        let text = "Limit                     Soft Limit           Hard Limit           Units\n\
                    Max open files            1024                 524288               files\n";
        assert_eq!(open_files(text), Some(1024));
        assert_eq!(
            open_files("Max open files  unlimited unlimited files"),
            Some(usize::MAX)
        );
        assert_eq!(open_files(""), None);
        let config = Config::from_layers(&[]).unwrap();
        assert_eq!(files(&config, 1024).verdict, Verdict::Warning);
        assert_eq!(files(&config, 4096).verdict, Verdict::Ok);
        assert_eq!(files(&config, usize::MAX).verdict, Verdict::Ok);
    }
}
