//! Faults that any answer can have.

use serde_json::Value;

use super::{changed, tampered};
use crate::bank::{Answer, Seen};

#[tokio::test]
async fn cb_05_errors_that_may_be_stored() {
    let stored = |_: &Seen, answer: &mut Answer| {
        if answer.status == 404 {
            answer.remove_header("cache-control");
        }
    };
    tampered(stored, &["CB-05"]).await;
}

#[tokio::test]
async fn cb_08_a_failure_at_broken_bodies() {
    let failing = |seen: &Seen, answer: &mut Answer| {
        if !seen.body.is_empty() && seen.json().is_none() {
            answer.become_error(500, "server_error");
        }
    };
    tampered(failing, &["CB-08"]).await;
}

#[tokio::test]
async fn cb_09_another_refusal() {
    let unknown = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getSecondFactor") && seen.header("x-sign-in-id").is_none() {
            answer.become_error(404, "challenge_unknown");
        }
    };
    tampered(unknown, &["CB-09"]).await;
}

#[tokio::test]
async fn cb_10_unknown_members_refused() {
    let strict = |seen: &Seen, answer: &mut Answer| {
        if seen.is("lookUpPhrase")
            && seen
                .json()
                .is_some_and(|body| body.get("x_future").is_some())
        {
            answer.become_error(400, "invalid_request");
        }
    };
    tampered(strict, &["CB-10"]).await;
}

#[tokio::test]
async fn cb_11_approvals_without_a_way_to_ask() {
    let modest = |_: &Seen, body: &mut Value| {
        if let Some(names) = body["operations"].as_array_mut() {
            names.retain(|name| name != "getSecondFactor");
        }
    };
    changed("getCapabilities", modest, &["CB-11"]).await;
}
