//! The formats of the contracts: RFC 3339 dates and times, UUIDs, addresses.

use std::sync::LazyLock;

use chrono::{DateTime, FixedOffset, NaiveDate};
use regex::Regex;
use url::Url;

/// RFC 3339 §5.6, stricter than most parsers: `T` between date and time, and always an offset.
static DATE_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$";
    Regex::new(pattern).ok()
});

/// A moment, if the text is one in the sense of RFC 3339.
pub(crate) fn date_time(text: &str) -> Option<DateTime<FixedOffset>> {
    let shaped = DATE_TIME.as_ref().is_some_and(|regex| regex.is_match(text));
    if !shaped {
        return None;
    }
    DateTime::parse_from_rfc3339(text).ok()
}

/// A day, if the text is one: four digits, two, two.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Whether a text keeps a format of the OpenAPI document; formats that only describe (`int32`, `password`) are kept by all.
pub(super) fn keeps(format: &str, text: &str) -> bool {
    match format {
        "date" => date(text).is_some(),
        "date-time" => date_time(text).is_some(),
        "email" => text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace)
        }),
        "uri" => Url::parse(text).is_ok(),
        "uuid" => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339() {
        let right = [
            "2026-01-05T09:41:07+08:00",
            "2026-01-05T09:41:07Z",
            "2026-01-05T09:41:07.123456-00:30",
        ];
        let wrong = [
            "2026-01-05T09:41:07",
            "2026-01-05 09:41:07+08:00",
            "2026-02-30T09:41:07Z",
            "2026-01-05T25:41:07Z",
            "2026-01-05T09:41:07+0800",
            "2026-01-05T09:41Z",
            "٢٠٢٦-01-05T09:41:07Z",
            "",
        ];
        for text in right {
            assert!(keeps("date-time", text), "{text}");
        }
        for text in wrong {
            assert!(!keeps("date-time", text), "{text}");
        }
    }

    #[test]
    fn dates_uuids_and_addresses() {
        assert!(keeps("date", "2024-02-29"));
        for text in [
            "2025-02-29",
            "2025-1-01",
            "+025-01-01",
            "20250101",
            "2025-01-01 ",
        ] {
            assert!(!keeps("date", text), "{text}");
        }
        assert!(keeps("uuid", "0b6ad7d2-6f0c-4f43-9c0e-3a4f9f2f1180"));
        assert!(!keeps("uuid", "0b6ad7d26f0c4f439c0e3a4f9f2f1180"));
        assert!(keeps("email", "a@b") && !keeps("email", "a b@c") && !keeps("email", "@c"));
        assert!(keeps("uri", "https://bank.example/p") && !keeps("uri", "no address"));
        assert!(keeps("int32", "whatever"));
    }
}
