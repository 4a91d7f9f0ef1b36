//! User name, secure phrase, password. The customer's own phrase is shown and acknowledged
//! before any password box appears (RMiT appendix 3 §1(g)); an unknown name sees a phrase too.

use poem::Response;
use poem::http::StatusCode;

use super::Pages;
use super::flow::{HOME, Submitted, Visit, stored};
use super::responses::{Forms, see};
use super::views::{ErrorReason, ErrorView, FormError, PasswordView, PhraseView, UsernameView};
use crate::authorization::Step;
use crate::bank::BankError;
use crate::http::ApiError;
use crate::secret::Secret;
use crate::sign_in::{Attempt, SignInError};

pub const BACK_TO_USERNAME: &str = "/consent?to=username";
/// In characters, as the contract has them.
const MAX_USERNAME: usize = 128;
const MAX_PASSWORD: usize = 256;

impl Pages {
    pub(super) fn username_page(
        &self,
        visit: &Visit,
        username: String,
        error: Option<FormError>,
    ) -> Response {
        let view = UsernameView {
            action_url: "/consent/username".into(),
            username,
            error,
        };
        self.step_page(visit, &view.into(), Forms::Here)
    }

    pub(super) async fn phrase_page(
        &self,
        visit: &Visit,
        username: String,
    ) -> poem::Result<Response> {
        let phrase = self
            .authorization
            .sign_in
            .phrase(&visit.visitor, &username)
            .await
            .map_err(unavailable)?;
        let view = PhraseView {
            action_url: "/consent/phrase".into(),
            username,
            phrase,
            change_url: Some(BACK_TO_USERNAME.into()),
        };
        Ok(self.step_page(visit, &view.into(), Forms::Here))
    }

    pub(super) async fn password_page(
        &self,
        visit: &Visit,
        username: String,
        error: Option<FormError>,
    ) -> poem::Result<Response> {
        let phrase = self
            .authorization
            .sign_in
            .phrase(&visit.visitor, &username)
            .await
            .map_err(unavailable)?;
        let view = PasswordView {
            action_url: "/consent/password".into(),
            username,
            phrase,
            change_url: Some(BACK_TO_USERNAME.into()),
            error,
        };
        Ok(self.step_page(visit, &view.into(), Forms::Here))
    }

    pub(super) async fn submit_username(
        &self,
        visit: Visit,
        form: &Submitted,
    ) -> poem::Result<Response> {
        let username = form.one("username").trim();
        let readable = !username.chars().any(char::is_control);
        if username.is_empty() || !readable || username.chars().count() > MAX_USERNAME {
            let error = Some(FormError::UsernameMissing);
            return Ok(self.username_page(&visit, String::new(), error));
        }
        self.go(
            visit,
            Step::Phrase {
                username: username.to_owned(),
            },
        )
        .await
    }

    pub(super) async fn submit_phrase(
        &self,
        visit: Visit,
        username: String,
    ) -> poem::Result<Response> {
        self.go(visit, Step::Password { username }).await
    }

    pub(super) async fn submit_password(
        &self,
        visit: Visit,
        username: String,
        form: &Submitted,
    ) -> poem::Result<Response> {
        let password = Secret::from(form.one("password").to_owned());
        if !(1..=MAX_PASSWORD).contains(&password.expose().chars().count()) {
            return self
                .password_page(&visit, username, Some(FormError::PasswordMissing))
                .await;
        }
        let attempt = self
            .authorization
            .sign_in
            .password(&visit.visitor, &username, password)
            .await;
        match attempt.map_err(unavailable)? {
            Attempt::Passed(open) => self.choose_second_factor(visit, open).await,
            Attempt::Locked { minutes } => Ok(self.locked(&visit, minutes)),
            _ => {
                self.password_page(&visit, username, Some(FormError::SignInWrong))
                    .await
            }
        }
    }

    /// The consent stays pending; the customer may go back to the consumer or try again later.
    pub(super) fn locked(&self, visit: &Visit, minutes: u32) -> Response {
        let mut view = ErrorView::new(ErrorReason::Locked);
        view.retry_url = Some(BACK_TO_USERNAME.into());
        view.action_url = Some("/consent/error".into());
        view.wait_minutes = Some(minutes);
        let frame = self.frame(visit);
        self.rendered(
            StatusCode::TOO_MANY_REQUESTS,
            &frame,
            &view.into(),
            Forms::MayLeave,
        )
    }

    /// Stores the next step and shows it.
    pub(super) async fn go(&self, mut visit: Visit, step: Step) -> poem::Result<Response> {
        visit.session.journey.step = step;
        stored(self.authorization.save(&mut visit.session).await)?;
        Ok(see(HOME))
    }
}

pub fn unavailable(error: SignInError) -> poem::Error {
    match error {
        SignInError::Store(error) => ApiError::from(error).into(),
        SignInError::Bank(BankError::Unavailable {
            retry_after: Some(seconds),
            reason,
        }) => {
            let mut error = ApiError::unavailable(reason);
            error.retry_after = Some(seconds);
            error.into()
        }
        other => ApiError::unavailable(other).into(),
    }
}
