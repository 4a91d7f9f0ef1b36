//! The headers of customers' pages: each is there, and says what it is there for.

use super::call::{Answer, NoAnswer};
use super::public::{NOT_IZIN, not_izin};
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};

const HEADERS: Check = Check::new(Theme::Listeners, "public-headers", "public: headers");

/// What every page must have.
const WANTED: [&str; 5] = [
    "cache-control",
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
];
/// And over https as well.
const OVER_HTTPS: &str = "strict-transport-security";

/// Without which the names alone promise nothing.
const EXACTLY: [(&str, &str); 3] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'"),
    ("content-security-policy", "frame-ancestors 'none'"),
];

pub fn headers(subject: &Subject, page: &Result<Answer, NoAnswer>) -> Finding {
    let page = match page {
        Ok(page) => page,
        Err(problem) => return HEADERS.failed(not_izin(problem), NOT_IZIN),
    };
    let base_url = subject.config.listeners.public.base_url.as_deref();
    let is_https = base_url.is_some_and(|url| url.starts_with("https://"));
    let wanted = WANTED.into_iter().chain(is_https.then_some(OVER_HTTPS));
    let missing = wanted.filter(|name| !page.headers.contains_key(*name));
    let weaker = EXACTLY
        .into_iter()
        .filter(|(name, value)| page.headers.contains_key(*name) && !says(page, name, value));
    let wrong: Vec<String> = missing
        .map(str::to_owned)
        .chain(weaker.map(|(name, value)| format!("{value} in {name}")))
        .collect();
    if wrong.is_empty() {
        HEADERS.ok("pages cannot be framed, cached or made to load anything from elsewhere")
    } else {
        HEADERS.failed(
            format!("a page came without {}", wrong.join(", ")),
            NOT_IZIN,
        )
    }
}

/// Whether one part of the header's value is this one. The first header counts; a second policy could only narrow it, a second
/// `cache-control` could not take back what the first says.
fn says(page: &Answer, name: &str, value: &str) -> bool {
    let stated = page
        .headers
        .get(name)
        .and_then(|stated| stated.to_str().ok());
    let mut parts = stated.unwrap_or_default().split([',', ';']);
    parts.any(|part| part.trim().eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName};

    use super::*;
    use crate::config::Config;
    use crate::doctor::finding::Verdict;

    fn page(changed: Option<(&'static str, &'static str)>) -> Answer {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("cache-control", "private, No-Store"),
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        if let Some((name, value)) = changed {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        Answer {
            status: 200,
            headers,
            body: Vec::new(),
        }
    }

    #[test]
    fn headers_count_by_what_they_say() {
        let subject = Subject::for_tests(Config::from_layers(&[]).unwrap());
        assert_eq!(headers(&subject, &Ok(page(None))).verdict, Verdict::Ok);
        for (changed, told) in [
            (("cache-control", "no-cache"), "no-store in cache-control"),
            (
                (
                    "content-security-policy",
                    "default-src 'none'; frame-ancestors *",
                ),
                "frame-ancestors 'none' in content-security-policy",
            ),
            (
                ("content-security-policy", "frame-ancestors 'none'"),
                "default-src 'none' in content-security-policy",
            ),
        ] {
            let finding = headers(&subject, &Ok(page(Some(changed))));
            assert_eq!(finding.verdict, Verdict::Failed);
            assert_eq!(finding.seen, format!("a page came without {told}"));
        }
    }
}
