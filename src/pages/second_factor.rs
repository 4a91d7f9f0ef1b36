//! The second factor: a code from the customer's authenticator, or one that the bank sends. Approval in the bank's app is not
//! offered yet.

use poem::Response;
use poem::http::StatusCode;

use super::Pages;
use super::flow::{HOME, Submitted, Visit, stored};
use super::messages::Language;
use super::responses::{Forms, see, with_session};
use super::sign_in::{BACK_TO_USERNAME, unavailable};
use super::views::{ErrorReason, ErrorView, FormError, OtpView, SentCode};
use crate::authorization::Step;
use crate::http::ApiError;
use crate::secret::Secret;
use crate::sign_in::{Attempt, Challenge, OpenSignIn, SecondFactor, types};
use crate::store::StoreError;

/// Characters of a code, as the contract has it.
const CODE_LENGTH: std::ops::RangeInclusive<usize> = 4..=12;

impl Pages {
    /// Goes on to the first second factor in the bank's order that these pages can ask for.
    pub(super) async fn choose_second_factor(
        &self,
        visit: Visit,
        open: OpenSignIn,
    ) -> poem::Result<Response> {
        match SecondFactor::first_of(&open.methods, spoken(visit.language)) {
            Some(factor) => self.go(visit, Step::SecondFactor { open, factor }).await,
            None => self.no_second_factor(visit, &open).await,
        }
    }

    /// The page for the code. One that is to be sent is sent now; asked for again (a reload, two tabs), the bank sends nothing
    /// twice.
    pub(super) async fn code_page(
        &self,
        mut visit: Visit,
        error: Option<FormError>,
    ) -> poem::Result<Response> {
        let Step::SecondFactor { open, factor } = visit.session.journey.step.clone() else {
            return Ok(see(HOME));
        };
        let (order, challenge) = match factor {
            SecondFactor::Totp => return Ok(self.rendered_code_page(&visit, None, error)),
            SecondFactor::SentCode { order, challenge } => (order, challenge),
        };
        if let Some(challenge) = challenge {
            return Ok(self.rendered_code_page(&visit, Some(challenge), error));
        }
        let consumer = self.consumer_of(&visit.consent);
        let sign_in = &self.authorization.sign_in;
        let sent = sign_in.send_code(&visit.visitor, &open, &order, &consumer);
        match sent.await.map_err(unavailable)? {
            Attempt::Passed(challenge) => {
                let factor = SecondFactor::SentCode {
                    order,
                    challenge: Some(challenge.clone()),
                };
                visit.session.journey.step = Step::SecondFactor { open, factor };
                stored(self.authorization.save(&mut visit.session).await)?;
                Ok(self.rendered_code_page(&visit, Some(challenge), error))
            }
            Attempt::Gone => self.lapsed(visit).await,
            Attempt::Locked { minutes } => Ok(self.locked(&visit, minutes)),
            Attempt::NotOffered => {
                let method = types::SecondFactorMethod::SentCode;
                self.choose_another(visit, open, method).await
            }
            Attempt::Expired | Attempt::Failed | Attempt::Spent => {
                Err(ApiError::internal("a code is sent or not").into())
            }
        }
    }

    pub(super) async fn submit_code(
        &self,
        visit: Visit,
        open: OpenSignIn,
        factor: SecondFactor,
        form: &Submitted,
    ) -> poem::Result<Response> {
        let words = Words::of(&factor);
        match &factor {
            SecondFactor::SentCode { .. } if form.one("action") == "new-code" => {
                // The code that was sent last stays good.
                let sign_in = &self.authorization.sign_in;
                let locked = sign_in.no_more_codes(&open.customer).await;
                return match locked.map_err(unavailable)? {
                    Some(minutes) => Ok(self.locked(&visit, minutes)),
                    None => self.send_new_code(visit, open, None).await,
                };
            }
            // The form is of another time than the session.
            SecondFactor::SentCode {
                challenge: None, ..
            } => return Ok(see(HOME)),
            _ => {}
        }
        let code = Secret::from(form.one("otp").split_whitespace().collect::<String>());
        if code.expose().is_empty() {
            return self.code_page(visit, Some(words.missing)).await;
        }
        if !is_code(code.expose(), &factor) {
            return self.code_page(visit, Some(words.wrong)).await;
        }
        let sign_in = &self.authorization.sign_in;
        let attempt = sign_in.code(&visit.visitor, &open, &factor, &code).await;
        match attempt.map_err(unavailable)? {
            Attempt::Passed(signed_in) => {
                let session = self
                    .authorization
                    .sign_in_session(&visit.session, signed_in)
                    .await;
                let session = session.map_err(ApiError::from)?;
                Ok(with_session(see(HOME), &session.id, self.secure))
            }
            Attempt::Expired => {
                let error = Some(FormError::OtpSentExpired);
                self.send_new_code(visit, open, error).await
            }
            Attempt::Failed => self.code_again(visit, words.wrong).await,
            Attempt::Spent => self.code_again(visit, words.used).await,
            Attempt::Gone => self.lapsed(visit).await,
            Attempt::Locked { minutes } => Ok(self.locked(&visit, minutes)),
            Attempt::NotOffered => self.choose_another(visit, open, factor.method()).await,
        }
    }

    /// After a double click the first click has signed in, under a new session that the browser has by now.
    async fn code_again(&self, visit: Visit, error: FormError) -> poem::Result<Response> {
        let still_here = self.authorization.session(&visit.session.id).await;
        match still_here.map_err(ApiError::from)? {
            Some(_) => self.code_page(visit, Some(error)).await,
            None => Ok(see(HOME)),
        }
    }

    async fn send_new_code(
        &self,
        mut visit: Visit,
        open: OpenSignIn,
        error: Option<FormError>,
    ) -> poem::Result<Response> {
        let factor = SecondFactor::new_code(spoken(visit.language));
        visit.session.journey.step = Step::SecondFactor { open, factor };
        match self.authorization.save(&mut visit.session).await {
            Ok(()) if error.is_some() => self.code_page(visit, error).await,
            // Sent by the page that comes next; by another request of the session, if that was faster.
            Ok(()) | Err(StoreError::Stale) => Ok(see(HOME)),
            Err(error) => Err(ApiError::from(error).into()),
        }
    }

    async fn choose_another(
        &self,
        visit: Visit,
        mut open: OpenSignIn,
        than: types::SecondFactorMethod,
    ) -> poem::Result<Response> {
        open.methods.retain(|method| *method != than);
        self.choose_second_factor(visit, open).await
    }

    /// The bank has forgotten the sign-in: it begins again.
    async fn lapsed(&self, mut visit: Visit) -> poem::Result<Response> {
        self.back_to_username(&mut visit).await?;
        let error = Some(FormError::SignInLapsed);
        Ok(self.username_page(&visit, String::new(), error))
    }

    /// The consent stays pending.
    async fn no_second_factor(
        &self,
        mut visit: Visit,
        open: &OpenSignIn,
    ) -> poem::Result<Response> {
        let consent = visit.consent.id.short();
        let methods: Vec<_> = open.methods.iter().map(|method| method.as_str()).collect();
        tracing::warn!(
            consent,
            methods = methods.join(", "),
            "a customer has no second factor that the pages can ask for"
        );
        self.back_to_username(&mut visit).await?;
        let mut view = ErrorView::new(ErrorReason::NoSecondFactor);
        view.action_url = Some("/consent/error".into());
        view.retry_url = Some(BACK_TO_USERNAME.into());
        let frame = self.frame(&visit);
        Ok(self.rendered(StatusCode::FORBIDDEN, &frame, &view.into(), Forms::MayLeave))
    }

    async fn back_to_username(&self, visit: &mut Visit) -> poem::Result<()> {
        visit.session.journey.step = Step::Username {
            typed: String::new(),
        };
        stored(self.authorization.save(&mut visit.session).await)
    }

    fn rendered_code_page(
        &self,
        visit: &Visit,
        sent: Option<Challenge>,
        error: Option<FormError>,
    ) -> Response {
        let view = OtpView {
            action_url: "/consent/otp".into(),
            hint: None,
            sent: sent.map(|challenge| SentCode {
                to: challenge.sent_to,
                until: challenge.expires_at,
            }),
            error,
        };
        self.step_page(visit, &view.into(), Forms::Here)
    }
}

/// What is wrong with a code, by where it comes from.
struct Words {
    missing: FormError,
    used: FormError,
    wrong: FormError,
}

impl Words {
    fn of(factor: &SecondFactor) -> Self {
        match factor {
            SecondFactor::SentCode { .. } => Self {
                missing: FormError::OtpSentMissing,
                used: FormError::OtpSentUsed,
                wrong: FormError::OtpSentWrong,
            },
            SecondFactor::Totp => Self {
                missing: FormError::OtpMissing,
                used: FormError::OtpExpired,
                wrong: FormError::OtpWrong,
            },
        }
    }
}

/// Whether the bank needs to be asked. An authenticator makes digits; what the bank sends may have letters.
fn is_code(code: &str, factor: &SecondFactor) -> bool {
    let fits = |byte: u8| match factor {
        SecondFactor::SentCode { .. } => byte.is_ascii_alphanumeric(),
        SecondFactor::Totp => byte.is_ascii_digit(),
    };
    CODE_LENGTH.contains(&code.len()) && code.bytes().all(fits)
}

fn spoken(language: Language) -> types::Language {
    match language {
        Language::En => types::Language::En,
        Language::Ms => types::Language::Ms,
    }
}
