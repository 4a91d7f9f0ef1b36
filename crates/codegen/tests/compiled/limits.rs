//! Every constraint of the two documents is enforced, and everything that breaks none is let in: requests are made from the
//! documents themselves.

use izin_codegen::probes::{Probe, probes};
use poem::{Endpoint, Request, Response, http::StatusCode};

use crate::{branch, branch_generated, http, library_generated};

async fn status(routes: &impl Endpoint<Output = Response>, probe: &Probe) -> StatusCode {
    let mut request = Request::builder()
        .method(probe.method.parse().unwrap())
        .uri_str(&probe.uri);
    for (name, value) in &probe.headers {
        request = request.header(name, value);
    }
    let request = match &probe.body {
        None => request.finish(),
        Some((media, content)) => request.content_type(media).body(content.clone()),
    };
    routes.get_response(request).await.status()
}

/// The probes that were not answered as they should have been.
async fn wrong(
    document: &str,
    operations: &[&str],
    routes: &impl Endpoint<Output = Response>,
) -> Vec<Probe> {
    let mut wrong = Vec::new();
    for probe in probes(document, operations).unwrap() {
        let status = status(routes, &probe).await;
        let as_expected = match probe.breaks.as_deref() {
            None => status.is_success() || status.is_redirection(),
            // Without a body there is no media type either.
            Some("body: required") => status == StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Some(_) => status == StatusCode::BAD_REQUEST,
        };
        if !as_expected {
            wrong.push(probe);
        }
    }
    wrong
}

const BRANCH: [&str; 4] = ["getMember", "rate", "registerMember", "searchMembers"];

#[tokio::test]
async fn the_branch_refuses_what_its_document_forbids() {
    let document = branch_generated::branch::DOCUMENT;
    let wrong = wrong(document, &BRANCH, &branch::routes()).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn the_library_refuses_what_its_document_forbids() {
    let document = library_generated::library::DOCUMENT;
    let operations = ["getBook", "getLoan", "lendBook", "obtainToken", "visitDesk"];
    let wrong = wrong(document, &operations, &http::routes()).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The probes themselves: against a document that is stricter than the routes, they show where.
#[tokio::test]
async fn a_constraint_that_nobody_enforces_is_found() {
    for (from, to, expected) in [
        (
            "\"maxLength\": 40",
            "\"maxLength\": 39",
            "address.lines[]: maxLength",
        ),
        (
            "\"maxLength\": 12",
            "\"maxLength\": 11",
            "path member_id: maxLength",
        ),
        ("\"maxItems\": 3", "\"maxItems\": 2", "body: maxItems"),
        (
            "\"maxProperties\": 2",
            "\"maxProperties\": 1",
            "contacts: maxProperties",
        ),
    ] {
        let document = branch_generated::branch::DOCUMENT;
        assert!(document.contains(from), "{from}");
        let stricter = document.replacen(from, to, 1);
        let wrong = wrong(&stricter, &BRANCH, &branch::routes()).await;
        let found = |probe: &Probe| {
            probe
                .breaks
                .as_ref()
                .is_some_and(|it| it.ends_with(expected))
        };
        assert!(wrong.iter().any(found), "{to}: {wrong:#?}");
    }
}
