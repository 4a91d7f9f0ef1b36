//! Genuine tokens that were changed, cut, recombined or spelled differently on the way.

use izin_jose::{
    Algorithm, HeaderFields, JwsError, KeyUse, UnverifiedJws, VerificationPolicy, sign,
    sign_detached,
};

use crate::parties::{BANK, POLICY};
use crate::verifier::{PAYLOAD, altered, genuine, reason, refusal, refusal_under};

#[tokio::test]
async fn changing_any_character_is_noticed() {
    let token = genuine().await;
    assert_eq!(refusal(&token), None);
    for position in 0..token.len() {
        assert!(
            refusal(&altered(&token, position)).is_some(),
            "at {position}"
        );
    }
}

#[tokio::test]
async fn parts_of_two_tokens_do_not_combine() {
    let first = genuine().await;
    let second = sign(&BANK.signer(), &HeaderFields::default(), b"{}").await;
    let second = second.expect("token");
    let (first_input, _) = first.rsplit_once('.').expect("parts");
    let (_, second_signature) = second.rsplit_once('.').expect("parts");
    let mixed = format!("{first_input}.{second_signature}");
    assert_eq!(refusal(&mixed), Some(JwsError::SignatureMismatch));
}

#[tokio::test]
async fn attached_and_detached_are_not_interchangeable() {
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");

    let attached = genuine().await;
    let jws = UnverifiedJws::parse(&attached).expect("readable");
    assert!(!jws.is_detached());
    let refused = jws.verify_detached(PAYLOAD, key, &POLICY).err();
    assert_eq!(refused, Some(JwsError::Attached));

    let detached = sign_detached(&BANK.signer(), &HeaderFields::default(), PAYLOAD).await;
    let detached = detached.expect("token");
    let jws = UnverifiedJws::parse(&detached).expect("readable");
    assert!(jws.is_detached());
    assert_eq!(jws.verify(key, &POLICY).err(), Some(JwsError::Detached));
    let refused = jws.verify_detached(b"other body", key, &POLICY).err();
    assert_eq!(refused, Some(JwsError::SignatureMismatch));
    let verified = jws
        .verify_detached(PAYLOAD, key, &POLICY)
        .expect("verified");
    assert_eq!(verified.payload(), PAYLOAD);
}

#[tokio::test]
async fn a_detached_signature_over_nothing() {
    let token = sign_detached(&BANK.signer(), &HeaderFields::default(), b"").await;
    let token = token.expect("token");
    let jws = UnverifiedJws::parse(&token).expect("readable");
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    assert!(jws.verify_detached(b"", key, &POLICY).is_ok());
    assert!(jws.verify_detached(b" ", key, &POLICY).is_err());
}

#[tokio::test]
async fn sizes_are_limited() {
    let token = genuine().await;
    let tight = VerificationPolicy {
        max_bytes: token.len(),
        ..POLICY
    };
    assert_eq!(refusal_under(&token, &tight), None);
    let tighter = VerificationPolicy {
        max_bytes: token.len() - 1,
        ..POLICY
    };
    assert_eq!(refusal_under(&token, &tighter), Some(JwsError::TooLarge));

    let detached = sign_detached(&BANK.signer(), &HeaderFields::default(), PAYLOAD).await;
    let detached = detached.expect("token");
    let jws = UnverifiedJws::parse(&detached).expect("readable");
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    let tight = VerificationPolicy {
        max_bytes: detached.len() + PAYLOAD.len() - 1,
        ..POLICY
    };
    let refused = jws.verify_detached(PAYLOAD, key, &tight).err();
    assert_eq!(refused, Some(JwsError::TooLarge));

    let enormous = "A".repeat(UnverifiedJws::MAX_BYTES + 1);
    assert_eq!(
        UnverifiedJws::parse(&enormous).err(),
        Some(JwsError::TooLarge)
    );
}

#[tokio::test]
async fn only_one_spelling_is_accepted() {
    let token = genuine().await;
    let (input, signature) = token.rsplit_once('.').expect("parts");
    let last = signature.chars().last().expect("character");
    // 256 bytes leave four unused bits in the last character: its neighbour decodes to the same bytes elsewhere.
    let neighbour = char::from(last as u8 + 1);
    let cut = &signature[..signature.len() - 1];
    for spelling in [
        format!("{input}.{signature}=="),
        format!("{input}.{cut}{neighbour}"),
        format!("{input}.{signature}\n"),
        format!(" {input}.{signature}"),
        format!(
            "{input}.{}",
            signature.replace('-', "+").replace('_', "/") + "+"
        ),
        format!("{input}.{signature}."),
        format!("{input}.{signature}.x"),
        input.to_owned(),
        "..".to_owned(),
        ".".to_owned(),
        String::new(),
    ] {
        assert_eq!(reason(&spelling), Some("jws.malformed"), "{spelling}");
    }
}
