//! A page in the browser, with what can be read of it and done with it.

use http::HeaderMap;
use url::Url;

use super::{
    CustomerError,
    browser::{Browser, Hop},
    html::{Document, Form, Input},
};

/// Longest excerpt of a page's text in an error.
const EXCERPT: usize = 300;

/// The answer at the end of the redirects.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
    /// A redirect that was not followed, because it leaves the hosts this browser stays on.
    pub location: Option<Url>,
    document: Document,
    browser: Browser,
}

/// An account on the accounts screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    /// What stands beside the box: name, kind, masked number, perhaps why it cannot be shared.
    pub label: String,
    pub checked: bool,
    pub disabled: bool,
}

impl Page {
    pub(super) fn new(browser: Browser, hop: Hop, html: String) -> Self {
        Self {
            document: Document::read(&html),
            url: hop.url,
            status: hop.status,
            headers: hop.headers,
            location: hop.location,
            html,
            browser,
        }
    }

    /// `data-screen` of `<body>`, empty without one.
    pub fn screen(&self) -> &str {
        self.attribute("data-screen").unwrap_or_default()
    }

    /// An attribute of `<body>`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.document.body.get(name).map(String::as_str)
    }

    /// The text a customer sees, white space collapsed.
    pub fn text(&self) -> &str {
        &self.document.text
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn forms(&self) -> &[Form] {
        &self.document.forms
    }

    /// Of all forms.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.forms().iter().flat_map(|form| &form.inputs)
    }

    /// The value of a field, hidden ones included.
    pub fn field(&self, name: &str) -> Option<&str> {
        let input = self.inputs().find(|input| input.name == name)?;
        Some(&input.value)
    }

    pub fn choices(&self) -> Vec<Choice> {
        self.inputs()
            .filter(|input| input.name == "account_id")
            .map(|input| Choice {
                id: input.value.clone(),
                label: input.label.clone(),
                checked: input.checked,
                disabled: input.disabled,
            })
            .collect()
    }

    pub fn has_action(&self, action: &str) -> bool {
        self.forms().iter().any(|form| form.has_action(action))
    }

    /// Names of all elements, in order.
    pub fn elements(&self) -> &[String] {
        &self.document.elements
    }

    /// Wherever a click, a form or the page itself can lead, absolute. An address that is none stays out only if a browser ignores it too.
    pub fn exits(&self) -> Vec<Url> {
        let forms = self.forms().iter().map(|form| form.action.as_str());
        let links = self.document.links.iter().map(String::as_str);
        let refresh = self.refresh_address();
        forms
            .chain(links)
            .chain(refresh)
            .filter_map(|address| self.url.join(address).ok())
            .collect()
    }

    /// Whether the page has itself loaded again, as while PayNet has not answered yet.
    pub fn refreshes(&self) -> bool {
        self.document.refresh.is_some()
    }

    /// Sends the page's first form with these fields over its own; a button is a field as well.
    pub async fn submit(&self, fields: &[(&str, &str)]) -> Result<Self, CustomerError> {
        let form = self.forms().first();
        self.send(form.ok_or_else(|| self.no_form())?, fields).await
    }

    /// Presses the button `action` with this value, in whichever form it is.
    pub async fn action(&self, action: &str) -> Result<Self, CustomerError> {
        self.submit_with(action, &[]).await
    }

    /// Fills fields in and presses the button.
    pub async fn submit_with(
        &self,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Self, CustomerError> {
        let form = self.forms().iter().find(|form| form.has_action(action));
        let form = form.ok_or_else(|| CustomerError::NoSuchAction {
            action: action.to_owned(),
            page: self.summary(),
        })?;
        let mut fields = fields.to_vec();
        fields.push(("action", action));
        self.send(form, &fields).await
    }

    /// Posts exactly these fields to an address relative to the page: what no form of a page would do.
    pub async fn post(
        &self,
        address: &str,
        fields: &[(&str, &str)],
    ) -> Result<Self, CustomerError> {
        self.browser
            .post(self.url.join(address)?, &owned(fields))
            .await
    }

    /// Follows a link, given as it stands in the page.
    pub async fn follow(&self, address: &str) -> Result<Self, CustomerError> {
        self.browser.follow(self.url.join(address)?).await
    }

    /// Loads the page again, at the address of its meta refresh if it has one.
    pub async fn reload(&self) -> Result<Self, CustomerError> {
        let address = self.refresh_address().unwrap_or_default();
        self.follow(address).await
    }

    /// Status, screen and the beginning of the text, for messages about a page nobody expected.
    pub fn summary(&self) -> String {
        let attributes = self.document.body.iter();
        let attributes: Vec<_> = attributes
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let text: String = self.text().chars().take(EXCERPT).collect();
        format!(
            "{} {} {}: {text}",
            self.status,
            self.url.path(),
            attributes.join(" ")
        )
    }

    async fn send(&self, form: &Form, fields: &[(&str, &str)]) -> Result<Self, CustomerError> {
        let mut sent = form.fields();
        sent.retain(|(name, _)| !fields.iter().any(|(over, _)| over == name));
        sent.extend(owned(fields));
        let mut address = self.url.join(&form.action)?;
        if form.method == "post" {
            return self.browser.post(address, &sent).await;
        }
        address.query_pairs_mut().clear().extend_pairs(&sent);
        self.browser.follow(address).await
    }

    fn refresh_address(&self) -> Option<&str> {
        let content = self.document.refresh.as_deref()?;
        let (_, address) = content.split_once(['=']).unwrap_or((content, ""));
        Some(address.trim())
    }

    fn no_form(&self) -> CustomerError {
        CustomerError::NoForm(self.summary())
    }
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
