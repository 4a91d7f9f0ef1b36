//! Requests that are refused, with something in them that must not be repeated.

use http::Method;
use izin_simulator::{
    AuthorizeRequest, Customer, DataCall, DataTweak, EventPost, EventTweak, EventType,
    ForgedAlgorithm,
};
use serde_json::json;

use super::Stage;
use super::known::{IDENTITY_NUMBERS, NOBODY, WRONG_PASSWORD};
use crate::harness::pki;

impl Stage {
    pub(super) async fn refuses(&mut self, consent: &str) {
        self.refuses_data_calls(consent).await;
        self.refuses_events(consent).await;
        self.refuses_others(consent).await;
        self.refuses_pages(consent).await;
    }

    async fn refuses_data_calls(&mut self, consent: &str) {
        use DataTweak::{
            Aged, Algorithm, Claim, Detached, EncryptionKid, Jti, ProtectedHeader, SignedBy,
            TamperedPayload, TamperedSignature, UnsignedQuery, WithoutHopSignature,
            WithoutSignature,
        };
        let number = IDENTITY_NUMBERS[1];
        let account = self.account(consent);
        let honest = || DataCall::transactions(consent, &account);
        let once = honest().with(Jti("seen-before".to_owned()));
        assert_eq!(
            self.simulator
                .data_call(once.clone())
                .await
                .unwrap()
                .status(),
            200
        );
        let signed_header = |name: &str| ProtectedHeader(name.to_owned(), json!([number]));
        for (status, call) in [
            (400, once),
            (400, honest().with(TamperedSignature)),
            (400, honest().with(TamperedPayload)),
            (400, honest().with(SignedBy("rogue-signing".to_owned()))),
            (400, honest().with(Algorithm(ForgedAlgorithm::None))),
            (400, honest().with(signed_header("crit"))),
            (400, honest().with(signed_header("kid"))),
            (400, honest().with(Claim("aud".to_owned(), json!(number)))),
            (400, honest().with(Claim("iss".to_owned(), json!(NOBODY)))),
            (400, honest().with(Claim("iat".to_owned(), json!(number)))),
            (
                400,
                honest().with(Claim("qpm".to_owned(), json!({ "name": NOBODY }))),
            ),
            (400, honest().with(Aged(4000.0))),
            (400, honest().with(Detached)),
            (
                400,
                honest().with(WithoutSignature).with(WithoutHopSignature),
            ),
            (400, honest().with(EncryptionKid(Some(number.to_owned())))),
            (
                400,
                honest().with(UnsignedQuery("from_date".to_owned(), number.to_owned())),
            ),
            (400, honest().query("from_date", number)),
            (400, honest().query("next_page_params", NOBODY)),
            (403, DataCall::balances(consent, "7001234567")),
            (403, DataCall::balances(consent, number)),
        ] {
            let what = format!("{call:?}");
            let answer = self.simulator.data_call(call).await.unwrap().answer;
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            self.answers.push((what, answer.text()));
        }
    }

    async fn refuses_events(&mut self, consent: &str) {
        use EventTweak::{Field, Jwt, RawBody, RemovedField, SignedBy, TamperedBody, Unsigned};
        let number = IDENTITY_NUMBERS[0];
        let field = |pointer: &str| Field(format!("/data/{pointer}"), json!(number));
        for (status, tweaks) in [
            (400, vec![Unsigned]),
            (400, vec![TamperedBody]),
            (400, vec![SignedBy("rogue-signing".to_owned())]),
            (400, vec![SignedBy("rogue-signing".to_owned()), Jwt]),
            (
                400,
                vec![RawBody(format!("{{\"name\":\"{NOBODY}\"").into_bytes())],
            ),
            (400, vec![RawBody(format!("\"{number}\"").into_bytes())]),
            (400, vec![RemovedField("/data/dp_id".to_owned())]),
            (400, vec![field("status")]),
            (400, vec![field("permissions")]),
            (400, vec![field("expiration_datetime")]),
            (400, vec![field("accounts")]),
            (403, vec![field("dp_id")]),
        ] {
            let what = format!("{tweaks:?}");
            let post = EventPost::new(consent, EventType::ConsentStatusUpdated);
            let post = tweaks.into_iter().fold(post, EventPost::with);
            let answer = self.simulator.post_event(post).await.unwrap();
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            self.answers.push((what, answer.text()));
        }
    }

    /// Of the same listener: who asks for a person, for nothing, and with whatever in the address.
    async fn refuses_others(&mut self, consent: &str) {
        let at = |rest: &str| format!("https://localhost:{}{rest}", self.process.webhooks.port());
        let number = IDENTITY_NUMBERS[1];
        let mut heard = Vec::new();
        for (status, address) in [
            (400, at(&format!("/v1/oauth/userinfo?consent_id={consent}"))),
            (400, at(&format!("/v1/oauth/userinfo?consent_id={NOBODY}"))),
            (404, at(&format!("/v1/customers/{number}"))),
            (404, at(&format!("/v1/{number}?name={NOBODY}"))),
        ] {
            let request = self.simulator.request(Method::GET, &address);
            let request = request.certificate("paynet-client");
            let signature = "eyJhbGciOiJQUzI1NiIsImtpZCI6ImsifQ..c2lnbmF0dXJl";
            let answer = request.header("x-fapi-signature", signature).send().await;
            let answer = answer.unwrap();
            assert_eq!(answer.status, status, "{address}: {}", answer.text());
            heard.push((address, answer.text()));
        }
        self.answers.extend(heard);
    }

    async fn refuses_pages(&mut self, consent: &str) {
        let customer = Customer::new(pki()).unwrap();
        let forged = AuthorizeRequest::new(consent);
        for (what, request) in [
            ("a forged link", forged.clone().tampered()),
            (
                "a link with another content",
                forged.clone().payload(NOBODY),
            ),
            (
                "a link that leads elsewhere",
                forged.redirect_uri(format!("https://evil.example/{NOBODY}")),
            ),
        ] {
            let link = self.simulator.forged_authorize_url(&request).unwrap();
            let page = customer.open(&link).await.unwrap();
            self.page_is_refused(what, &page, 400);
        }
        let base = format!("http://{}", self.process.public);
        let spent = format!("{base}/authorize/{}", "spent-handle".repeat(4));
        let page = customer.open(&spent).await.unwrap();
        self.page_is_refused("a spent handle", &page, 410);
        let page = customer.open(&format!("{base}/{NOBODY}")).await.unwrap();
        self.page_is_refused("no page", &page, 404);
        let fields = [("username", NOBODY), ("password", WRONG_PASSWORD)];
        let page = page.post("/consent/password", &fields).await.unwrap();
        self.page_is_refused("a form without a session", &page, 410);
    }
}
