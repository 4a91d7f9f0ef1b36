//! Text at its edges: passwords are kept as they are, and no text makes the bank fail.

use secrecy::ExposeSecret;
use serde_json::json;
use uuid::Uuid;

use super::{
    credentials::{credentials, open},
    password::{nobody, outcome},
};
use crate::{
    bench::Bench,
    call::{Call, Contract},
    requirements::Requirement,
    sheet::{Sheet, Step},
};

pub(super) fn requirements() -> Vec<Requirement> {
    vec![requirement!(
        "SI-10",
        "Passwords are kept as they are, and no text makes the bank fail",
        [
            "lookUpPhrase",
            "checkPassword",
            "startSecondFactor",
            "checkSecondFactor"
        ],
        InOrder,
        |bench, sheet| text(bench, sheet)
    )]
}

async fn text(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::SignIn).await?;
    let has_phrases = capabilities.names("lookUpPhrase");
    spaces(bench, sheet).await?;
    let unicode = format!("{} ñ 陳 \u{1f9ea}", nobody());
    let longest = "a".repeat(128);
    let unknown = [
        Call::password(&nobody(), &"a".repeat(256)).how("a password of 256 characters"),
        Call::password(&nobody(), "pass wörd \u{1f9ea} \"'\\").how("a password beyond ASCII"),
        Call::password(&unicode, "password").how("a user name beyond ASCII"),
        Call::password(&longest, "password").how("a user name of 128 characters"),
    ];
    for call in unknown {
        let exchange = bench.ask(call).await?;
        if sheet.expect_status(&exchange, 200) && outcome(&exchange) != Some("wrong") {
            sheet.wrong(&exchange, "$.outcome is not wrong");
        }
    }
    if has_phrases {
        let call = Call::phrase(&unicode).how("a user name beyond ASCII");
        let exchange = bench.ask(call).await?;
        sheet.expect_error(&exchange, 404, &["username_unknown"]);
    }
    let id = nobody();
    let mut refused = vec![
        Call::password("a\u{7}b", "password").how("a user name with a control character"),
        Call::password("a\0b", "password").how("a user name with NUL"),
        Call::password(&"a".repeat(129), "password").how("a user name of 129 characters"),
        Call::password(&nobody(), &"a".repeat(257)).how("a password of 257 characters"),
        Call::password("", "password").how("an empty user name"),
    ];
    if capabilities.names("checkSecondFactor") {
        let body = json!({"sign_in_id": id, "method": "totp", "code": "12\u{0}456"});
        refused.push(Call::code(&body).how("a code with a control character"));
        let body = json!({"sign_in_id": id, "method": "totp", "code": "١٢٣٤٥٦"});
        refused.push(Call::code(&body).how("a code of digits that are not ASCII"));
    }
    if has_phrases {
        refused.push(Call::phrase("a\u{7f}b").how("a user name with a control character"));
    }
    if capabilities.names("startSecondFactor") {
        let call = Call::start(Uuid::new_v4(), "a\u{0}bcdefghijklmnop", "approval");
        refused.push(call.how("a sign_in_id with a control character"));
    }
    for call in refused {
        let exchange = bench.ask(call).await?;
        sheet.expect_error(&exchange, 400, &["invalid_request"]);
    }
    Ok(())
}

/// White space at the ends of a password is part of it.
async fn spaces(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let Ok((username, password)) = credentials(bench) else {
        sheet.note(
            "spaces at the ends of a password were not tried: give --username and --password-file",
        );
        return Ok(());
    };
    let password = password.expose_secret();
    let padded = [
        (format!(" {password}"), "a space before the right password"),
        (format!("{password} "), "a space behind the right password"),
    ];
    for (password, how) in padded {
        let exchange = bench
            .ask(Call::password(username, &password).how(how))
            .await?;
        match outcome(&exchange) {
            Some("wrong" | "locked") => {}
            _ => sheet.wrong(&exchange, "expected 200 with the outcome wrong"),
        }
        // Failures in a row are what locks.
        open(bench).await?;
    }
    Ok(())
}
