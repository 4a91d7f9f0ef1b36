//! The words of the customer's screens, in English and Bahasa Malaysia.
//!
//! Every string a customer reads stands in `config/locales/*.ftl` (Fluent) and is compiled in. Both files have the same keys, which
//! a test proves. A key that is missing anyway is an error for tests; for a customer the English words are better than none, and the
//! bare key is better than no page. Times are Malaysian time: UTC+8 all year, since 1982.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

const EN: &str = include_str!("../../config/locales/en.ftl");
const MS: &str = include_str!("../../config/locales/ms.ftl");

/// Malaysia's offset from UTC, in seconds.
const MALAYSIA: i32 = 8 * 60 * 60;

/// A language the screens are written in (rule U1).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    #[default]
    En,
    Ms,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::En, Self::Ms];

    /// Value of the `lang` attribute (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ms => "ms",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The first of the browser's languages that we speak; `Accept-Language` lists them by preference in practice, so weights are
    /// not read.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        header.split(',').find_map(|range| {
            let tag = range.split(';').next()?.trim();
            Self::from_tag(tag.split('-').next()?)
        })
    }

    /// The language to switch to.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Ms,
            Self::Ms => Self::En,
        }
    }

    /// The locale file's text, which the receipt's template hash covers.
    pub fn source(self) -> &'static str {
        match self {
            Self::En => EN,
            Self::Ms => MS,
        }
    }
}

/// What to do about a key that no locale file has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MissingKey {
    /// Show the English words, else the key.
    FallBack,
    /// Fail, for tests and for checking templates.
    Refuse,
}

#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("locale {language}: {reason}")]
    Locale {
        language: &'static str,
        reason: String,
    },
    #[error("locale {language} has no usable message `{key}`: {reason}")]
    Missing {
        language: &'static str,
        key: String,
        reason: String,
    },
}

/// The compiled-in messages of both languages.
pub struct Messages {
    missing: MissingKey,
    en: FluentBundle<FluentResource>,
    ms: FluentBundle<FluentResource>,
}

impl Messages {
    pub fn compiled_in(missing: MissingKey) -> Result<Self, MessageError> {
        Ok(Self {
            missing,
            en: bundle(Language::En)?,
            ms: bundle(Language::Ms)?,
        })
    }

    /// The message `key` in `language`, with its arguments filled in. Plain text: whoever puts it into HTML escapes it.
    pub fn text(
        &self,
        language: Language,
        key: &str,
        arguments: &FluentArgs<'_>,
    ) -> Result<String, MessageError> {
        match self.lookup(language, key, arguments) {
            Ok(text) => Ok(text),
            Err(error) if self.missing == MissingKey::Refuse => Err(error),
            Err(error) => {
                tracing::warn!(%error, "falling back");
                Ok(self
                    .lookup(Language::En, key, arguments)
                    .unwrap_or_else(|_| key.to_owned()))
            }
        }
    }

    /// Malaysian date and time, such as "20 November 2026, 11:59 pm".
    pub fn moment(&self, language: Language, at: DateTime<Utc>) -> Result<String, MessageError> {
        let arguments = arguments([
            ("date", self.date(language, at)?),
            ("time", self.time(language, at)?),
        ]);
        self.text(language, "moment", &arguments)
    }

    /// Malaysian date, such as "20 November 2026".
    pub fn date(&self, language: Language, at: DateTime<Utc>) -> Result<String, MessageError> {
        let local = malaysian(at);
        let month = format!("month-{}", local.month());
        let arguments = arguments([
            ("day", local.day().to_string()),
            ("month", self.text(language, &month, &FluentArgs::new())?),
            ("year", local.year().to_string()),
        ]);
        self.text(language, "date", &arguments)
    }

    /// Malaysian time of day, such as "11:59 pm".
    pub fn time(&self, language: Language, at: DateTime<Utc>) -> Result<String, MessageError> {
        let local = malaysian(at);
        let period = format!("period-{}", period(local.hour()));
        let arguments = arguments([
            ("hour", local.hour12().1.to_string()),
            ("minute", format!("{:02}", local.minute())),
            ("period", self.text(language, &period, &FluentArgs::new())?),
        ]);
        self.text(language, "time", &arguments)
    }

    fn lookup(
        &self,
        language: Language,
        key: &str,
        arguments: &FluentArgs<'_>,
    ) -> Result<String, MessageError> {
        let missing = |reason: String| MessageError::Missing {
            language: language.tag(),
            key: key.to_owned(),
            reason,
        };
        let bundle = match language {
            Language::En => &self.en,
            Language::Ms => &self.ms,
        };
        let pattern = bundle
            .get_message(key)
            .and_then(|message| message.value())
            .ok_or_else(|| missing("not in the file".to_owned()))?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(arguments), &mut errors);
        match errors.first() {
            None => Ok(Cow::into_owned(text)),
            Some(error) => Err(missing(error.to_string())),
        }
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Messages")
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

/// Ringgit from sen, such as "RM1,234.50". Malaysian banks write it alike in both languages.
pub fn ringgit(sen: i64) -> String {
    let sign = if sen < 0 { "-" } else { "" };
    let (whole, rest) = (sen.unsigned_abs() / 100, sen.unsigned_abs() % 100);
    format!("{sign}RM{}.{rest:02}", grouped(whole))
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn malaysian(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(MALAYSIA).unwrap_or_else(|| chrono::Offset::fix(&Utc));
    at.with_timezone(&offset)
}

/// Part of the day as Malay names it (CLDR day periods for `ms`); English maps them to am and pm.
fn period(hour: u32) -> &'static str {
    match hour {
        0 => "midnight",
        1..=11 => "morning",
        12..=13 => "noon",
        14..=18 => "evening",
        _ => "night",
    }
}

fn arguments<const N: usize>(values: [(&'static str, String); N]) -> FluentArgs<'static> {
    values.into_iter().collect()
}

fn bundle(language: Language) -> Result<FluentBundle<FluentResource>, MessageError> {
    let locale = |reason: String| MessageError::Locale {
        language: language.tag(),
        reason,
    };
    let tag: LanguageIdentifier = language
        .tag()
        .parse()
        .map_err(|error| locale(format!("{error:?}")))?;
    let resource = FluentResource::try_new(language.source().to_owned())
        .map_err(|(_, errors)| locale(format!("{errors:?}")))?;
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks that isolate writing directions would end up in the receipt's text; both languages are written left to right.
    bundle.set_use_isolating(false);
    bundle
        .add_resource(resource)
        .map_err(|errors| locale(format!("{errors:?}")))?;
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeZone;

    use super::*;

    fn messages(missing: MissingKey) -> Messages {
        Messages::compiled_in(missing).expect("the compiled-in locale files parse")
    }

    fn malaysia(hour: u32, minute: u32) -> DateTime<Utc> {
        FixedOffset::east_opt(MALAYSIA)
            .and_then(|offset| {
                offset
                    .with_ymd_and_hms(2026, 11, 20, hour, minute, 59)
                    .single()
            })
            .expect("a valid time")
            .to_utc()
    }

    fn keys(language: Language) -> BTreeSet<&'static str> {
        let lines = language.source().lines();
        lines
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
            .collect()
    }

    /// The names a message's text refers to, such as `$consumer`.
    fn variables(language: Language, key: &str) -> BTreeSet<&'static str> {
        let start = format!("{key} =");
        language
            .source()
            .lines()
            .skip_while(|line| !line.starts_with(&start))
            .enumerate()
            .take_while(|(index, line)| *index == 0 || line.starts_with(' '))
            .flat_map(|(_, line)| line.split('$').skip(1))
            .map(|rest| {
                rest.split(|next: char| !next.is_alphanumeric())
                    .next()
                    .unwrap_or(rest)
            })
            .collect()
    }

    /// Rule U1: a customer loses no sentence by switching the language.
    #[test]
    fn both_languages_have_the_same_keys_and_arguments() {
        assert_eq!(keys(Language::En), keys(Language::Ms));
        assert!(keys(Language::En).len() > 100);
        for key in keys(Language::En) {
            assert_eq!(
                variables(Language::En, key),
                variables(Language::Ms, key),
                "{key}"
            );
        }
    }

    #[test]
    fn times_are_malaysian() {
        let messages = messages(MissingKey::Refuse);
        let cases = [
            (
                malaysia(23, 59),
                "20 November 2026, 11:59 pm",
                "20 November 2026, 11.59 malam",
            ),
            (
                malaysia(0, 5),
                "20 November 2026, 12:05 am",
                "20 November 2026, 12.05 tengah malam",
            ),
            (
                malaysia(10, 42),
                "20 November 2026, 10:42 am",
                "20 November 2026, 10.42 pagi",
            ),
            (
                malaysia(12, 0),
                "20 November 2026, 12:00 pm",
                "20 November 2026, 12.00 tengah hari",
            ),
            (
                malaysia(17, 30),
                "20 November 2026, 5:30 pm",
                "20 November 2026, 5.30 petang",
            ),
        ];
        for (at, en, ms) in cases {
            assert_eq!(messages.moment(Language::En, at).expect("en"), en);
            assert_eq!(messages.moment(Language::Ms, at).expect("ms"), ms);
        }
    }

    #[test]
    fn money_is_grouped() {
        assert_eq!(ringgit(0), "RM0.00");
        assert_eq!(ringgit(123_450), "RM1,234.50");
        assert_eq!(ringgit(-100_000_005), "-RM1,000,000.05");
    }

    #[test]
    fn a_missing_key_fails_a_test_and_never_a_customer() {
        let none = FluentArgs::new();
        let refused = messages(MissingKey::Refuse).text(Language::Ms, "no-such-key", &none);
        assert!(matches!(refused, Err(MessageError::Missing { .. })));
        let shown = messages(MissingKey::FallBack).text(Language::Ms, "no-such-key", &none);
        assert_eq!(shown.expect("a text"), "no-such-key");
    }

    #[test]
    fn a_missing_argument_is_an_error_too() {
        let refused = messages(MissingKey::Refuse).text(Language::En, "moment", &FluentArgs::new());
        assert!(refused.is_err());
    }

    #[test]
    fn the_browser_asks_for_a_language() {
        assert_eq!(
            Language::from_accept_language("ms-MY,ms;q=0.9,en;q=0.8"),
            Some(Language::Ms)
        );
        assert_eq!(
            Language::from_accept_language("zh-CN, en-GB;q=0.7"),
            Some(Language::En)
        );
        assert_eq!(Language::from_accept_language("zh, ta"), None);
    }
}
