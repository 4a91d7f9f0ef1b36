//! Sign-ins that fail: the customer is told, nothing changes, and nobody learns which names exist.

use super::{
    Bench, Check,
    finding::{Outcome, Seen},
};
use crate::customer::{Customer, Page};

const SIGN_IN: &str = "PayNet test journey, step 6b";

/// Screens before a password is asked for.
const EARLY_SCREENS: usize = 4;

pub(super) fn checks() -> Vec<Check> {
    vec![
        check!(
            "sign-in-wrong-password",
            "a wrong password shows a message and changes nothing",
            SIGN_IN,
            |bench| wrong_password(bench)
        ),
        attack!(
            "sign-in-unknown-name",
            "an unknown user name looks like a known one",
            "OWASP ASVS 6.3.8",
            "the same screens and message as for a known name",
            |bench| unknown_name(bench)
        )
        .signs_in(),
    ]
}

/// Through the screens before the password, as this user name.
async fn to_password(
    bench: &Bench<'_>,
    username: &str,
) -> Outcome<(Customer, String, Vec<String>)> {
    let (mut browser, consent_id) = bench.at_the_door().await?;
    let mut screens = Vec::new();
    for _ in 0..EARLY_SCREENS {
        let page = browser.page()?;
        screens.push(page.screen().to_owned());
        let next = match page.screen() {
            "username" => {
                page.submit_with("continue", &[("username", username)])
                    .await?
            }
            "phrase" => page.action("continue").await?,
            _ => break,
        };
        browser.sees(next);
    }
    let page = browser.page()?;
    ensure!(
        page.screen() == "password",
        "expected the password screen, got {}",
        page.summary()
    );
    Ok((browser, consent_id, screens))
}

async fn fails(browser: &mut Customer) -> Outcome<Page> {
    let before = browser.page()?;
    let wrong = "certainly-not-the-password";
    let after = before
        .submit_with("continue", &[("password", wrong)])
        .await?;
    ensure!(
        after.screen() == "password",
        "expected the password screen again, got {}",
        after.summary()
    );
    ensure!(after.status < 500, "{}", after.summary());
    ensure!(
        after.text() != before.text(),
        "no message: {}",
        after.summary()
    );
    ensure!(!after.html.contains(wrong), "the page repeats the password");
    Ok(after)
}

async fn wrong_password(bench: &Bench<'_>) -> Outcome {
    let (mut browser, consent_id, _) = to_password(bench, &bench.customer.username).await?;
    fails(&mut browser).await?;
    bench.still_awaits(&consent_id)
}

async fn unknown_name(bench: &Bench<'_>) -> Outcome<Seen> {
    let (mut known, _, known_screens) = to_password(bench, &bench.customer.username).await?;
    let (mut unknown, consent_id, unknown_screens) =
        to_password(bench, "nobody-of-this-name").await?;
    ensure!(
        known_screens == unknown_screens,
        "{known_screens:?} and {unknown_screens:?} tell them apart"
    );
    let (known, unknown) = (fails(&mut known).await?, fails(&mut unknown).await?);
    ensure!(
        known.status == unknown.status && known.elements() == unknown.elements(),
        "the refusals differ: {} and {}",
        known.summary(),
        unknown.summary()
    );
    bench.still_awaits(&consent_id)?;
    Ok(Seen::new("no difference"))
}
