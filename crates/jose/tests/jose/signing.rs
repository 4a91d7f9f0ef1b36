//! What the signing side puts into a header, and what it refuses to put there.

use izin_jose::{
    Algorithm, HeaderFields, KeyUse, SignError, Signer, UnverifiedJws, sign, sign_detached,
};
use serde_json::{Map, Value, json};

use crate::parties::{BANK, POLICY};

fn extra(members: Value) -> HeaderFields {
    let Value::Object(extra) = members else {
        panic!("not an object");
    };
    HeaderFields {
        extra,
        ..HeaderFields::default()
    }
}

#[tokio::test]
async fn header_carries_what_the_caller_asked_for() {
    let fields = HeaderFields {
        typ: Some("JWT".to_owned()),
        cty: Some("json".to_owned()),
        extra: Map::from_iter([
            ("iat".to_owned(), json!(1)),
            ("crit".to_owned(), json!(["iat"])),
        ]),
    };
    let token = sign(&BANK.signer(), &fields, b"{}").await.expect("token");
    let jws = UnverifiedJws::parse(&token).expect("readable");
    let header = jws.header();
    assert_eq!(header.alg, "PS256");
    assert_eq!(header.kid, Some(BANK.key_id()));
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    assert_eq!(header.cty.as_deref(), Some("json"));
    assert_eq!(header.crit, ["iat"]);

    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    assert!(jws.verify(key, &POLICY).is_ok());
}

#[tokio::test]
async fn detached_signature_may_cover_the_payload_unencoded() {
    let fields = extra(json!({"b64": false, "crit": ["b64"]}));
    let body = b"any bytes, even \xff.";
    let token = sign_detached(&BANK.signer(), &fields, body)
        .await
        .expect("token");
    let jws = UnverifiedJws::parse(&token).expect("readable");
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    let verified = jws.verify_detached(body, key, &POLICY).expect("verified");
    assert_eq!(verified.payload(), body);

    let refused = sign(&BANK.signer(), &fields, b"x").await;
    assert!(matches!(refused, Err(SignError::Header(_))));
}

#[tokio::test]
async fn headers_that_we_would_refuse_are_not_signed() {
    for members in [
        json!({"alg": "none"}),
        json!({"kid": "other"}),
        json!({"typ": "JWT"}),
        json!({"jwk": {}}),
        json!({"jku": "https://example.com"}),
        json!({"x5c": []}),
        json!({"x5u": "https://example.com"}),
        json!({"crit": ["iat"]}),
        json!({"crit": []}),
        json!({"b64": false}),
        json!({"iat": "now"}),
    ] {
        let refused = sign_detached(&BANK.signer(), &extra(members.clone()), b"x").await;
        assert!(matches!(refused, Err(SignError::Header(_))), "{members}");
    }
}

#[test]
fn signer_publishes_its_key() {
    let signer = BANK.signer();
    assert_eq!(signer.key_id(), &BANK.key_id());
    assert_eq!(signer.algorithm(), Algorithm::Ps256);
    let published = serde_json::to_value(signer.public_jwk()).expect("JSON");
    assert_eq!(published["kty"], "RSA");
    assert_eq!(published["use"], "sig");
    assert_eq!(published["alg"], "PS256");
    assert_eq!(published["kid"], BANK.key_id().as_str());
    assert_eq!(published["x5t#S256"], BANK.key_id().as_str());
    assert_eq!(published.as_object().map(Map::len), Some(7));
}
