//! Cursors: the bank's own, for one question, good for an hour.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::Requirement;
use crate::{
    bench::{Bench, Closely},
    call::{Call, Period},
    sheet::{Halt, Sheet, Step},
};

/// A cursor stays good for at least one hour.
const AN_HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-29",
            "A cursor that the bank did not issue for this question is 400 invalid_cursor",
            ["listTransactions"],
            InOrder,
            |bench, sheet| bad_cursors(bench, sheet)
        ),
        requirement!(
            "CB-30",
            "A cursor can be used again, and for an hour",
            ["listTransactions"],
            Late,
            |bench, sheet| again(bench, sheet)
        ),
    ]
}

/// A first page of ten, and its cursor.
async fn first_page(bench: &Bench<'_>) -> Step<(Closely, Call, String)> {
    let closely = bench.closely().await?;
    closely.cursor()?;
    let call = closely.call(10);
    let (exchange, page) = bench.fetch(call.clone()).await?;
    match page["next_cursor"].as_str() {
        Some(cursor) => Ok((closely, call, cursor.to_owned())),
        None => Err(Halt::not_tested(format!(
            "needs a $.next_cursor from {}",
            exchange.call.shown()
        ))),
    }
}

async fn bad_cursors(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (closely, call, cursor) = first_page(bench).await?;
    let mut cases = vec![
        (call.clone(), random_cursor(), "a random cursor"),
        (
            call.clone(),
            truncated(&cursor),
            "a cursor that was cut off",
        ),
        (
            call.clone(),
            changed(&cursor),
            "a cursor with one character changed",
        ),
    ];
    let earlier = closely
        .period
        .from
        .pred_opt()
        .unwrap_or(closely.period.from);
    let longer = Period {
        from: earlier,
        to: closely.period.to,
    };
    cases.push((
        closely.call_for(longer, 10),
        cursor.clone(),
        "the cursor of another period",
    ));
    match another_account(bench, &closely).await? {
        Some(call) => cases.push((call, cursor, "the cursor of another account")),
        None => {
            sheet.note("the cursor of another account was not tried: the customer has no other");
        }
    }
    for (call, cursor, how) in cases {
        let call = call.query("cursor", cursor).how(how);
        let exchange = bench.ask(call).await?;
        sheet.expect_error(&exchange, 400, &["invalid_cursor"]);
    }
    let call = call
        .query("cursor", "a".repeat(513))
        .how("a cursor of 513 characters");
    let exchange = bench.ask(call).await?;
    sheet.expect_error(&exchange, 400, &["invalid_cursor", "invalid_request"]);
    Ok(())
}

async fn another_account(bench: &Bench<'_>, closely: &Closely) -> Step<Option<Call>> {
    let Ok(accounts) = bench.eligible().await else {
        return Ok(None);
    };
    for account in accounts
        .iter()
        .filter(|it| it.reference != closely.reference)
    {
        let call = Call::transactions(&closely.customer, &account.reference, closely.period, 10);
        if bench.ask(call.clone()).await?.status == 200 {
            return Ok(Some(call));
        }
    }
    Ok(None)
}

fn random_cursor() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn truncated(cursor: &str) -> String {
    let half = cursor.chars().count().div_ceil(2);
    let kept: String = cursor.chars().take(half).collect();
    // A cursor of one character has no shorter one.
    if kept == cursor {
        format!("{kept}{kept}")
    } else {
        kept
    }
}

/// In the middle: the last character of Base64 may have bits that mean nothing.
fn changed(cursor: &str) -> String {
    let middle = cursor.chars().count() / 2;
    let letters = cursor.chars().enumerate();
    let change = |(at, letter): (usize, char)| match (at == middle, letter) {
        (false, letter) => letter,
        (true, '0'..='8') => {
            char::from_digit(letter.to_digit(10).unwrap_or_default() + 1, 10).unwrap_or('0')
        }
        (true, '9') => '0',
        (true, 'a') => 'b',
        (true, _) => 'a',
    };
    letters.map(change).collect()
}

async fn again(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (_, call, cursor) = first_page(bench).await?;
    let call = call.query("cursor", cursor);
    let first = bench.ask(call.clone()).await?;
    if !sheet.expect_status(&first, 200) {
        return Ok(());
    }
    let page = first.json_if(200).and_then(without_cursor);
    same_page(
        bench,
        call.clone().how("a second time"),
        page.as_ref(),
        sheet,
    )
    .await?;
    if !bench.options.patient {
        sheet.note("whether it is good for an hour was not tried: give --patient");
        return Ok(());
    }
    let minutes = AN_HOUR.as_secs() / 60;
    bench.say(&format!("CB-30: nothing, it takes {minutes} minutes"));
    sleep(AN_HOUR).await;
    same_page(bench, call.how("an hour later"), page.as_ref(), sheet).await
}

async fn same_page(bench: &Bench<'_>, call: Call, page: Option<&Value>, sheet: &mut Sheet) -> Step {
    let exchange = bench.ask(call).await?;
    let came = exchange.json_if(200).and_then(without_cursor);
    if sheet.expect_status(&exchange, 200) && came.as_ref() != page {
        sheet.wrong(&exchange, "the page is not the same as the first time");
    }
    Ok(())
}

/// A page for comparison: its next cursor may be another for the same place, as encryption makes it.
pub(super) fn without_cursor(page: &Value) -> Option<Value> {
    let mut members = page.as_object()?.clone();
    if let Some(cursor) = members.get_mut("next_cursor") {
        *cursor = Value::Bool(true);
    }
    Some(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_cursors_differ_and_keep_their_alphabet() {
        for cursor in ["a", "9", "MjAyNS0xMi0yN1QxMjozMDowMA==", "é-é", "12.34"] {
            assert_ne!(changed(cursor), cursor);
            assert_ne!(truncated(cursor), cursor);
            assert_eq!(changed(cursor).chars().count(), cursor.chars().count());
        }
    }
}
