//! This machine's clock, compared with what PayNet says in a `Date` header.

use chrono::{DateTime, TimeDelta, Utc};

use crate::doctor::finding::{Check, Finding, Theme};
use crate::paynet::{DatedDiscovery, StatedDate};

pub const CLOCK: Check = Check::new(Theme::Clock, "clock", "this machine's clock");

/// Beyond this somebody should look at the clock; PayNet's own limit is that of the wire profile.
const NOTICEABLE: i64 = 2;

/// A `Date` has whole seconds, and between question and answer time passes: only what is beyond doubt counts.
pub fn clock(found: &DatedDiscovery, tolerated: i64) -> Finding {
    let date = match found.date {
        StatedDate::At(date) => date,
        StatedDate::Missing => {
            return CLOCK.skipped("PayNet's answers do not say what time it is (no Date header)");
        }
        StatedDate::Unreadable => {
            return CLOCK.skipped("the Date header of PayNet's answers cannot be read as a time");
        }
    };
    let behind = least_difference(date, found.asked_at, found.answered_at);
    let difference = behind.abs();
    let seconds = difference.num_seconds();
    let direction = if behind > TimeDelta::zero() {
        "behind"
    } else {
        "ahead of"
    };
    let seen = format!("at least {seconds} seconds {direction} PayNet's");
    let advice = "Let this machine set its clock by NTP (timedatectl, chronyc tracking): signatures that seem too old or from the future are refused.";
    let seconds_of = |seconds| TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
    if difference > seconds_of(tolerated.max(NOTICEABLE)) {
        CLOCK.failed(seen, advice)
    } else if difference > seconds_of(NOTICEABLE) {
        CLOCK.warning(seen, advice)
    } else {
        CLOCK.ok("within two seconds of PayNet's")
    }
}

/// How far PayNet's clock is ahead of ours, at least.
fn least_difference(
    date: DateTime<Utc>,
    asked_at: DateTime<Utc>,
    answered_at: DateTime<Utc>,
) -> TimeDelta {
    let (least, most) = (date - answered_at, date + TimeDelta::seconds(1) - asked_at);
    let none = TimeDelta::zero();
    if least > none {
        least
    } else if most < none {
        most
    } else {
        none
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn only_what_is_beyond_doubt_counts_as_a_difference() {
        let at = |seconds: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
            let milliseconds = (seconds * 1000.0) as i64;
            DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
        };
        for (date, asked, answered, expected) in [
            (100.0, 100.2, 100.4, 0.0),
            (100.0, 100.9, 101.1, 0.0),
            // The answer took long.
            (100.0, 95.0, 103.0, 0.0),
            (105.0, 100.0, 101.0, 4.0),
            (90.0, 100.0, 101.0, -9.0),
        ] {
            let difference = least_difference(at(date), at(asked), at(answered));
            assert_eq!(
                difference,
                at(expected) - DateTime::UNIX_EPOCH,
                "{date} {asked} {answered}"
            );
        }
    }

    #[test]
    fn clocks_are_judged() {
        let found = |ahead: i64| DatedDiscovery {
            document: serde_json::from_value(serde_json::json!({
                "issuer": "https://as.example",
                "token_endpoint": "https://as.example/token",
            }))
            .unwrap(),
            date: StatedDate::At(DateTime::UNIX_EPOCH + TimeDelta::seconds(ahead)),
            asked_at: DateTime::UNIX_EPOCH,
            answered_at: DateTime::UNIX_EPOCH,
        };
        for (ahead, tolerated, expected) in [
            (0, 10, Verdict::Ok),
            (2, 10, Verdict::Ok),
            (3, 10, Verdict::Warning),
            (-4, 10, Verdict::Warning),
            (10, 10, Verdict::Warning),
            (11, 10, Verdict::Failed),
            (-12, 10, Verdict::Failed),
            (3, 0, Verdict::Failed),
        ] {
            let finding = clock(&found(ahead), tolerated);
            assert_eq!(
                finding.verdict, expected,
                "{ahead} {tolerated}: {finding:?}"
            );
        }
        for (date, told) in [
            (StatedDate::Missing, "no Date header"),
            (StatedDate::Unreadable, "cannot be read"),
        ] {
            let finding = clock(&DatedDiscovery { date, ..found(0) }, 10);
            assert_eq!(finding.verdict, Verdict::Skipped);
            assert!(finding.seen.contains(told), "{finding:?}");
        }
    }
}
