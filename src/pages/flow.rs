//! From handle to session, and from session to the screen of its step.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::{Data, Form, Path, Query, RequestBody};
use poem::{FromRequest, IntoResponse, Request, Response, handler};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::Pages;
use super::errors::Reader;
use super::messages::Language;
use super::responses::{Forms, see, session_id, with_session};
use super::views::{Deadline, ErrorReason, ErrorView, Frame, Screen};
use crate::authorization::{BeginRefusal, Session, Step, is_open};
use crate::consent::Consent;
use crate::http::{ApiError, InteractionId};
use crate::secret::Secret;
use crate::sign_in::Visitor;
use crate::store::{At, StoreError};

pub const HOME: &str = "/consent";

/// Largest form in bytes. The widest of ours, every account of a customer ticked, is far below.
const MAX_FORM: usize = 64 * 1024;

/// A submitted form: names may repeat (`account_id`).
pub struct Submitted(Vec<(String, Secret)>);

/// The framework's extractor by itself would read a body of any size into memory.
impl<'a> FromRequest<'a> for Submitted {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MAX_FORM).await?;
        let mut bounded = RequestBody::new(bytes.into());
        let Form(fields): Form<Vec<(String, String)>> =
            Form::from_request(request, &mut bounded).await?;
        // Which of them is a password is for the pages to know.
        let fields = fields.into_iter().map(|(name, value)| (name, value.into()));
        Ok(Self(fields.collect()))
    }
}

impl Submitted {
    pub fn one(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.expose()).unwrap_or_default()
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.expose())
    }
}

/// A session together with the consent it is about, as they are now.
#[derive(Clone)]
pub struct Visit {
    pub session: Session,
    pub consent: Consent,
    pub language: Language,
    pub visitor: Visitor,
}

#[derive(Deserialize)]
struct Wishes {
    lang: Option<String>,
    /// Back to an earlier step.
    to: Option<String>,
}

/// `GET /authorize/{handle}`: uses the handle up and gives the browser its session.
#[handler]
pub async fn enter(
    request: &Request,
    pages: Data<&Arc<Pages>>,
    Path(handle): Path<Secret>,
) -> poem::Result<Response> {
    match pages.authorization.enter(&handle).await {
        Ok(session) => Ok(with_session(see(HOME), &session.id, pages.secure)),
        // The same browser again (reload, Back): where it stands is in its session.
        Err(BeginRefusal::HandleSpent) if session_id(request, pages.secure).is_some() => {
            Ok(see(HOME))
        }
        Err(BeginRefusal::HandleSpent) => {
            Ok(pages.interrupted(request, ErrorReason::SessionLost, StatusCode::GONE))
        }
        Err(error) => Err(ApiError::unavailable(error).into()),
    }
}

/// `HEAD /authorize/{handle}`: link scanners look and must not use the handle up.
#[handler]
pub fn look() -> Response {
    see(HOME)
}

/// `GET /consent`: the screen of the session's step.
#[handler]
pub async fn show(
    request: &Request,
    pages: Data<&Arc<Pages>>,
    Query(wishes): Query<Wishes>,
) -> poem::Result<Response> {
    let Some(mut visit) = pages.visit(request).await? else {
        return Ok(pages.interrupted(request, ErrorReason::SessionLost, StatusCode::GONE));
    };
    if wishes.lang.is_some() || wishes.to.is_some() {
        grant(&mut visit, &wishes);
        stored(pages.authorization.save(&mut visit.session).await)?;
        return Ok(see(HOME));
    }
    pages.show(visit).await
}

/// `POST /consent/{screen}`: the form of one step.
#[handler]
pub async fn submit(
    request: &Request,
    pages: Data<&Arc<Pages>>,
    Path(screen): Path<String>,
    form: Submitted,
) -> poem::Result<Response> {
    let Some(visit) = pages.visit(request).await? else {
        return Ok(pages.interrupted(request, ErrorReason::SessionLost, StatusCode::GONE));
    };
    let token = visit.session.journey.csrf.expose().as_bytes();
    let genuine: bool = token.ct_eq(form.one("csrf").as_bytes()).into();
    if !genuine {
        return Ok(pages.interrupted(request, ErrorReason::SessionLost, StatusCode::FORBIDDEN));
    }
    if screen == "result" || screen == "error" {
        return pages.submit_result(&visit);
    }
    // A form of another step: the customer sees where they stand and nothing happens twice.
    let current = visit.session.journey.step.screen() == screen;
    if !current || !is_open(&visit.consent, At(pages.authorization.clock.now())) {
        return Ok(see(HOME));
    }
    if form.one("action") == "cancel" {
        return pages.cancel(visit).await;
    }
    match visit.session.journey.step.clone() {
        Step::Username { .. } => pages.submit_username(visit, &form).await,
        Step::Phrase { username } => pages.submit_phrase(visit, username).await,
        Step::Password { username } => pages.submit_password(visit, username, &form).await,
        Step::SecondFactor { open, factor } => pages.submit_code(visit, open, factor, &form).await,
        Step::Accounts { signed_in, .. } => pages.submit_accounts(visit, signed_in, &form).await,
        Step::Review { .. } => pages.submit_review(visit, &form).await,
        Step::Decided { .. } => Ok(see(HOME)),
    }
}

fn grant(visit: &mut Visit, wishes: &Wishes) {
    let journey = &mut visit.session.journey;
    if let Some(language) = wishes.lang.as_deref().and_then(Language::from_tag) {
        journey.language = Some(language.tag().to_owned());
    }
    let step = match (wishes.to.as_deref(), &journey.step) {
        (Some("username"), Step::Phrase { username } | Step::Password { username }) => {
            Step::Username {
                typed: username.clone(),
            }
        }
        (Some("username"), Step::SecondFactor { .. }) => Step::Username {
            typed: String::new(),
        },
        (Some("accounts"), Step::Review { signed_in, chosen }) => Step::Accounts {
            signed_in: signed_in.clone(),
            chosen: chosen.clone(),
        },
        _ => return,
    };
    journey.step = step;
}

fn visitor(request: &Request) -> Visitor {
    let interaction = request.extensions().get::<InteractionId>().copied();
    let id = interaction.unwrap_or_else(InteractionId::fresh);
    Visitor::new(id.uuid(), request.header("user-agent"))
}

/// A lost race between two requests of one session is no error: the page shows who won.
pub fn stored(outcome: Result<(), StoreError>) -> poem::Result<()> {
    match outcome {
        Ok(()) | Err(StoreError::Stale) => Ok(()),
        Err(error) => Err(ApiError::from(error).into()),
    }
}

impl Pages {
    /// The session of this browser, if it has a live one.
    async fn visit(&self, request: &Request) -> poem::Result<Option<Visit>> {
        let Some(id) = session_id(request, self.secure) else {
            return Ok(None);
        };
        let Some(session) = self
            .authorization
            .session(&id)
            .await
            .map_err(ApiError::from)?
        else {
            return Ok(None);
        };
        let consent = self.authorization.consent(&session.consent_id).await;
        let Some(consent) = consent.map_err(ApiError::from)? else {
            return Ok(None);
        };
        let chosen = session
            .journey
            .language
            .as_deref()
            .and_then(Language::from_tag);
        let header = request.header("accept-language").unwrap_or_default();
        let language = chosen
            .or_else(|| Language::from_accept_language(header))
            .unwrap_or_default();
        Ok(Some(Visit {
            session,
            consent,
            language,
            visitor: visitor(request),
        }))
    }

    async fn show(&self, visit: Visit) -> poem::Result<Response> {
        let now = At(self.authorization.clock.now());
        if !is_open(&visit.consent, now) {
            return self.show_outcome(visit).await;
        }
        match visit.session.journey.step.clone() {
            Step::Username { typed } => Ok(self.username_page(&visit, typed, None)),
            Step::Phrase { username } => self.phrase_page(&visit, username).await,
            Step::Password { username } => self.password_page(&visit, username, None).await,
            Step::SecondFactor { .. } => self.code_page(visit, None).await,
            Step::Accounts { signed_in, chosen } => {
                self.accounts_page(&visit, &signed_in, &chosen, None).await
            }
            Step::Review { signed_in, chosen } => {
                self.review_page(&visit, &signed_in, &chosen).await
            }
            Step::Decided { .. } => self.show_outcome(visit).await,
        }
    }

    pub(super) fn frame(&self, visit: &Visit) -> Frame {
        let now = self.authorization.clock.now();
        let open = is_open(&visit.consent, At(now));
        Frame {
            language: visit.language,
            bank_name: self.bank_name.clone(),
            help_line: self.help_line.clone(),
            consumer_name: Some(self.consumer_of(&visit.consent)),
            csrf: Some(visit.session.journey.csrf.clone()),
            reference: Some(visit.consent.id.short().to_owned()),
            deadline: open.then(|| Deadline::new(visit.consent.decide_by, now)),
            path: HOME.to_owned(),
        }
    }

    /// A step's screen: 200, or 422 if it asks for a correction.
    pub(super) fn step_page(&self, visit: &Visit, screen: &Screen, forms: Forms) -> Response {
        let status = match screen.form_error() {
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => StatusCode::OK,
        };
        self.rendered(status, &self.frame(visit), screen, forms)
    }

    /// A page for a browser without a session.
    fn interrupted(&self, request: &Request, reason: ErrorReason, status: StatusCode) -> Response {
        if Reader::of(request).wants_json() {
            let error = ApiError::invalid_request("there is no session for this request");
            let mut response = error.into_response();
            response.set_status(status);
            return response;
        }
        let header = request.header("accept-language").unwrap_or_default();
        let frame = Frame {
            language: Language::from_accept_language(header).unwrap_or_default(),
            bank_name: self.bank_name.clone(),
            help_line: self.help_line.clone(),
            consumer_name: None,
            csrf: None,
            reference: None,
            deadline: None,
            path: HOME.to_owned(),
        };
        self.rendered(status, &frame, &ErrorView::new(reason).into(), Forms::Here)
    }
}
