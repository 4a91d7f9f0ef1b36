//! `GET /linked`: every linked account with its balance, fetched anew each time. `POST /unlink`: stop sharing, from this side.

use std::sync::Arc;

use minijinja::{Value, context};
use poem::{
    Request, Response, handler,
    http::StatusCode,
    web::{Data, Form},
};
use serde::Deserialize;

use super::{
    ConsumerApp, messages::Balance, money::masked, paynet_error::PaynetError, screens::see_other,
    session::Link,
};
use crate::platform::consent::ConsentedAccount;

#[derive(Deserialize)]
struct Unlink {
    consent: String,
    csrf: String,
}

#[handler]
pub(super) async fn linked(app: Data<&Arc<ConsumerApp>>, request: &Request) -> Response {
    let (handle, csrf, links) = {
        let mut sessions = app.sessions();
        let (handle, session) = sessions.of(request);
        let links: Vec<Link> = session.links.values().cloned().collect();
        (handle, session.csrf.clone(), links)
    };
    if links.is_empty() {
        return app.set_cookie(see_other("/"), &handle);
    }
    let mut shown = Vec::new();
    for mut link in links {
        shown.push(app.show(&mut link).await);
        app.remember(request, link);
    }
    let page = context! { csrf, links => shown };
    app.set_cookie(app.screens.render("linked", page), &handle)
}

#[handler]
pub(super) async fn unlink(
    app: Data<&Arc<ConsumerApp>>,
    request: &Request,
    Form(unlink): Form<Unlink>,
) -> Response {
    let link = {
        let mut sessions = app.sessions();
        let (_, session) = sessions.of(request);
        let genuine = session.csrf == unlink.csrf;
        session
            .links
            .get(&unlink.consent)
            .filter(|_| genuine)
            .cloned()
    };
    let Some(mut link) = link else {
        let message = "This page is out of date. Please start again.";
        return app.trouble(StatusCode::FORBIDDEN, message);
    };
    if let Err(error) = app.paynet.stop(&mut link.access).await {
        // A consent that has ended already needs no stopping.
        tracing::warn!(%error, "the consent cannot be stopped");
        if !matches!(error, PaynetError::Refused { .. }) {
            return app.trouble(StatusCode::SERVICE_UNAVAILABLE, error.message());
        }
    }
    let mut sessions = app.sessions();
    let (_, session) = sessions.of(request);
    session.links.remove(&unlink.consent);
    see_other("/")
}

impl ConsumerApp {
    async fn show(&self, link: &mut Link) -> Value {
        let mut accounts = Vec::new();
        for account in link.access.consent.accounts.clone() {
            let balance = self
                .paynet
                .balance(&mut link.access, &account.account_id)
                .await;
            accounts.push(account_card(&account, balance));
        }
        let consent = &link.access.consent;
        context! {
            bank => link.provider.name,
            consent => consent.consent_id,
            until => consent.expiration_datetime.format("%-d %B %Y").to_string(),
            accounts,
        }
    }

    /// Keeps a token that was renewed on the way, unless the person has unlinked meanwhile.
    fn remember(&self, request: &Request, link: Link) {
        let mut sessions = self.sessions();
        let (_, session) = sessions.of(request);
        let consent_id = &link.access.consent.consent_id;
        if let Some(known) = session.links.get_mut(consent_id) {
            known.access = link.access;
        }
    }
}

fn account_card(account: &ConsentedAccount, balance: Result<Balance, PaynetError>) -> Value {
    let name = &account.account_name;
    let number = masked(&account.account_number);
    match balance {
        Ok(balance) => context! {
            name,
            number,
            balance => balance.current.display(),
            owed => balance.current.is_owed(),
            available => balance.available.map(|money| money.display()),
            reference => balance.reference,
        },
        Err(error) => {
            tracing::warn!(%error, "a balance cannot be shown");
            context! { name, number, problem => error.message() }
        }
    }
}
