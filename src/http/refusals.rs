//! `docs/refusals.md` against the source: every reason is listed, and every reason that is listed exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::errors::{ApiError, ErrorCode};

const TABLE: &str = include_str!("../../docs/refusals.md");

/// Where refusals of the webhooks listener are made.
const SOURCES: [&str; 6] = [
    "src/http",
    "src/resources",
    "src/trust",
    "src/webhooks",
    "crates/jose/src/jwk.rs",
    "crates/jose/src/jws_error.rs",
];

const CODES: [ErrorCode; 17] = [
    ErrorCode::AccessDenied,
    ErrorCode::AccountTemporarilyBlocked,
    ErrorCode::ConsentInvalid,
    ErrorCode::InvalidClaim,
    ErrorCode::InvalidClient,
    ErrorCode::InvalidRequest,
    ErrorCode::InvalidScope,
    ErrorCode::InvalidSignature,
    ErrorCode::MethodNotAllowed,
    ErrorCode::NotFound,
    ErrorCode::PayloadTooLarge,
    ErrorCode::PermanentAccountAccessFailure,
    ErrorCode::RequestTimeout,
    ErrorCode::ServerError,
    ErrorCode::TemporarilyUnavailable,
    ErrorCode::TransientAccountAccessFailure,
    ErrorCode::UnsupportedMediaType,
];

/// Reason to answer.
fn listed() -> BTreeMap<&'static str, &'static str> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`'), cells[2])
    })
    .collect()
}

fn answer(code: ErrorCode) -> String {
    format!("{} `{}`", code.status().as_u16(), code.as_str())
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| files(&path)).collect()
}

#[test]
fn every_reason_is_listed_and_exists() {
    let table = listed();
    let families: BTreeSet<&str> = table
        .keys()
        .filter_map(|reason| Some(reason.split_once('.')?.0))
        .collect();
    let families = families.into_iter().collect::<Vec<_>>().join("|");
    let word = Regex::new(&format!(r#""((?:{families})\.[a-z0-9_]+)""#)).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut made = BTreeSet::new();
    for path in SOURCES.iter().flat_map(|source| files(&root.join(source))) {
        let text = fs::read_to_string(&path).unwrap();
        made.extend(word.captures_iter(&text).map(|found| found[1].to_owned()));
    }
    let listed: BTreeSet<String> = table.keys().map(|reason| (*reason).to_owned()).collect();
    assert_eq!(listed, made);
}

#[test]
fn every_answer_is_one_of_ours_and_each_of_ours_has_a_reason() {
    let table = listed();
    let known: BTreeSet<String> = CODES.into_iter().map(answer).collect();
    for (reason, told) in &table {
        let known = known.contains(*told) || (*told == "–" && reason.starts_with("jwk."));
        assert!(known, "{reason}: {told}");
    }
    for code in CODES {
        let reason = ApiError::new(code, "").reason;
        assert_eq!(table.get(reason), Some(&&*answer(code)), "{reason}");
    }
}
