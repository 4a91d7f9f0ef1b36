//! Faults with requests that are bad, strange or not offered, CB-08 to CB-11.

use serde_json::json;

use super::{quirky, tampered};
use crate::bank::{Answer, Quirk, Seen};

#[tokio::test]
async fn cb_08_a_failure_at_nul() {
    let nul = |seen: &Seen, answer: &mut Answer| {
        if seen.segment(1).contains("%00") {
            answer.become_error(500, "server_error");
        }
    };
    tampered(nul, &["CB-08"]).await;
}

#[tokio::test]
async fn cb_08_input_written_into_headers() {
    let injected = |seen: &Seen, answer: &mut Answer| {
        if seen.parameter("cursor").is_some_and(|it| it.contains('\n')) {
            answer.set_header("x-izin-injected", "1");
        }
    };
    tampered(injected, &["CB-08"]).await;
}

#[tokio::test]
async fn cb_08_a_success_for_an_id_of_4_kib() {
    let long = |seen: &Seen, answer: &mut Answer| {
        if seen.segment(1).len() > 4000 {
            answer.status = 200;
        }
    };
    tampered(long, &["CB-08"]).await;
}

#[tokio::test]
async fn cb_09_another_refusal() {
    let forbidden = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getBalance") && seen.header("x-dc-id").is_none() {
            answer.become_error(403, "access_denied");
        }
    };
    tampered(forbidden, &["CB-09"]).await;
}

#[tokio::test]
async fn cb_09_headers_unread() {
    // The catalogue of bad input leaves headers out too.
    quirky(Quirk::IgnoresHeaders, &["CB-08", "CB-09"]).await;
}

#[tokio::test]
async fn cb_10_unknown_parameters_refused() {
    let strict = |seen: &Seen, answer: &mut Answer| {
        if seen.parameter("x_future").is_some() {
            answer.become_error(400, "invalid_request");
        }
    };
    tampered(strict, &["CB-10"]).await;
}

#[tokio::test]
async fn cb_10_unknown_members_refused() {
    let strict = |seen: &Seen, answer: &mut Answer| {
        let unknown = seen
            .json()
            .is_some_and(|body| body.get("x_future").is_some());
        if unknown && answer.status == 202 {
            answer.become_error(400, "invalid_request");
        }
    };
    tampered(strict, &["CB-10"]).await;
}

#[tokio::test]
async fn cb_11_an_operation_that_is_not_named() {
    let modest = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getCapabilities") && answer.status == 200 {
            let all = answer.json["operations"].as_array_mut().unwrap();
            all.retain(|name| name != "sendNotice");
        }
    };
    tampered(modest, &["CB-11"]).await;
}

#[tokio::test]
async fn cb_11_an_operation_that_is_not_there() {
    let boasting = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getBalance") && answer.status == 200 {
            answer.become_error(501, "unsupported");
        }
    };
    tampered(boasting, &["CB-11"]).await;
}

#[tokio::test]
async fn cb_11_another_version() {
    let newer = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getCapabilities") && answer.status == 200 {
            answer.json["contract_version"] = json!("2.0");
        }
    };
    tampered(newer, &["CB-03", "CB-11"]).await;
}

#[tokio::test]
async fn cb_11_no_capabilities() {
    let broken = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getCapabilities") && answer.status == 200 {
            answer.become_error(500, "server_error");
        }
    };
    tampered(broken, &["CB-11"]).await;
}
