//! What each of the customer's screens shows, as data.
//!
//! A handler fills one of these structs and hands it to the renderer together with a [`Frame`]. Nothing here knows HTTP, a session
//! or a language's words: a view holds facts (names, times, choices, which error), the templates choose the place and the locale
//! files the words. Every screen has samples, so that all of them can be rendered without a running service: in tests, and at start
//! when an institution brings templates of its own.

mod samples;
mod vocabulary;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::messages::Language;
use crate::secret::Secret;

pub use samples::samples;
pub use vocabulary::{
    AccountKind, DataCluster, ErrorReason, FormError, Outcome, Purpose, Step, Unavailable,
};

/// What surrounds every screen.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    pub language: Language,
    /// The institution's name as its customers know it.
    pub bank_name: String,
    /// Where customers get help, in the bank's words, such as a telephone number (rule U9).
    pub help_line: Option<String>,
    /// Who asks for the data, once that is known.
    pub consumer_name: Option<String>,
    /// The token every form carries. A screen with a form does not render without it.
    pub csrf: Option<Secret>,
    /// What the customer quotes when asking for help: the short consent id, or an interaction id when there is no consent.
    pub reference: Option<String>,
    pub deadline: Option<Deadline>,
    /// Path (and query) of this page, which the language switch and the refresh of a waiting page come back to.
    pub path: String,
}

/// The moment at which PayNet ends the request (rule U6).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Deadline {
    pub at: DateTime<Utc>,
    /// Seconds until the page starts to warn that less than two minutes are left, in the steps that the stylesheet knows.
    pub warn_in: i64,
}

/// Seconds before the end at which the warning appears.
const WARN_SECONDS: i64 = 120;
/// The stylesheet has one rule per step of this many seconds …
const WARN_STEP: i64 = 15;
/// … up to this many.
const WARN_LIMIT: i64 = 300;

impl Deadline {
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let seconds = (at - now).num_seconds() - WARN_SECONDS;
        let warn_in = (seconds - seconds.rem_euclid(WARN_STEP)).clamp(0, WARN_LIMIT);
        Self { at, warn_in }
    }
}

/// One screen with what it shows.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Screen {
    Username(UsernameView),
    Phrase(PhraseView),
    Password(PasswordView),
    Otp(OtpView),
    Accounts(AccountsView),
    Review(ReviewView),
    Result(ResultView),
    Error(ErrorView),
}

impl Screen {
    /// The fixed name that other people's tests look for in `<body data-screen>`.
    pub fn screen(&self) -> &'static str {
        match self {
            Self::Username(_) => "username",
            Self::Phrase(_) => "phrase",
            Self::Password(_) => "password",
            Self::Otp(_) => "otp",
            Self::Accounts(_) => "accounts",
            Self::Review(_) => "review",
            Self::Result(_) => "result",
            Self::Error(_) => "error",
        }
    }

    /// Which of the journey's steps this screen belongs to; what comes after the decision belongs to none.
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Username(_) | Self::Phrase(_) | Self::Password(_) => Some(Step::SignIn),
            Self::Otp(_) => Some(Step::Confirm),
            Self::Accounts(_) => Some(Step::Accounts),
            Self::Review(_) => Some(Step::Review),
            Self::Result(_) | Self::Error(_) => None,
        }
    }

    /// What the customer has to correct on this screen.
    pub fn form_error(&self) -> Option<FormError> {
        match self {
            Self::Username(view) => view.error,
            Self::Password(view) => view.error,
            Self::Otp(view) => view.error,
            Self::Accounts(view) => view.error,
            Self::Phrase(_) | Self::Review(_) | Self::Result(_) | Self::Error(_) => None,
        }
    }

    /// Message key of the page's heading, which is its title too.
    pub fn heading_key(&self) -> String {
        match self {
            Self::Accounts(view) if !view.any_available() => "accounts-none-heading".to_owned(),
            Self::Result(view) => format!("result-{}-heading", view.outcome.name()),
            Self::Error(view) => format!("page-{}-heading", view.reason.name()),
            _ => format!("{}-heading", self.screen()),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct UsernameView {
    pub action_url: String,
    /// What was typed before, when the form comes back.
    pub username: String,
    pub error: Option<FormError>,
}

/// The customer's own secure phrase, to be recognised before any password box appears (rule L1). An unknown username gets a stable
/// decoy, so this view never tells whether somebody exists (rule L2).
#[derive(Clone, Debug, Serialize)]
pub struct PhraseView {
    pub action_url: String,
    pub username: String,
    pub phrase: String,
    /// Where a customer who mistyped the username starts again.
    pub change_url: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PasswordView {
    pub action_url: String,
    pub username: String,
    pub phrase: String,
    pub change_url: Option<String>,
    pub error: Option<FormError>,
}

#[derive(Clone, Debug, Serialize)]
pub struct OtpView {
    pub action_url: String,
    /// The device the code comes from, as the customer named it; none: "your authenticator app".
    pub hint: Option<String>,
    /// The bank has sent a code; none: the customer's authenticator makes it.
    pub sent: Option<SentCode>,
    pub error: Option<FormError>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SentCode {
    /// Where to, in the bank's words.
    pub to: Option<String>,
    /// Until when it can be used.
    pub until: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize)]
pub struct AccountsView {
    pub action_url: String,
    /// In the order of the bank's own channel (rule A8). Accounts that cannot be shared stay in the list (rule A2).
    pub accounts: Vec<AccountChoice>,
    pub error: Option<FormError>,
}

impl AccountsView {
    pub fn any_available(&self) -> bool {
        self.accounts
            .iter()
            .any(|account| account.unavailable.is_none())
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct AccountChoice {
    /// Value of the checkbox: the id that Izin issued.
    pub id: String,
    pub name: String,
    pub kind: AccountKind,
    pub masked_number: String,
    /// Why this account cannot be chosen; none: it can.
    pub unavailable: Option<Unavailable>,
    /// What the customer ticked before; false on the first showing (rule A1).
    pub checked: bool,
}

/// What the customer decides on. Holds both parties' names itself, because the receipt's text is made from this view alone.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewView {
    pub action_url: String,
    /// Back to the accounts (rule R3).
    pub change_url: Option<String>,
    pub bank_name: String,
    pub consumer_name: String,
    pub purpose: Purpose,
    pub data: Vec<DataCluster>,
    /// How far back transactions go.
    pub history_months: u32,
    pub accounts: Vec<ChosenAccount>,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ChosenAccount {
    pub name: String,
    pub kind: AccountKind,
    pub masked_number: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct ResultView {
    pub outcome: Outcome,
    /// Where "go back to …" is posted; none: no such button.
    pub action_url: Option<String>,
    /// What is being shared, shown once it is (rule S2).
    pub shared: Option<Shared>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Shared {
    pub data: Vec<DataCluster>,
    pub accounts: Vec<ChosenAccount>,
    pub until: DateTime<Utc>,
}

/// A page that ends or interrupts the journey: what happened, and what to do next.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorView {
    pub reason: ErrorReason,
    /// Where "go back to …" is posted. Only for requests whose origin was verified (rule L7).
    pub action_url: Option<String>,
    /// Where "try again" leads, within the flow.
    pub retry_url: Option<String>,
    /// How long to wait, in minutes, for the reasons that pass by themselves.
    pub wait_minutes: Option<u32>,
}

impl ErrorView {
    /// A page with nothing but its explanation; the fields can be filled afterwards.
    pub fn new(reason: ErrorReason) -> Self {
        Self {
            reason,
            action_url: None,
            retry_url: None,
            wait_minutes: None,
        }
    }
}

macro_rules! screen_from {
    ($($view:ident => $variant:ident),+ $(,)?) => {$(
        impl From<$view> for Screen {
            fn from(view: $view) -> Self {
                Self::$variant(view)
            }
        }
    )+};
}

screen_from! {
    UsernameView => Username,
    PhraseView => Phrase,
    PasswordView => Password,
    OtpView => Otp,
    AccountsView => Accounts,
    ReviewView => Review,
    ResultView => Result,
    ErrorView => Error,
}
