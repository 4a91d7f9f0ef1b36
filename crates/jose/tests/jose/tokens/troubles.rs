//! Tokens that go away and come back, tokens beside ours, and PINs that could lock one. Each in a process and a place of its own.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

const SCHEME: SignatureScheme = SignatureScheme::EcdsaP256Sha256;

#[test]
fn a_lost_token_comes_back() {
    SoftHsm::with_tokens(&[LABEL]).passes("tokens::troubles::lost", 1);
}

#[test]
fn another_token_may_break() {
    SoftHsm::with_tokens(&["before", LABEL, "after"]).passes("tokens::troubles::beside", 1);
}

#[test]
fn twins_are_told_apart_by_serial_number() {
    SoftHsm::with_tokens(&[LABEL, LABEL]).passes("tokens::troubles::twins", 1);
}

#[test]
fn the_last_try_of_a_pin_is_left_to_people() {
    for state in ["final_try", "locked"] {
        SoftHsm::with_tokens(&[LABEL]).passes(&format!("tokens::troubles::{state}"), 1);
    }
}

/// Where SoftHSM keeps the tokens of this process.
fn place() -> PathBuf {
    let configuration = PathBuf::from(std::env::var_os(CONFIGURATION).expect("place"));
    configuration.with_file_name("tokens")
}

fn tokens() -> Vec<PathBuf> {
    let entries = fs::read_dir(place()).expect("tokens");
    entries.map(|entry| entry.expect("token").path()).collect()
}

/// What the token says of itself, in SoftHSM's file.
fn has(token: &Path, text: &str) -> bool {
    let file = fs::read(token.join("token.object")).expect("token");
    file.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A module is not started anew every moment.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// After the module was started anew the numbers of objects begin at the first again, in the order in which they are looked for:
/// every key must be looked for anew, or one would sign for the other.
#[test]
#[ignore = "a_lost_token_comes_back runs it"]
fn lost() {
    let token = open();
    let pairs = ["first", "second", "third"].map(|name| {
        let (name, certificate) = made(&token, name, KeyKind::EcP256);
        let key = token.key(&name).expect("key");
        key.prove(&certificate).expect("proof");
        (key, certificate)
    });
    // Nobody uses it again; its session must not keep the module from being started anew.
    let idle = open();
    let here = tokens().pop().expect("token");
    let away = place().with_file_name("away");
    for order in [[2, 1, 0], [0, 1, 2]] {
        fs::rename(&here, &away).expect("away");
        for (key, _) in &pairs {
            assert!(key.sign_blocking(SCHEME, b"x".to_vec()).is_err());
        }
        assert!(options(&module(), PIN).is_err());
        fs::rename(&away, &here).expect("back");
        eventually("the token is back", || options(&module(), PIN).is_ok());
        for number in order {
            let (key, certificate) = &pairs[number];
            key.prove(certificate).expect("its own signature");
        }
    }
    open();
    let (name, _) = made(&idle, "fourth", KeyKind::EcP256);
    idle.key(&name).expect("key");
}

#[test]
#[ignore = "another_token_may_break runs it"]
fn beside() {
    // It works all the time, so that the module is not started anew for the others' sake.
    let token = open();
    let (name, certificate) = made(&token, "ours", KeyKind::EcP256);
    for other in tokens().iter().filter(|token| !has(token, LABEL)) {
        fs::remove_dir_all(other).expect("removed");
    }
    let key = open().key(&name).expect("key");
    key.prove(&certificate).expect("proof");
    let unknown = TokenOptions {
        module: &module(),
        label: "unknown",
        serial: None,
        pin: SecretString::from(PIN),
        sessions: 1,
    };
    let told = Token::open(unknown).expect_err("unknown").to_string();
    assert!(told.contains(LABEL), "{told}");
    assert_eq!(told.matches("cannot be read").count(), 2, "{told}");
    key.prove(&certificate).expect("proof");
}

#[test]
#[ignore = "twins_are_told_apart_by_serial_number runs it"]
fn twins() {
    let TokenError::Twins { label, serials } = options(&module(), PIN).expect_err("two") else {
        panic!("another error");
    };
    assert_eq!((label.as_str(), serials.len()), (LABEL, 2));
    let named = |serial: &str| {
        let options = TokenOptions {
            module: &module(),
            label: LABEL,
            serial: Some(serial),
            pin: SecretString::from(PIN),
            sessions: 1,
        };
        Token::open(options).map(Arc::new)
    };
    let [one, other] = [0, 1].map(|number| named(&serials[number]).expect("token"));
    let (name, certificate) = made(&one, "ours", KeyKind::EcP256);
    one.key(&name)
        .expect("key")
        .prove(&certificate)
        .expect("proof");
    assert!(matches!(other.key(&name), Err(TokenError::NoKey { .. })));
    let absent = named("absent").expect_err("no such number").to_string();
    assert!(
        serials.iter().all(|serial| absent.contains(serial)),
        "{absent}"
    );
}

/// SoftHSM never says so by itself, but it tells the flags that stand in its file.
fn with_flag(flag: u8) -> TokenError {
    let file = tokens().pop().expect("token").join("token.object");
    let mut bytes = fs::read(&file).expect("token");
    // CKF_RNG, LOGIN_REQUIRED, USER_PIN_INITIALIZED, RESTORE_KEY_NOT_NEEDED, TOKEN_INITIALIZED: how a new token begins.
    let flags = [0, 0, 0, 0, 0, 0, 4, 0x2d];
    let mut places = bytes.windows(8).enumerate();
    let place = places.find(|(_, part)| *part == flags).expect("flags").0;
    bytes[place + 5] = flag;
    fs::write(&file, &bytes).expect("flags set");
    options(&module(), PIN).expect_err("no login")
}

#[test]
#[ignore = "the_last_try_of_a_pin_is_left_to_people runs it"]
fn final_try() {
    let refused = with_flag(0x02);
    assert!(matches!(refused, TokenError::PinFinalTry), "{refused}");
}

#[test]
#[ignore = "the_last_try_of_a_pin_is_left_to_people runs it"]
fn locked() {
    let refused = with_flag(0x04);
    assert!(matches!(refused, TokenError::PinLocked), "{refused}");
}
