//! How the bank can be reached, and by whom.

use super::Requirement;
use crate::{
    bench::Bench,
    call::{Call, Contract, Exchange, Identity},
    judge,
    sheet::{Sheet, Step, remark, require},
    wire::{Failure, OldTls, Wire},
};

/// Ids for calls that are to be refused before anybody looks at them, if no test customer was given.
const SOME_ID: &str = "izin-bank-check";

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-01",
            "TLS 1.2 or later with a certificate for the host; no plain HTTP off loopback; no redirects",
            ["all"],
            AtTheEnd,
            |bench, sheet| transport(bench, sheet)
        ),
        requirement!(
            "CB-02",
            "Callers without credentials are refused",
            ["getCapabilities", "getBalance", "checkPassword"],
            InOrder,
            |bench, sheet| strangers(bench, sheet)
        ),
    ]
}

async fn transport(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    for contract in bench.contracts() {
        let wire = bench.wire(contract)?;
        if wire.is_open_to_the_network() {
            sheet.add_wrong(remark(format!(
                "{}: plain HTTP to another machine; nothing was sent",
                name(contract)
            )));
        } else if wire.is_encrypted() {
            old_tls(contract, wire, sheet).await;
        } else {
            sheet.note(format!(
                "{}: plain HTTP on loopback, so TLS was not tried",
                name(contract)
            ));
        }
    }
    for detail in bench.log().breaches(judge::NO_REDIRECTS) {
        sheet.add_wrong(detail);
    }
    let (answers, _) = bench.log().answers();
    require(answers > 0, "no answer came during the run")
}

async fn old_tls(contract: Contract, wire: &Wire, sheet: &mut Sheet) {
    let name = name(contract);
    match wire.try_old_tls().await {
        Ok(OldTls::Refused) => {}
        Ok(OldTls::Accepted) => {
            sheet.add_wrong(remark(format!(
                "{name}: the server speaks TLS 1.1 or older"
            )));
        }
        Ok(OldTls::Silent) => sheet.note(format!(
            "{name}: no word on a handshake with TLS 1.1, so it is not known to be refused"
        )),
        // Ordinary calls meet the same, and it is told there.
        Err(_) => sheet.note(format!("{name}: no connection for trying TLS 1.1")),
    }
}

/// Without credentials, and with a token that nobody issued: 401, or no connection at all, before any data.
async fn strangers(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let mut heard = false;
    for contract in bench.contracts() {
        let wire = bench.wire(contract)?;
        if !wire.has_token() && !wire.has_certificate() {
            sheet.note(format!(
                "{}: the kit itself was given no credentials",
                name(contract)
            ));
        }
        for call in calls(bench, contract) {
            let anonymous = call.clone().identity(Identity::Nobody);
            let anonymous = anonymous.how("without credentials");
            heard |= refused(bench, wire, anonymous, sheet).await;
            if wire.has_token() {
                let wrong = call
                    .identity(Identity::WrongToken)
                    .how("with a wrong token");
                heard |= refused(bench, wire, wrong, sheet).await;
            }
        }
    }
    require(heard, "no connection to the bank; see CB-01")
}

fn calls(bench: &Bench<'_>, contract: Contract) -> Vec<Call> {
    let customer = bench.options.customer.as_deref().unwrap_or(SOME_ID);
    let account = bench.options.account.as_deref().unwrap_or(SOME_ID);
    match contract {
        Contract::CoreBank => vec![Call::core_capabilities(), Call::balance(customer, account)],
        Contract::SignIn => vec![
            Call::sign_in_capabilities(),
            Call::password(SOME_ID, SOME_ID),
        ],
    }
}

/// Whether there was somebody to refuse.
async fn refused(bench: &Bench<'_>, wire: &Wire, call: Call, sheet: &mut Sheet) -> bool {
    let wrong_token = call.identity == Identity::WrongToken;
    match bench.send(call).await {
        Ok(exchange) if wrong_token && wire.has_certificate() && exchange.status != 401 => {
            sheet.warn(exchange.detail("the certificate is enough, whatever the token says"));
            true
        }
        Ok(exchange) => {
            expect_stranger(&exchange, sheet);
            true
        }
        // Sent away in the handshake, which a server that wants a certificate does.
        Err(unanswered) => match unanswered.failure {
            Failure::Broken(_) => true,
            Failure::Connect(_) => wire.has_certificate(),
            // No refusal, but a defect of another kind, which CB-07 reports of other calls.
            Failure::TooLate => false,
            Failure::TooLarge { .. } => {
                sheet.add_wrong(unanswered.detail);
                true
            }
        },
    }
}

fn expect_stranger(exchange: &Exchange, sheet: &mut Sheet) {
    if exchange.status < 300 {
        sheet.wrong(exchange, "answered instead of 401 invalid_client");
    } else {
        sheet.expect_error(exchange, 401, &["invalid_client"]);
    }
}

fn name(contract: Contract) -> &'static str {
    match contract {
        Contract::CoreBank => "core bank",
        Contract::SignIn => "sign-in",
    }
}
