//! Who is at the browser, and what they have linked. In memory; a restart forgets everybody.

use std::collections::{BTreeMap, HashMap};

use poem::{Request, Response};

use super::ConsumerApp;
use super::messages::{Access, ListedProvider};
use crate::{pages::cookie, random};

#[derive(Debug)]
pub(super) struct Sessions {
    cookie: String,
    by_handle: HashMap<String, Session>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    /// Goes into every form and is expected back.
    pub(super) csrf: String,
    /// Journeys under way, by the `state` that comes back with the browser.
    pub(super) journeys: HashMap<String, ListedProvider>,
    /// The last journey that ended without a link.
    pub(super) refusal: Option<Refusal>,
    /// By consent id.
    pub(super) links: BTreeMap<String, Link>,
}

/// A linked provider.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) provider: ListedProvider,
    pub(super) access: Access,
}

/// Why there is no link; kept here and not in an address, which anybody could write.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) bank: String,
    pub(super) explanation: &'static str,
}

impl Sessions {
    pub(super) fn new(dc_id: &str) -> Self {
        Self {
            cookie: cookie_name(dc_id),
            by_handle: HashMap::new(),
        }
    }

    /// The browser's session; a new one if it has none.
    pub(super) fn of(&mut self, request: &Request) -> (String, &mut Session) {
        let known =
            cookie(request, &self.cookie).filter(|handle| self.by_handle.contains_key(*handle));
        let handle = known.map_or_else(random::handle, str::to_owned);
        let session = self
            .by_handle
            .entry(handle.clone())
            .or_insert_with(|| Session {
                csrf: random::handle(),
                ..Session::default()
            });
        (handle, session)
    }
}

impl ConsumerApp {
    /// Sent with every page; on loopback without TLS there is nothing to mark as secure.
    pub(super) fn set_cookie(&self, mut response: Response, handle: &str) -> Response {
        let cookie = format!(
            "{}={handle}; Path=/; HttpOnly; SameSite=Lax",
            cookie_name(&self.paynet.dc_id)
        );
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append("set-cookie", cookie);
        }
        response
    }
}

/// Of this app alone: cookies of one host are shared by all its ports.
fn cookie_name(dc_id: &str) -> String {
    format!("{dc_id}_session")
}
