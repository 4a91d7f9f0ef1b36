//! What a check found, and what to do about it.

use serde::Serialize;

/// What belongs together for a reader, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    Configuration,
    Keys,
    Certificates,
    Database,
    Clock,
    Paynet,
    Listeners,
    Redirects,
    Bank,
    WireProfile,
    System,
}

impl Theme {
    /// As a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Configuration => "Configuration",
            Self::Keys => "Keys",
            Self::Certificates => "Certificates",
            Self::Database => "Database",
            Self::Clock => "Clock",
            Self::Paynet => "PayNet",
            Self::Listeners => "Our listeners",
            Self::Redirects => "Where customers are sent back to",
            Self::Bank => "The bank's systems",
            Self::WireProfile => "Wire profile",
            Self::System => "This machine",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work, or must not go into service like this.
    Failed,
    /// It could not be looked at.
    Skipped,
}

impl Verdict {
    /// As the table has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

/// Something that is looked at. docs/doctor.md lists them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    theme: Theme,
    /// Stable, for programs.
    id: &'static str,
    /// The same for people, in a few words.
    what: &'static str,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub theme: Theme,
    pub check: &'static str,
    #[serde(skip)]
    pub what: &'static str,
    /// The setting that was looked at, where a check is made for several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    pub verdict: Verdict,
    pub seen: String,
    /// What to do: one sentence. Every warning and every failure has it.
    pub advice: Option<String>,
}

impl Check {
    pub const fn new(theme: Theme, id: &'static str, what: &'static str) -> Self {
        Self { theme, id, what }
    }

    pub fn ok(self, seen: impl Into<String>) -> Finding {
        self.finding(Verdict::Ok, seen.into(), None)
    }

    pub fn warning(self, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
        self.finding(Verdict::Warning, seen.into(), Some(advice.into()))
    }

    pub fn failed(self, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
        self.finding(Verdict::Failed, seen.into(), Some(advice.into()))
    }

    pub fn skipped(self, why: impl Into<String>) -> Finding {
        self.finding(Verdict::Skipped, why.into(), None)
    }

    fn finding(self, verdict: Verdict, seen: String, advice: Option<String>) -> Finding {
        Finding {
            theme: self.theme,
            check: self.id,
            what: self.what,
            about: None,
            verdict,
            seen,
            advice,
        }
    }
}

impl Finding {
    #[must_use]
    pub fn about(mut self, setting: impl Into<String>) -> Self {
        self.about = Some(setting.into());
        self
    }

    /// What would help, of something that was skipped.
    #[must_use]
    pub fn advised(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}
