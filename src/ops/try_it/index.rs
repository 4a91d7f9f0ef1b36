//! `GET /try`: the identifiers that a tester needs, of the consents announced last.

use std::sync::Arc;

use minijinja::{Value, context};
use poem::web::Data;
use poem::{Response, handler};

use crate::consent::Consent;
use crate::http::ApiError;
use crate::ops::Ops;
use crate::store::ConsentFilter;

const SHOWN: i64 = 20;

#[handler]
pub async fn index(ops: Data<&Arc<Ops>>) -> poem::Result<Response> {
    let wanted = ConsentFilter {
        limit: SHOWN,
        ..ConsentFilter::default()
    };
    let recent = ops.store.find_consents(&wanted).await;
    let mut consents = Vec::new();
    for consent in recent.map_err(ApiError::from)? {
        let accounts = ops.store.consented_accounts(&consent.id).await;
        let accounts = accounts.map_err(ApiError::from)?;
        let accounts: Vec<_> = accounts.iter().map(ToString::to_string).collect();
        consents.push(row(&consent, &accounts));
    }
    let documents: Vec<_> = ops.library.iter().map(|one| one.document.name).collect();
    let page = context! { consents, documents };
    Ok(ops.screens.render("try.html", page)?)
}

fn row(consent: &Consent, accounts: &[String]) -> Value {
    context! {
        id => consent.id.as_str(),
        consumer => consent.dc_id.as_str(),
        status => consent.status.as_str(),
        accounts,
    }
}
