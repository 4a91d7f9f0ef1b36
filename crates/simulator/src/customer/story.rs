//! What customers do, in the words of the journey.

use std::time::Duration;

use super::{Choice, CustomerError, Hop, Page, authenticator::Authenticator, browser::Browser};
use crate::{
    pki::Pki,
    tls::{self, Connections},
    traffic::Traffic,
};

/// More screens than any sign-in has.
const MAX_SIGN_IN_SCREENS: usize = 12;

/// Codes in a row that a provider may refuse, for example because another browser of the same customer used them.
const MAX_CODES: usize = 3;

const RESULT_PATIENCE: Duration = Duration::from_secs(30);
const RESULT_PAUSE: Duration = Duration::from_millis(200);

/// Outcomes that PayNet has not confirmed yet.
const UNSETTLED: [&str; 2] = ["checking", "finishing"];

/// A person with a browser. Each step returns the page it ends on, which is also [`Customer::page`] from then on.
#[derive(Debug)]
pub struct Customer {
    authenticator: Authenticator,
    browser: Browser,
    page: Option<Page>,
}

impl Customer {
    /// With a browser that trusts the development authority of this PKI.
    pub fn new(pki: &Pki) -> Result<Self, CustomerError> {
        Ok(Self {
            authenticator: Authenticator::new(),
            browser: Browser::new(tls::client(pki, None)?, "en"),
            page: None,
        })
    }

    /// With a browser that opens a connection for every request, so that a balancer can send each elsewhere.
    pub fn reconnecting(pki: &Pki) -> Result<Self, CustomerError> {
        let http = tls::client_with(pki, None, Connections::OfOneRequest)?;
        Ok(Self {
            browser: Browser::new(http, "en"),
            ..Self::new(pki)?
        })
    }

    /// With a clock for the codes of the second factor, in seconds since 1970; for providers in the same process whose clock is moved.
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.authenticator = self.authenticator.with_clock(now);
        self
    }

    /// `Accept-Language` of everything that follows.
    #[must_use]
    pub fn speaking(mut self, language: &str) -> Self {
        self.browser = self.browser.speaking(language);
        self
    }

    /// What the browser asks counts there.
    #[must_use]
    pub(crate) fn counted_in(mut self, traffic: &Traffic) -> Self {
        self.browser = self.browser.counted_in(traffic);
        self
    }

    /// The same person at another device: a browser of its own, the same authenticator app.
    pub fn at_another_device(&self, pki: &Pki) -> Result<Self, CustomerError> {
        Ok(Self {
            authenticator: self.authenticator.clone(),
            ..Self::new(pki)?
        })
    }

    /// Goes to an address, and does not make it the customer's page.
    pub async fn open(&self, url: &str) -> Result<Page, CustomerError> {
        self.browser.open(url).await
    }

    /// Where the customer is.
    pub fn page(&self) -> Result<&Page, CustomerError> {
        self.page.as_ref().ok_or(CustomerError::NoPage)
    }

    /// Every request so far, redirects included.
    pub fn hops(&self) -> Vec<Hop> {
        self.browser.hops()
    }

    /// The value of a cookie that `host` has set.
    pub fn cookie(&self, host: &str, name: &str) -> Option<String> {
        self.browser.cookie(host, name)
    }

    /// Makes a page the customer's own, for steps that have no word here.
    pub fn sees(&mut self, page: Page) -> &Page {
        self.page.insert(page)
    }

    pub async fn opens(&mut self, url: &str) -> Result<&Page, CustomerError> {
        let page = self.open(url).await?;
        Ok(self.sees(page))
    }

    /// Walks through whatever sign-in screens come. Ends on the first other screen; one that repeats itself is an error.
    pub async fn signs_in(
        &mut self,
        username: &str,
        password: &str,
        secret: &str,
    ) -> Result<&Page, CustomerError> {
        let mut codes = 0;
        let mut last = String::new();
        for _ in 0..MAX_SIGN_IN_SCREENS {
            let page = self.page()?;
            let screen = page.screen().to_owned();
            if screen == last && (screen != "otp" || codes == MAX_CODES) {
                return Err(CustomerError::SignIn(page.summary()));
            }
            let next = match screen.as_str() {
                "username" => {
                    page.submit_with("continue", &[("username", username)])
                        .await
                }
                "phrase" => page.action("continue").await,
                "password" => {
                    page.submit_with("continue", &[("password", password)])
                        .await
                }
                "otp" => {
                    codes += 1;
                    let code = self.authenticator.code(username, secret).await?;
                    page.submit_with("continue", &[("otp", &code)]).await
                }
                _ => return self.page(),
            };
            self.page = Some(next?);
            last = screen;
        }
        Err(CustomerError::SignIn(self.page()?.summary()))
    }

    /// Ticks every account that can be ticked and fits, and goes on.
    pub async fn selects(
        &mut self,
        fits: impl Fn(&Choice) -> bool,
    ) -> Result<&Page, CustomerError> {
        let page = self.on("accounts")?;
        let choices = page.choices();
        let chosen: Vec<_> = choices
            .iter()
            .filter(|choice| !choice.disabled && fits(choice))
            .map(|choice| ("account_id", choice.id.as_str()))
            .collect();
        if chosen.is_empty() {
            return Err(CustomerError::NothingToSelect(page.summary()));
        }
        let page = page.submit_with("continue", &chosen).await?;
        Ok(self.sees(page))
    }

    /// Ticks the first account that can be ticked, and goes on.
    pub async fn selects_first(&mut self) -> Result<&Page, CustomerError> {
        let choices = self.on("accounts")?.choices();
        let first = choices.into_iter().find(|choice| !choice.disabled);
        self.selects(|choice| Some(choice) == first.as_ref()).await
    }

    pub async fn approves(&mut self) -> Result<&Page, CustomerError> {
        self.decides("approve").await
    }

    pub async fn rejects(&mut self) -> Result<&Page, CustomerError> {
        self.decides("reject").await
    }

    /// On whichever screen.
    pub async fn cancels(&mut self) -> Result<&Page, CustomerError> {
        let page = self.page()?.action("cancel").await?;
        Ok(self.sees(page))
    }

    /// Follows the page's own refresh until the outcome is one that stays.
    pub async fn waits_for_result(&mut self) -> Result<&Page, CustomerError> {
        let settled = tokio::time::timeout(RESULT_PATIENCE, self.settles()).await;
        match settled {
            Ok(outcome) => outcome?,
            Err(_) => return Err(CustomerError::Unsettled(self.page()?.summary())),
        }
        self.page()
    }

    /// Presses "go back" and follows the redirects to the consumer.
    pub async fn goes_back(&mut self) -> Result<&Page, CustomerError> {
        let page = self.page()?.action("return").await?;
        Ok(self.sees(page))
    }

    async fn decides(&mut self, action: &str) -> Result<&Page, CustomerError> {
        let page = self.on("review")?.action(action).await?;
        Ok(self.sees(page))
    }

    async fn settles(&mut self) -> Result<(), CustomerError> {
        loop {
            let page = self.on("result")?;
            let outcome = page.attribute("data-outcome").unwrap_or_default();
            if !UNSETTLED.contains(&outcome) {
                return Ok(());
            }
            if !page.refreshes() {
                return Err(CustomerError::Unsettled(page.summary()));
            }
            tokio::time::sleep(RESULT_PAUSE).await;
            let page = page.reload().await?;
            self.sees(page);
        }
    }

    fn on(&self, expected: &'static str) -> Result<&Page, CustomerError> {
        let page = self.page()?;
        if page.screen() == expected {
            return Ok(page);
        }
        Err(CustomerError::WrongScreen {
            expected,
            page: page.summary(),
        })
    }
}
