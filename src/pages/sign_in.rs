//! User name, secure phrase, password, second factor. The customer's own phrase is shown and acknowledged
//! before any password box appears (RMiT appendix 3 §1(g)); an unknown name sees a phrase too.

use poem::Response;
use poem::http::StatusCode;

use super::Pages;
use super::flow::{HOME, Submitted, Visit, stored};
use super::responses::{Forms, see, with_session};
use super::views::{
    ErrorReason, ErrorView, FormError, OtpView, PasswordView, PhraseView, UsernameView,
};
use crate::authorization::Step;
use crate::http::ApiError;
use crate::ids::CustomerId;
use crate::sign_in::{Attempt, SignInError};

const BACK_TO_USERNAME: &str = "/consent?to=username";
const MAX_USERNAME: usize = 128;
const MAX_PASSWORD: usize = 512;

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
            .phrase(&username)
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
            .phrase(&username)
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

    pub(super) fn code_page(&self, visit: &Visit, error: Option<FormError>) -> Response {
        let view = OtpView {
            action_url: "/consent/otp".into(),
            hint: None,
            error,
        };
        self.step_page(visit, &view.into(), Forms::Here)
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
        let password = form.one("password");
        if password.is_empty() || password.len() > MAX_PASSWORD {
            return self
                .password_page(&visit, username, Some(FormError::PasswordMissing))
                .await;
        }
        let attempt = self
            .authorization
            .sign_in
            .password(&username, password)
            .await;
        match attempt.map_err(unavailable)? {
            Attempt::Passed(customer) => self.go(visit, Step::SecondFactor { customer }).await,
            Attempt::Failed | Attempt::Spent => {
                self.password_page(&visit, username, Some(FormError::SignInWrong))
                    .await
            }
            Attempt::Locked => Ok(self.locked(&visit)),
        }
    }

    pub(super) async fn submit_code(
        &self,
        visit: Visit,
        customer: CustomerId,
        form: &Submitted,
    ) -> poem::Result<Response> {
        let code: String = form
            .one("otp")
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        if code.is_empty() {
            return Ok(self.code_page(&visit, Some(FormError::OtpMissing)));
        }
        if code.len() > 10 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(self.code_page(&visit, Some(FormError::OtpWrong)));
        }
        let attempt = self
            .authorization
            .sign_in
            .second_factor(&customer, &code)
            .await;
        match attempt.map_err(unavailable)? {
            Attempt::Passed(signed_in) => {
                let session = self
                    .authorization
                    .sign_in_session(&visit.session, signed_in)
                    .await;
                let session = session.map_err(ApiError::from)?;
                Ok(with_session(see(HOME), &session.id, self.secure))
            }
            Attempt::Failed => Ok(self.code_page(&visit, Some(FormError::OtpWrong))),
            Attempt::Spent => self.spent_code(&visit).await,
            Attempt::Locked => Ok(self.locked(&visit)),
        }
    }

    /// A double click: the first click has signed in, under a new session that the browser has by now.
    async fn spent_code(&self, visit: &Visit) -> poem::Result<Response> {
        let still_here = self.authorization.session(&visit.session.id).await;
        match still_here.map_err(ApiError::from)? {
            Some(_) => Ok(self.code_page(visit, Some(FormError::OtpExpired))),
            None => Ok(see(HOME)),
        }
    }

    /// The consent stays pending; the customer may go back to the consumer or try again later.
    fn locked(&self, visit: &Visit) -> Response {
        let mut view = ErrorView::new(ErrorReason::Locked);
        view.retry_url = Some(BACK_TO_USERNAME.into());
        view.action_url = Some("/consent/error".into());
        view.wait_minutes = self.authorization.sign_in.lock_minutes();
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
        SignInError::Unavailable(cause) => ApiError::unavailable(cause).into(),
    }
}
