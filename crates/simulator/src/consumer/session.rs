//! Who is at the browser, and what they have linked. In memory; a restart forgets everybody.

use std::collections::{BTreeMap, HashMap};

use poem::{Request, Response};

use super::messages::{Access, ListedProvider};
use crate::{pages::cookie, random};

const COOKIE: &str = "consumer_session";

#[derive(Debug, Default)]
pub(super) struct Sessions {
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
    /// The browser's session; a new one if it has none.
    pub(super) fn of(&mut self, request: &Request) -> (String, &mut Session) {
        let known = cookie(request, COOKIE).filter(|handle| self.by_handle.contains_key(*handle));
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

/// Sent with every page; on loopback without TLS there is nothing to mark as secure.
pub(super) fn set_cookie(mut response: Response, handle: &str) -> Response {
    let cookie = format!("{COOKIE}={handle}; Path=/; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}
