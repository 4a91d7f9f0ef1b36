//! Just enough of a browser: cookies, forms, and redirects one at a time.

use std::collections::BTreeMap;

use reqwest::{Client, Response};
use url::Url;

pub(crate) struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

/// A page, or a redirect that was not followed.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) url: Url,
    pub(crate) location: Option<String>,
    pub(crate) policy: String,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let builder = Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            http: builder.build().expect("a client"),
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Page {
        let request = self.http.get(url).header("cookie", self.cookie_header());
        let response = request.send().await.expect("an answer");
        self.page(response).await
    }

    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.http.post(url).header("cookie", self.cookie_header());
        let response = request.form(fields).send().await.expect("an answer");
        self.page(response).await
    }

    /// Goes where the page redirects to.
    pub(crate) async fn follow(&mut self, page: &Page) -> Page {
        let location = page.location.as_deref().expect("a redirect");
        let url = page.url.join(location).expect("a URL");
        self.get(url.as_str()).await
    }

    fn cookie_header(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    async fn page(&mut self, response: Response) -> Page {
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie");
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        Page {
            status: response.status().as_u16(),
            location: header("location"),
            policy: header("content-security-policy").unwrap_or_default(),
            url: response.url().clone(),
            body: response.text().await.expect("a body"),
        }
    }
}

impl Page {
    pub(crate) fn screen(&self) -> &str {
        self.between("data-screen=\"", "\"").unwrap_or_default()
    }

    /// The value of a form's hidden field.
    pub(crate) fn field(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\" value=\"");
        self.between(&start, "\"").expect("a field")
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    fn between(&self, start: &str, end: &str) -> Option<&str> {
        let rest = self.body.split_once(start)?.1;
        Some(rest.split_once(end)?.0)
    }
}
