//! One sample, or several, of every screen. They are live code: templates that an institution supplies are rendered with them at
//! start, so that a mistake is an error with a file name and a line and not a customer's blank page.

use chrono::{DateTime, Duration, Utc};

use super::{
    AccountChoice, AccountKind, AccountsView, ChosenAccount, DataCluster, Deadline, ErrorReason,
    ErrorView, FormError, Frame, OtpView, Outcome, PasswordView, PhraseView, Purpose, ResultView,
    ReviewView, Screen, SentCode, Shared, Unavailable, UsernameView,
};
use crate::pages::messages::Language;

/// A screen with a name that says what is special about it.
#[derive(Clone, Debug)]
pub struct Sample {
    pub name: String,
    pub screen: Screen,
}

/// Every screen, with and without errors, every outcome and every error page.
pub fn samples() -> Vec<Sample> {
    let mut samples = vec![
        sample("username", username(None)),
        sample("username-error", username(Some(FormError::UsernameMissing))),
        sample("phrase", phrase()),
        sample("password", password(None)),
        sample("password-error", password(Some(FormError::SignInWrong))),
        sample("otp", otp(None)),
        sample("otp-error", otp(Some(FormError::OtpWrong))),
        sample("otp-sent", sent_code(None)),
        sample("otp-sent-error", sent_code(Some(FormError::OtpSentExpired))),
        sample("accounts", accounts(None)),
        sample("accounts-error", accounts(Some(FormError::AccountsMissing))),
        sample("accounts-none", no_accounts()),
        sample("review", review(Purpose::Pfm, &DataCluster::ALL)),
        sample(
            "review-credit",
            review(Purpose::CreditUnderwriting, &DataCluster::ALL[1..2]),
        ),
    ];
    samples.extend(
        Outcome::ALL.map(|outcome| sample(format!("result-{}", outcome.name()), result(outcome))),
    );
    samples.push(sample("error-locked-long", locked_for_long()));
    samples.extend(
        ErrorReason::ALL.map(|reason| sample(format!("error-{}", reason.name()), error(reason))),
    );
    samples
}

impl Frame {
    /// A request of the demo consumer, four minutes before its end.
    pub fn sample(language: Language) -> Self {
        Self {
            language,
            bank_name: "Bank Contoh".to_owned(),
            help_line: Some("1-300-88-0000".to_owned()),
            consumer_name: Some("Kira Budget".to_owned()),
            csrf: Some("sample-token".to_owned().into()),
            reference: Some("7C41-9E2B".to_owned()),
            deadline: Some(Deadline::new(moment() + Duration::minutes(4), moment())),
            path: "/consent".to_owned(),
        }
    }
}

/// 20 May 2026, 10:38 am in Malaysia.
fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_779_244_680, 0).unwrap_or_default()
}

/// 20 November 2026, 11:59:59 pm in Malaysia.
fn last_moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_190_399, 0).unwrap_or_default()
}

fn sample(name: impl Into<String>, screen: impl Into<Screen>) -> Sample {
    Sample {
        name: name.into(),
        screen: screen.into(),
    }
}

fn username(error: Option<FormError>) -> UsernameView {
    UsernameView {
        action_url: action_url(),
        username: String::new(),
        error,
    }
}

fn phrase() -> PhraseView {
    PhraseView {
        action_url: action_url(),
        username: "aisyah".to_owned(),
        phrase: "Teh tarik kurang manis".to_owned(),
        change_url: Some("/consent/username".to_owned()),
    }
}

fn password(error: Option<FormError>) -> PasswordView {
    let PhraseView {
        action_url,
        username,
        phrase,
        change_url,
    } = phrase();
    PasswordView {
        action_url,
        username,
        phrase,
        change_url,
        error,
    }
}

fn otp(error: Option<FormError>) -> OtpView {
    let hint = error.is_some().then(|| "Aisyah’s phone".to_owned());
    OtpView {
        action_url: action_url(),
        hint,
        sent: None,
        error,
    }
}

fn sent_code(error: Option<FormError>) -> OtpView {
    OtpView {
        action_url: action_url(),
        hint: None,
        sent: Some(SentCode {
            to: Some("Secure message in the Contoh app".to_owned()),
            until: moment() + Duration::minutes(3),
        }),
        error,
    }
}

fn locked_for_long() -> ErrorView {
    ErrorView {
        wait_minutes: Some(24 * 60),
        ..ErrorView::new(ErrorReason::Locked)
    }
}

fn accounts(error: Option<FormError>) -> AccountsView {
    let choices = [
        (
            "Everyday Savings-i",
            AccountKind::Savings,
            "1122••••3344",
            None,
        ),
        (
            "Household bills",
            AccountKind::Current,
            "5566••••7788",
            None,
        ),
        (
            "Platinum Visa",
            AccountKind::CreditCard,
            "4556 12•• •••• 9012",
            None,
        ),
        (
            "Holiday with Farid",
            AccountKind::Savings,
            "1122••••0917",
            Some(Unavailable::Joint),
        ),
        (
            "Old salary account",
            AccountKind::Current,
            "5566••••2001",
            Some(Unavailable::Dormant),
        ),
    ];
    let accounts = (1..)
        .zip(choices)
        .map(
            |(number, (name, kind, masked_number, unavailable))| AccountChoice {
                id: format!("00000000-0000-4000-8000-{number:012}"),
                name: name.to_owned(),
                kind,
                masked_number: masked_number.to_owned(),
                unavailable,
                checked: false,
            },
        );
    AccountsView {
        action_url: action_url(),
        accounts: accounts.collect(),
        error,
    }
}

fn no_accounts() -> AccountsView {
    let AccountsView {
        action_url,
        mut accounts,
        error,
    } = accounts(None);
    accounts.retain(|account| account.unavailable.is_some());
    AccountsView {
        action_url,
        accounts,
        error,
    }
}

fn review(purpose: Purpose, data: &[DataCluster]) -> ReviewView {
    ReviewView {
        action_url: action_url(),
        change_url: Some("/consent/accounts".to_owned()),
        bank_name: "Bank Contoh".to_owned(),
        consumer_name: "Kira Budget".to_owned(),
        purpose,
        data: data.to_vec(),
        history_months: 12,
        accounts: chosen(),
        from: moment(),
        until: last_moment(),
    }
}

fn result(outcome: Outcome) -> ResultView {
    let waiting = outcome.refresh_seconds().is_some();
    let shared = Shared {
        data: DataCluster::ALL.to_vec(),
        accounts: chosen(),
        until: last_moment(),
    };
    ResultView {
        outcome,
        action_url: (!waiting).then(action_url),
        shared: (outcome == Outcome::Approved).then_some(shared),
    }
}

fn error(reason: ErrorReason) -> ErrorView {
    let mut view = ErrorView::new(reason);
    match reason {
        ErrorReason::Expired | ErrorReason::AlreadyDecided => view.action_url = Some(action_url()),
        ErrorReason::Internal | ErrorReason::SessionLost => {
            view.retry_url = Some("/consent".to_owned());
        }
        ErrorReason::Locked | ErrorReason::Throttled => view.wait_minutes = Some(15),
        _ => {}
    }
    view
}

fn chosen() -> Vec<ChosenAccount> {
    accounts(None)
        .accounts
        .into_iter()
        .filter(|account| account.unavailable.is_none())
        .take(2)
        .map(
            |AccountChoice {
                 name,
                 kind,
                 masked_number,
                 ..
             }| ChosenAccount {
                name,
                kind,
                masked_number,
            },
        )
        .collect()
}

fn action_url() -> String {
    "/consent".to_owned()
}
