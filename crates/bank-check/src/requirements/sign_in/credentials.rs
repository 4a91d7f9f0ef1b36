//! The test customer's credentials, and the sign-ins that they open.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::sleep;
use totp_rs::{Algorithm, Secret, TOTP};

use crate::{
    bench::Bench,
    call::{Call, Contract, Exchange},
    sheet::{Halt, Step},
    target::SetupError,
};

/// Seconds of a code's life (RFC 6238 §5.2), and how many of them must be left for it to be used twice.
const CODE_LIFE: u64 = 30;
const CODE_REST: u64 = 4;

/// A sign-in whose password was right.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) sign_in_id: String,
    pub(crate) customer_id: String,
    pub(crate) methods: Vec<String>,
}

/// A code of the authenticator at its first use.
#[derive(Clone, Debug)]
pub(crate) struct FirstCode {
    pub(crate) opened: Opened,
    pub(crate) exchange: Exchange,
    pub(crate) code: String,
}

/// Name and password of the test customer.
pub(super) fn credentials<'a>(bench: &Bench<'a>) -> Step<(&'a str, &'a SecretString)> {
    bench.wire(Contract::SignIn)?;
    let options = bench.options;
    match (options.username.as_deref(), &options.password) {
        (Some(username), Some(password)) => Ok((username, password)),
        _ => Err(Halt::not_tested(
            "give a test customer's user name and password (--username, --password-file)",
        )),
    }
}

/// Opens a sign-in with the right password.
pub(super) async fn open(bench: &Bench<'_>) -> Step<Opened> {
    let (username, password) = credentials(bench)?;
    let call = Call::password(username, password.expose_secret());
    let (_, body) = bench.fetch(call).await?;
    let sign_in = &body["sign_in"];
    let text = |name: &str| sign_in[name].as_str().map(str::to_owned);
    let methods = sign_in["methods"].as_array().into_iter().flatten();
    let methods = methods.filter_map(|it| it.as_str().map(str::to_owned));
    match (
        body["outcome"].as_str(),
        text("sign_in_id"),
        text("customer_id"),
    ) {
        (Some("right"), Some(sign_in_id), Some(customer_id)) => Ok(Opened {
            methods: methods.collect(),
            sign_in_id,
            customer_id,
        }),
        (Some("locked"), ..) => Err(Halt::not_tested("the test customer is locked")),
        (Some("wrong"), ..) => Err(Halt::not_tested(
            "the test customer's password is not taken; see SI-03",
        )),
        _ => Err(Halt::not_tested(
            "needs checkPassword to open a sign-in; see SI-03",
        )),
    }
}

/// The test customer's authenticator.
pub(super) fn authenticator(secret: &SecretString) -> Result<TOTP, SetupError> {
    let text = secret
        .expose_secret()
        .trim()
        .trim_end_matches('=')
        .to_ascii_uppercase();
    let bytes = Secret::Encoded(text).to_bytes();
    let bytes = bytes.map_err(|_| SetupError::TotpSecret)?;
    Ok(TOTP::new_unchecked(Algorithm::SHA1, 6, 1, CODE_LIFE, bytes))
}

/// The first use of a code, made once in a run. A code that somebody used just before is waited out.
pub(super) async fn first_code(bench: &Bench<'_>) -> Step<FirstCode> {
    let made = async {
        let used = use_code(bench).await?;
        match used
            .exchange
            .json_if(200)
            .and_then(|it| it["outcome"].as_str())
        {
            Some("wrong") => {
                sleep(Duration::from_secs(seconds_left())).await;
                use_code(bench).await
            }
            _ => Ok(used),
        }
    };
    bench
        .first_code
        .get_or_init(|| Box::pin(made))
        .await
        .clone()
}

async fn use_code(bench: &Bench<'_>) -> Step<FirstCode> {
    let opened = open(bench).await?;
    if !opened.methods.iter().any(|it| it == "totp") {
        return Err(Halt::not_applicable(
            "the test customer has no authenticator",
        ));
    }
    let Some(secret) = &bench.options.totp_secret else {
        return Err(Halt::not_tested(
            "give the secret of the customer's authenticator (--totp-secret-file)",
        ));
    };
    let Ok(authenticator) = authenticator(secret) else {
        return Err(Halt::not_tested("the authenticator's secret is not Base32"));
    };
    if seconds_left() < CODE_REST {
        sleep(Duration::from_secs(seconds_left())).await;
    }
    let code = authenticator.generate(seconds());
    let exchange = bench.ask(totp(&opened, &code)).await?;
    Ok(FirstCode {
        opened,
        exchange,
        code,
    })
}

pub(super) fn totp(opened: &Opened, code: &str) -> Call {
    Call::code(&json!({"sign_in_id": opened.sign_in_id, "method": "totp", "code": code}))
}

fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn seconds_left() -> u64 {
    CODE_LIFE - seconds() % CODE_LIFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = SecretString::from("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n");
        let authenticator = authenticator(&secret).unwrap();
        assert_eq!(authenticator.generate(59), "287082");
        assert_eq!(authenticator.generate(1_111_111_109), "081804");
    }

    #[test]
    fn what_is_not_base32_is_refused() {
        assert!(authenticator(&SecretString::from("not base32!")).is_err());
    }
}
