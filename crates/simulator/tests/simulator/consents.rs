//! Events, Update Consent, Retrieve Consent and Revoke Consent.

use std::time::Duration;

use http::Method;
use izin_simulator::{ConsentStatus, EventType, Fault, NewConsent, Operation, Signing};
use serde_json::{Value, json};

use crate::lab::{DC_ID, DP_ID, HASHED_ID, Lab};

fn rejection() -> Value {
    json!({"status": "rejected", "status_reason": {"reason_code": "not_allowed"}})
}

#[tokio::test]
async fn a_new_consent_is_announced_with_paynets_signature() {
    let lab = Lab::start().await;
    let consent = lab.consent().await;
    let events = lab.provider.seen("/v1/consents/events");
    let [event] = events.as_slice() else {
        panic!("one event: {events:?}");
    };
    let body = event.json();
    assert_eq!(body["event_type"], "consent_created");
    assert_eq!(body["data"]["consent_id"], consent.consent_id);
    assert_eq!(body["data"]["status"], "awaiting_authorization");
    let expiry = body["data"]["expiration_datetime"].as_str();
    assert!(expiry.expect("an expiry").ends_with("T23:59:59+08:00"));
    let signature = event.header("x-fapi-signature");
    let jws = izin_jose::UnverifiedJws::parse(signature).expect("a signature");
    assert!(jws.is_detached());
    assert!(!event.headers.contains_key("api-version"));
    uuid::Uuid::parse_str(event.header("x-fapi-interaction-id")).expect("a UUID");
}

#[tokio::test]
async fn a_provider_that_does_not_take_the_event_stops_the_journey() {
    let lab = Lab::start().await;
    lab.provider.refuse_events();
    let created = lab.simulator.create_consent(NewConsent::new(DC_ID, DP_ID));
    let error = created.await.expect_err("the event was refused");
    assert!(error.to_string().contains("403"), "{error}");
}

#[tokio::test]
async fn an_approval_is_accepted_once() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let approval = lab.approval(&consent_id, &json!({}));
    let accepted = lab.update(&consent_id, &approval).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    assert_eq!(accepted.json(), json!({}));

    let seen = lab.retrieve(&consent_id).await.json();
    assert_eq!(seen["status"], "authorized");
    assert_eq!(seen["hashed_id_number"], HASHED_ID);
    assert_eq!(seen["accounts"][0]["account_id"], "acc-1");
    assert_eq!(seen["updated_by"], "data_provider_user");

    let again = lab.update(&consent_id, &approval).await;
    let expected = (400, Some("Consent.BusinessRuleViolation".to_owned()));
    assert_eq!(again.refusal(), expected);
    let snapshot = lab.simulator.consent(&consent_id).expect("the consent");
    assert_eq!(snapshot.updates.len(), 2);
    assert_eq!(snapshot.accepted_updates().count(), 1);
}

#[tokio::test]
async fn an_id_token_must_be_the_providers_about_this_customer_and_consent() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let claims = [
        json!({"iss": "bank-lain"}),
        json!({"aud": "https://elsewhere.example"}),
        json!({"sub": null}),
        json!({"exp": 1_700_000_000}),
        json!({"auth_time": null}),
        json!({"consent_id": "another"}),
        json!({"hashed_id_number": "another"}),
    ];
    for changed in claims {
        let update = lab.approval(&consent_id, &changed);
        let answer = lab.update(&consent_id, &update).await;
        let expected = (400, Some("JWS.InvalidClaim".to_owned()));
        assert_eq!(answer.refusal(), expected, "{changed}");
    }
    for key in ["rogue-signing", "dc-signing"] {
        let update = lab.approval_signed(&consent_id, &json!({}), &Signing::by(key));
        let answer = lab.update(&consent_id, &update).await;
        assert_eq!(answer.status, 400, "{key}: {}", answer.text());
    }
    let snapshot = lab.simulator.consent(&consent_id).expect("the consent");
    assert_eq!(snapshot.status(), ConsentStatus::AwaitingAuthorization);
    assert_eq!(snapshot.accepted_updates().count(), 0);
}

#[tokio::test]
async fn incomplete_updates_are_refused() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let whole = lab.approval(&consent_id, &json!({}));
    for field in ["id_token", "user_identity", "accounts"] {
        let mut update = whole.clone();
        update.as_object_mut().expect("an object").remove(field);
        let answer = lab.update(&consent_id, &update).await;
        let expected = (400, Some("invalid_request".to_owned()));
        assert_eq!(answer.refusal(), expected, "{field}");
    }
    for update in [
        json!({"status": "rejected"}),
        json!({"status": "revoked"}),
        json!({}),
    ] {
        let answer = lab.update(&consent_id, &update).await;
        assert_eq!(answer.status, 400, "{update}");
    }
}

#[tokio::test]
async fn a_rejection_is_final() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    assert_eq!(lab.update(&consent_id, &rejection()).await.status, 200);
    let approval = lab.approval(&consent_id, &json!({}));
    assert_eq!(lab.update(&consent_id, &approval).await.status, 400);
    let snapshot = lab.simulator.consent(&consent_id).expect("the consent");
    assert_eq!(snapshot.status(), ConsentStatus::Rejected);
}

#[tokio::test]
async fn a_consent_of_another_provider_looks_like_an_unknown_one() {
    let lab = Lab::start().await;
    let other = lab
        .simulator
        .store_consent(NewConsent::new(DC_ID, "bank-lain"))
        .consent_id;
    for consent_id in [other.as_str(), "unknown"] {
        let expected = (403, Some("Consent.Invalid".to_owned()));
        assert_eq!(
            lab.update(consent_id, &rejection()).await.refusal(),
            expected
        );
        assert_eq!(lab.retrieve(consent_id).await.refusal(), expected);
    }
}

#[tokio::test]
async fn five_minutes_end_an_authorization() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    lab.simulator.advance(Duration::from_secs(301));
    let approval = lab.approval(&consent_id, &json!({}));
    let late = lab.update(&consent_id, &approval).await;
    let expected = (400, Some("Consent.BusinessRuleViolation".to_owned()));
    assert_eq!(late.refusal(), expected);
    let seen = lab.retrieve(&consent_id).await.json();
    assert_eq!(seen["status"], "failed");
    assert_eq!(seen["status_reason"]["reason_code"], "timeout");
}

#[tokio::test]
async fn a_lost_answer_leaves_the_update_done() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let token = lab.token().await;
    lab.simulator.order_faults(
        Operation::UpdateConsent,
        [Fault::LostRequest, Fault::LostAnswer],
    );
    let base = &lab.simulator.urls().resource_server;
    let url = format!("{base}/v1/consents/{consent_id}");
    for expected in [
        ConsentStatus::AwaitingAuthorization,
        ConsentStatus::Rejected,
    ] {
        let request = lab.simulator.request(Method::PATCH, &url);
        let request = request.certificate("dp-client").bearer(&token);
        assert!(request.json(&rejection()).send().await.is_err());
        let snapshot = lab.simulator.consent(&consent_id).expect("the consent");
        assert_eq!(snapshot.status(), expected);
    }
    assert_eq!(lab.simulator.calls(Operation::UpdateConsent), 2);
}

#[tokio::test]
async fn the_provider_can_revoke_an_authorized_consent_once() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let approval = lab.approval(&consent_id, &json!({}));
    assert_eq!(lab.update(&consent_id, &approval).await.status, 200);
    let token = lab.token().await;
    let base = &lab.simulator.urls().resource_server;
    let revoke = |body: Value| {
        let url = format!("{base}/v1/consents/{consent_id}/revoke");
        let request = lab.simulator.request(Method::POST, url);
        let request = request.certificate("dp-client").bearer(&token);
        async move { request.json(&body).send().await.expect("an answer") }
    };
    let impostor = revoke(json!({"updated_by": "data_consumer"})).await;
    assert_eq!(impostor.status, 400);
    let revoked = revoke(json!({"updated_by": "data_provider_user"})).await;
    assert_eq!(revoked.status, 201, "{}", revoked.text());
    assert_eq!(revoked.json()["status"], "revoked");
    assert_eq!(
        revoke(json!({"updated_by": "data_provider_user"}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_second_consent_for_the_same_person_ends_the_first() {
    let lab = Lab::start().await;
    let mut consents = Vec::new();
    for purpose in ["pfm", "credit_underwriting", "pfm"] {
        let new = NewConsent::new(DC_ID, DP_ID).purpose(purpose);
        let created = lab.simulator.create_consent(new).await.expect("a consent");
        let approval = lab.approval(&created.consent_id, &json!({}));
        let accepted = lab.update(&created.consent_id, &approval).await;
        assert_eq!(accepted.status, 200);
        consents.push(created.consent_id);
    }
    let status = |position: usize| {
        let snapshot = lab.simulator.consent(&consents[position]);
        snapshot.expect("the consent").consent
    };
    assert_eq!(status(0).status, ConsentStatus::Revoked);
    let reason = status(0).status_reason.expect("a reason");
    assert_eq!(reason.reason_code, "duplicate");
    assert_eq!(status(1).status, ConsentStatus::Authorized);
    assert_eq!(status(2).status, ConsentStatus::Authorized);
}

#[tokio::test]
async fn the_consumers_revocation_is_announced() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let approval = lab.approval(&consent_id, &json!({}));
    assert_eq!(lab.update(&consent_id, &approval).await.status, 200);
    let sent = lab.simulator.revoke_by_consumer(&consent_id).await;
    assert!(sent.expect("an event").accepted());
    let last = lab.provider.seen("/v1/consents/events").pop();
    let last = last.expect("an event").json();
    assert_eq!(last["event_type"], EventType::ConsentStatusUpdated.as_str());
    assert_eq!(last["data"]["status"], "revoked");
    assert_eq!(last["data"]["updated_by"], "data_consumer_user");
}
