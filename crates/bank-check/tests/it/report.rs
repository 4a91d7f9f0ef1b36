//! The report tells nobody's data, and what the operator gives is checked first.

use izin_bank_check::{Documents, Endpoint, Options, SetupError, Target, Verdict, requirements};
use serde_json::{Value, json};

use crate::bank::{
    Bank, CORE, DOCUMENTS, PASSWORD, SIGN_IN, Server, TOKEN, TOTP_SECRET, options, run,
    sign_in_options,
};

/// Leaves every number, name and secret where it is, and breaks the schema at each.
fn break_everything(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.insert("Nurul Iman".to_owned(), json!("Nurul Iman"));
            members.values_mut().for_each(break_everything);
        }
        Value::Array(items) => items.iter_mut().for_each(break_everything),
        Value::String(text) if text.len() > 3 => text.push_str("\u{1b}[31m\n"),
        _ => {}
    }
}

#[tokio::test]
async fn no_value_of_an_answer_gets_into_the_report() {
    let bank = || {
        Bank::tampered(|seen, answer| {
            // What leads on is left alone, so that there is much to tell.
            let listed =
                seen.is("listAccounts") || seen.is("checkPassword") || seen.is("getCapabilities");
            if !listed && seen.number % 2 == 0 {
                break_everything(&mut answer.json);
            }
            if seen.number % 5 == 0 {
                answer.set_header("x-request-id", "Nurul");
            }
        })
    };
    let (core_bank, sign_in) = (Server::start(bank()).await, Server::start(bank()).await);
    let target = Target {
        core_bank: Some(core_bank.endpoint()),
        sign_in: Some(sign_in.endpoint()),
    };
    let both = Options {
        customer: options().customer,
        other_customer: options().other_customer,
        notices: true,
        ..sign_in_options()
    };
    let report = run(&target, &both).await;
    assert!(report.count(Verdict::NotMet) > 10, "{report}");
    let json = serde_json::to_string(&report).unwrap();
    let text = report.to_text();
    let secrets = [
        "Nurul",
        "nurul",
        "900101",
        "7001234567",
        "5123.45",
        "Kedai",
        "three yellow",
        "bQO5aX4K",
        "\u{1b}",
        PASSWORD,
        TOTP_SECRET,
        TOKEN,
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret:?} is in {text}");
        assert!(!json.contains(secret), "{secret:?} is in {json}");
    }
}

#[tokio::test]
async fn progress_and_json_name_every_requirement_in_order() {
    let server = Server::start(Bank::right()).await;
    let target = Target {
        core_bank: Some(server.endpoint()),
        sign_in: None,
    };
    let mut heard = Vec::new();
    let (options, hear) = (options(), |text: &str| heard.push(text.to_owned()));
    let report = izin_bank_check::run(&target, &options, DOCUMENTS, hear)
        .await
        .unwrap();
    let mut ids: Vec<_> = requirements().iter().map(|it| it.id).collect();
    let told: Vec<_> = report.entries.iter().map(|it| it.id).collect();
    assert_eq!(told, ids);
    heard.sort();
    ids.sort_unstable();
    assert_eq!(heard, ids);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["entries"][0]["id"], "CB-01");
    assert_eq!(json["entries"][0]["verdict"], "met");
}

async fn refused(target: Target, options: Options, documents: Documents<'_>) -> SetupError {
    let report = izin_bank_check::run(&target, &options, documents, |_| ()).await;
    report.expect_err("it ran")
}

fn nowhere() -> Target {
    Target {
        core_bank: Some(Endpoint::new("http://localhost:9".parse().unwrap())),
        sign_in: None,
    }
}

#[tokio::test]
async fn what_the_operator_gives_must_be_usable() {
    let options = || Options::default();
    let nothing = refused(Target::default(), options(), DOCUMENTS).await;
    assert!(matches!(nothing, SetupError::Nothing));
    let mut bad = options();
    bad.customer = Some("../admin".to_owned());
    let id = refused(nowhere(), bad, DOCUMENTS).await;
    assert!(matches!(
        id,
        SetupError::Id {
            option: "--customer"
        }
    ));
    let documents = Documents {
        core_bank: "{}",
        sign_in: SIGN_IN,
    };
    let document = refused(nowhere(), options(), documents).await;
    assert!(matches!(
        document,
        SetupError::Document {
            name: "core-bank",
            ..
        }
    ));
    let documents = Documents {
        core_bank: CORE,
        sign_in: "[",
    };
    assert!(matches!(
        refused(nowhere(), options(), documents).await,
        SetupError::Document { .. }
    ));
    let mut target = nowhere();
    target.core_bank.as_mut().unwrap().token_file = Some("/no/such/file".into());
    assert!(matches!(
        refused(target, options(), DOCUMENTS).await,
        SetupError::File { .. }
    ));
    let mut half = Endpoint::new("https://localhost:9".parse().unwrap());
    half.client_certificate = Some("/no/such/file".into());
    let target = Target {
        core_bank: Some(half),
        sign_in: None,
    };
    assert!(matches!(
        refused(target, options(), DOCUMENTS).await,
        SetupError::HalfCertificate
    ));
    let target = Target {
        core_bank: Some(Endpoint::new("ftp://localhost/".parse().unwrap())),
        sign_in: None,
    };
    assert!(matches!(
        refused(target, options(), DOCUMENTS).await,
        SetupError::Url { .. }
    ));
    let mut secret = options();
    secret.totp_secret = Some(secrecy::SecretString::from("not base32!"));
    assert!(matches!(
        refused(nowhere(), secret, DOCUMENTS).await,
        SetupError::TotpSecret
    ));
}
