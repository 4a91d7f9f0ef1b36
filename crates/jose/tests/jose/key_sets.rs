//! Key sets as other parties really publish them.

use izin_jose::{Algorithm, Jwk, JwkError, JwkSet, JwkSetError, KeyError, KeyId, KeyUse};
use serde_json::{Value, json};

use crate::parties::{BANK, CONSUMER, Party, STRANGER};

fn published(key: &Jwk) -> Value {
    serde_json::to_value(key).expect("JSON")
}

fn signing_key() -> Value {
    published(&BANK.jwk(KeyUse::Signature))
}

/// The bank's signing key with some members set, or removed by `null`.
fn changed(members: Value) -> Value {
    let mut key = signing_key();
    let Value::Object(members) = members else {
        panic!("not an object");
    };
    let object = key.as_object_mut().expect("object");
    for (name, value) in members {
        if value.is_null() {
            object.remove(&name);
        } else {
            object.insert(name, value);
        }
    }
    key
}

fn error_of(key: &Value) -> Option<JwkError> {
    Jwk::parse(key.to_string().as_bytes()).err()
}

fn parse(keys: &[Value]) -> Result<JwkSet, JwkSetError> {
    JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

#[test]
fn foreign_and_broken_keys_do_not_hide_the_good_one() {
    let set = parse(&[
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
        json!({"kty": "oct", "kid": "secret", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}),
        json!({"kty": "EC", "crv": "secp256k1", "kid": "k1", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "kid": "cut", "e": "AQAB"}),
        json!(17),
        json!(null),
        json!({}),
        changed(json!({"kid": null})),
        changed(json!({"kid": "old", "alg": "RSA-OAEP", "use": "enc"})),
        signing_key(),
        published(&CONSUMER.jwk(KeyUse::Signature)),
    ])
    .expect("set");

    assert_eq!(set.keys().len(), 2);
    assert!(set.verifying_key(&BANK.key_id(), Algorithm::Ps256).is_ok());
    assert!(
        set.verifying_key(&CONSUMER.key_id(), Algorithm::Es384)
            .is_ok()
    );
    let reasons: Vec<_> = set.skipped().iter().map(|key| key.error.reason()).collect();
    assert_eq!(
        reasons,
        [
            "jwk.unsupported_type",
            "jwk.private",
            "jwk.unsupported_type",
            "jwk.malformed",
            "jwk.malformed",
            "jwk.malformed",
            "jwk.malformed",
            "jwk.kid_missing",
            "jwk.unsupported_use",
        ]
    );
}

#[test]
fn look_up_tells_unknown_from_unusable() {
    let set = parse(&[json!({"kty": "OKP", "kid": "ed"})]).expect("set");
    let find = |kid: &str| {
        let kid: KeyId = kid.parse().expect("kid");
        set.verifying_key(&kid, Algorithm::Ps256).err()
    };
    assert_eq!(
        find("ed"),
        Some(KeyError::Unusable(JwkError::UnsupportedType))
    );
    assert_eq!(find("other"), Some(KeyError::Unknown));
}

#[test]
fn of_two_keys_of_one_name_neither_is_used() {
    let other = published(&STRANGER.jwk(KeyUse::Signature));
    let mut renamed = other.clone();
    renamed["kid"] = BANK.key_id().as_str().into();
    for entries in [
        [signing_key(), renamed.clone(), other.clone()],
        [renamed, other, signing_key()],
    ] {
        let set = parse(&entries).expect("set");
        let find = |kid: &KeyId| set.verifying_key(kid, Algorithm::Ps256).err();
        assert_eq!(
            find(&BANK.key_id()),
            Some(KeyError::Unusable(JwkError::RepeatedKeyId))
        );
        assert_eq!(find(&STRANGER.key_id()), None);
    }
    let twice = [BANK.jwk(KeyUse::Signature), BANK.jwk(KeyUse::Signature)];
    let refused = JwkSet::new(twice).err();
    assert_eq!(refused, Some(JwkSetError::DuplicateKeyId(BANK.key_id())));
}

#[test]
fn a_member_named_twice_spoils_only_its_own_key() {
    let good = signing_key().to_string();
    let bad = good.replacen('{', r#"{"kid":"first","#, 1);
    let set = JwkSet::parse(format!(r#"{{"keys":[{bad},{good}]}}"#).as_bytes()).expect("set");
    assert_eq!(set.keys().len(), 1);
    assert_eq!(set.skipped().len(), 1);
}

#[test]
fn limits_and_form() {
    let many = vec![json!({}); JwkSet::MAX_KEYS + 1];
    assert_eq!(parse(&many).err(), Some(JwkSetError::TooLarge));
    let long = " ".repeat(JwkSet::MAX_BYTES) + "{\"keys\":[]}";
    assert_eq!(
        JwkSet::parse(long.as_bytes()).err(),
        Some(JwkSetError::TooLarge)
    );
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
    ] {
        let refused = JwkSet::parse(text.as_bytes()).err();
        assert_eq!(refused, Some(JwkSetError::Malformed), "{text}");
    }
    assert!(JwkSet::parse(br#"{"keys":[],"next":1}"#).is_ok());
}

#[test]
fn what_the_owner_states_binds() {
    let allowed = [
        json!({}),
        json!({"use": null}),
        json!({"alg": null}),
        json!({"use": null, "alg": null}),
        json!({"key_ops": ["verify"]}),
        json!({"use": null, "key_ops": ["sign", "verify"]}),
    ];
    for members in allowed {
        let key = Jwk::parse(changed(members.clone()).to_string().as_bytes()).expect("key");
        assert!(key.verifying_key(Algorithm::Ps256).is_ok(), "{members}");
        assert_eq!(
            key.verifying_key(Algorithm::Es256).err(),
            Some(KeyError::WrongAlgorithm)
        );
    }
    let forbidden = [
        json!({"alg": "RS256"}),
        json!({"alg": "PS512"}),
        json!({"alg": "ps256"}),
        json!({"alg": "RSA-OAEP-256"}),
        json!({"use": "enc"}),
        json!({"use": "other"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"key_ops": ["sign"]}),
    ];
    for members in forbidden {
        let error = error_of(&changed(members.clone()));
        assert_eq!(error, Some(JwkError::UnsupportedUse), "{members}");
    }
    for members in [
        json!({"key_ops": "verify"}),
        json!({"key_ops": []}),
        json!({"key_ops": [1]}),
    ] {
        let error = error_of(&changed(members.clone()));
        assert!(matches!(error, Some(JwkError::Malformed(_))), "{members}");
    }
}

#[test]
fn signing_and_encryption_keys_are_not_interchangeable() {
    let signing = BANK.jwk(KeyUse::Signature);
    assert_eq!(signing.encryption_key().err(), Some(KeyError::WrongUse));
    let encryption = BANK.jwk(KeyUse::Encryption);
    assert_eq!(
        encryption.verifying_key(Algorithm::Ps256).err(),
        Some(KeyError::WrongUse)
    );
    assert_eq!(published(&encryption)["alg"], "RSA-OAEP-256");

    let both = Jwk::parse(
        changed(json!({"use": null, "alg": null}))
            .to_string()
            .as_bytes(),
    );
    let both = both.expect("key");
    assert!(both.verifying_key(Algorithm::Ps256).is_ok());
    assert!(both.encryption_key().is_ok());
}

#[test]
fn weak_rsa_keys_are_refused() {
    let weak = Party::rsa(1024);
    let refused = Jwk::from_certificate_pem(&weak.certificate_pem(), KeyUse::Signature).err();
    assert!(matches!(refused, Some(JwkError::Weak(_))));

    let huge = izin_jose::base64url::encode(&[0xff; 1025]);
    let even = izin_jose::base64url::encode(&[0xfe; 256]);
    for members in [
        json!({"e": "AQ"}),
        json!({"e": "Aw"}),
        json!({"e": "AQAA"}),
        json!({"e": "AQAC"}),
        json!({"e": "AgAAAAE"}),
        json!({"e": "_____________w"}),
        json!({"n": huge}),
        json!({"n": even}),
    ] {
        let error = error_of(&changed(members.clone()));
        assert!(matches!(error, Some(JwkError::Weak(_))), "{members}");
    }
}

#[test]
fn numbers_have_one_spelling() {
    let with_zero = |name: &str| {
        let key = signing_key();
        let text = key[name].as_str().expect("number");
        let mut number = izin_jose::base64url::decode(text).expect("base64url");
        number.insert(0, 0);
        izin_jose::base64url::encode(&number)
    };
    for members in [
        json!({"n": with_zero("n")}),
        json!({"e": with_zero("e")}),
        json!({"e": ""}),
        json!({"e": "AQAB="}),
        json!({"n": ""}),
        json!({"n": 5}),
    ] {
        let error = error_of(&changed(members.clone()));
        assert!(matches!(error, Some(JwkError::Malformed(_))), "{members}");
    }
}

#[test]
fn points_off_the_curve_are_refused() {
    let good = published(&CONSUMER.jwk(KeyUse::Signature));
    let zero = izin_jose::base64url::encode(&[0; 48]);
    let short = izin_jose::base64url::encode(&[1; 47]);
    for (name, value) in [("x", &zero), ("y", &zero), ("x", &short)] {
        let mut key = good.clone();
        key[name] = value.as_str().into();
        assert!(
            matches!(error_of(&key), Some(JwkError::Malformed(_))),
            "{name}"
        );
    }
    let mut key = good;
    key["crv"] = "P-256".into();
    assert!(matches!(error_of(&key), Some(JwkError::Malformed(_))));
}

#[test]
fn a_published_private_key_is_refused() {
    let error = error_of(&changed(json!({"d": "AQAB"})));
    assert_eq!(error, Some(JwkError::Private));
}

#[test]
fn a_set_is_published_as_it_was_read() {
    let keys = [
        BANK.jwk(KeyUse::Signature),
        STRANGER.jwk(KeyUse::Encryption),
        CONSUMER.jwk(KeyUse::Signature),
    ];
    let set = JwkSet::new(keys).expect("set");
    let json = serde_json::to_value(&set).expect("JSON");
    assert_eq!(json["keys"].as_array().map(Vec::len), Some(3));
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(1));
    let again = JwkSet::parse(json.to_string().as_bytes()).expect("set");
    assert_eq!(serde_json::to_value(&again).ok(), Some(json));
    assert!(again.skipped().is_empty());
}

#[test]
fn certificate_as_der_or_pem_gives_the_same_key() {
    let der = Jwk::from_certificate_der(&BANK.certificate_der(), KeyUse::Signature).expect("key");
    assert_eq!(published(&der), signing_key());
    assert_eq!(der.certificate_thumbprint(), Some(BANK.key_id().as_str()));
    assert_eq!(der.key_use(), Some(KeyUse::Signature));

    for bytes in [b"".as_slice(), b"garbage", &BANK.key_pem()] {
        let pem = Jwk::from_certificate_pem(bytes, KeyUse::Signature).err();
        assert_eq!(pem, Some(JwkError::Certificate));
        let der = Jwk::from_certificate_der(bytes, KeyUse::Signature).err();
        assert_eq!(der, Some(JwkError::Certificate));
    }
    let pem = CONSUMER.certificate_pem();
    let refused = Jwk::from_certificate_pem(&pem, KeyUse::Encryption).err();
    assert_eq!(refused, Some(JwkError::UnsupportedUse));
}
