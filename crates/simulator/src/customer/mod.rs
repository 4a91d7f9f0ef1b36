//! A customer's browser without a screen, and above it the customer: the steps of a sign-in and of a decision by the fixed names of screens,
//! fields and buttons, so that it drives any provider's pages that keep them.
//!
//! It does what a browser does with cookies, forms and redirects, but follows redirects one at a time and remembers each, and never leaves
//! loopback and the host it was sent to.

mod authenticator;
mod browser;
mod cookies;
mod html;
mod page;
mod story;

pub use self::{
    browser::Hop,
    html::{Button, Form, Input},
    page::{Choice, Page},
    story::Customer,
};

use crate::tls::TlsError;

/// Why a customer could not go on. What a provider's page says is not among these, except where it is not the page the step needs.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    #[error("no answer: {0:?}")]
    Http(#[from] reqwest::Error),
    #[error("the page has no form ({0})")]
    NoForm(String),
    #[error("no page was opened yet")]
    NoPage,
    #[error("the page has no button {action:?} ({page})")]
    NoSuchAction { action: String, page: String },
    #[error("no account to be chosen ({0})")]
    NothingToSelect(String),
    #[error("the second factor's secret is not Base32")]
    Secret,
    #[error("the sign-in does not go on ({0})")]
    SignIn(String),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("more than {0} redirects in a row")]
    TooManyRedirects(usize),
    #[error("the result did not settle in time ({0})")]
    Unsettled(String),
    #[error("not an address: {0}")]
    Url(#[from] url::ParseError),
    #[error("expected the screen {expected:?} ({page})")]
    WrongScreen {
        expected: &'static str,
        page: String,
    },
}
