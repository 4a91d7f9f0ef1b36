//! Locking after wrong passwords. Runs late, since it leaves the test customer locked.

use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::sleep;

use super::{
    credentials::credentials,
    password::{nobody, outcome},
};
use crate::{
    bench::Bench,
    call::{Call, Exchange},
    requirements::Requirement,
    sheet::{Sheet, Step, remark, require},
};

/// Wrong passwords after which a customer must be locked.
const MOST_ATTEMPTS: u32 = 20;
/// Locks that are waited for, with `patient` and without.
const SHORT_LOCK: u64 = 30;
const LONG_LOCK: u64 = 3600;

pub(super) fn requirements() -> Vec<Requirement> {
    vec![requirement!(
        "SI-09",
        "Wrong passwords lock, and locking is told whatever the password",
        ["checkPassword"],
        Late,
        |bench, sheet| locks(bench, sheet)
    )]
}

async fn locks(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (username, password) = credentials(bench)?;
    require(
        bench.options.may_lock,
        "this locks the test customer: give --may-lock",
    )?;
    let mut attempts = 0;
    let locked = loop {
        if attempts == MOST_ATTEMPTS {
            let problem = format!("{MOST_ATTEMPTS} wrong passwords in a row do not lock");
            sheet.add_wrong(remark(problem));
            return Ok(());
        }
        attempts += 1;
        let call = Call::password(username, &nobody()).how("a wrong password");
        let exchange = bench.ask(call).await?;
        match outcome(&exchange) {
            Some("locked") => break exchange,
            Some("wrong") => {}
            _ => {
                sheet.wrong(&exchange, "expected the outcome wrong or locked");
                return Ok(());
            }
        }
    };
    sheet.note(format!("locked at attempt {attempts}"));
    let right = Call::password(username, password.expose_secret()).how("the right password");
    let exchange = bench.ask(right.clone()).await?;
    if outcome(&exchange) != Some("locked") {
        sheet.wrong(
            &exchange,
            "the customer is locked; expected the outcome locked",
        );
        return Ok(());
    }
    unlocked(bench, &locked, right, sheet).await
}

/// After the time that was told, the right password is right.
async fn unlocked(bench: &Bench<'_>, locked: &Exchange, right: Call, sheet: &mut Sheet) -> Step {
    let seconds = locked
        .json_if(200)
        .and_then(|it| it["retry_after_seconds"].as_u64());
    let Some(seconds) = seconds else {
        sheet.note("the bank does not say when the lock ends");
        return Ok(());
    };
    let most = if bench.options.patient {
        LONG_LOCK
    } else {
        SHORT_LOCK
    };
    if seconds > most {
        sheet.note(format!(
            "the lock ends in {seconds} s, which was not waited for (--patient waits up to an hour)"
        ));
        return Ok(());
    }
    sleep(Duration::from_secs(seconds + 1)).await;
    let exchange = bench.ask(right.how("after retry_after_seconds")).await?;
    if outcome(&exchange) != Some("right") {
        sheet.wrong(
            &exchange,
            "the lock should have ended; expected the outcome right",
        );
    }
    Ok(())
}
