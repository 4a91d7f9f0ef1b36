//! `SECURITY.md` against the repository: what it gives as proof exists.

use std::path::Path;

use izin_simulator::checks::catalogue;
use regex::Regex;

const THREAT_MODEL: &str = include_str!("../../SECURITY.md");

#[test]
fn what_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let quoted = Regex::new(r"`([^`\s]+)`").unwrap();
    let named = |text: &'static str| {
        let found = quoted.captures_iter(text);
        found.map(|found| found.get(1).unwrap().as_str())
    };
    let (mut paths, mut checks) = (0, 0);
    for path in named(THREAT_MODEL) {
        let folders = ["src/", "tests/", "crates/", "generated/", "docs/", ".ci/"];
        if folders.iter().any(|folder| path.starts_with(folder)) {
            assert!(root.join(path).exists(), "{path}");
            paths += 1;
        }
    }
    // The last column says by what it is shown: files, and checks of the catalogue by id.
    let rows = THREAT_MODEL.lines().filter(|line| line.starts_with('|'));
    let shown_by = rows.filter_map(|row| row.trim_end_matches('|').rsplit_once('|'));
    for check in shown_by.flat_map(|(_, shown_by)| named(shown_by)) {
        let is_id = check.contains('-') && !check.contains('/');
        if is_id && check.starts_with(|first: char| first.is_ascii_lowercase()) {
            let all = catalogue();
            let known = match check.strip_suffix('*') {
                Some(family) => all.iter().any(|one| one.id.starts_with(family)),
                None => all.iter().any(|one| one.id == check),
            };
            assert!(known, "{check}");
            checks += 1;
        }
    }
    assert!(paths > 50 && checks > 15, "{paths} paths, {checks} checks");
}
