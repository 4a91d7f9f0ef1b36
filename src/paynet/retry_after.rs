//! `Retry-After`: how long PayNet asks to be left alone (RFC 9110 §10.2.3).

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Longest that we obey: whoever asks for more is asked again after this.
const LONGEST: Duration = Duration::from_secs(300);

/// Seconds, or a date in any of the three forms that HTTP has for one, seen from our clock. `None` if there is none that can be read.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let stated = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !stated.is_empty() && stated.bytes().all(|byte| byte.is_ascii_digit());
    let pause = if is_number {
        // Digits that are no number any more are a very long time.
        Duration::from_secs(stated.parse().unwrap_or(u64::MAX))
    } else {
        let until = DateTime::<Utc>::from(httpdate::parse_http_date(stated).ok()?);
        (until - now).to_std().unwrap_or_default()
    };
    Some(pause.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn seconds_and_dates_are_obeyed_up_to_five_minutes() {
        // RFC 9110 §5.6.7 has this moment in all three forms.
        let moment = DateTime::parse_from_rfc3339("1994-11-06T08:49:37Z").unwrap();
        let now = moment.to_utc() - chrono::TimeDelta::seconds(37);
        for (stated, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("86400", Some(300)),
            ("99999999999999999999999999", Some(300)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(37)),
            ("Sun Nov  6 08:49:37 1994", Some(37)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", Some(0)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(300)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(stated));
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{stated}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
