//! What a list of transactions must be, page by page.

use super::Requirement;
use crate::{
    bench::{Bench, Row},
    call::Contract,
    sheet::{Sheet, Step, remark},
};

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-22",
            "Transactions are newest first, in an order that stays",
            ["listTransactions"],
            InOrder,
            |bench, sheet| order(bench, sheet)
        ),
        requirement!(
            "CB-25",
            "page_size is from 10 to 500",
            ["listTransactions"],
            InOrder,
            |bench, sheet| page_size_limits(bench, sheet)
        ),
        requirement!(
            "CB-31",
            "Pending ones and methods of transfer are as promised",
            ["listTransactions"],
            InOrder,
            |bench, sheet| details(bench, sheet)
        ),
    ]
}

async fn order(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let closely = bench.closely().await?;
    let call = closely.call(100);
    let shown = call.shown();
    let rows = &closely.walk.rows;
    let rises = |pair: &[Row]| match (pair[0].booked_at, pair[1].booked_at) {
        (Some(newer), Some(older)) => older > newer,
        _ => false,
    };
    if let Some(at) = rows.windows(2).position(rises) {
        sheet.add_wrong(remark(format!(
            "{shown}: row {} of the walk is newer than the one before it",
            at + 2
        )));
    }
    closely.ends()?;
    let first = bench.walk(&call, &[100]).await?;
    let second = bench.walk(&call, &[100]).await?;
    if first.ids() != second.ids() {
        sheet.add_wrong(remark(format!(
            "{shown}: a second walk gives other rows or another order"
        )));
    }
    Ok(())
}

async fn page_size_limits(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let closely = bench.closely().await?;
    for size in [10, 500] {
        let exchange = bench.ask(closely.call(size)).await?;
        sheet.expect_status(&exchange, 200);
    }
    let call = closely.call(10);
    for size in ["9", "501", "0", "-1", "1e2", "x"] {
        let exchange = bench.ask(call.clone().query("page_size", size)).await?;
        sheet.expect_error(&exchange, 400, &["invalid_request"]);
    }
    let call = call.without_query("page_size").how("without page_size");
    let exchange = bench.ask(call).await?;
    sheet.expect_error(&exchange, 400, &["invalid_request"]);
    Ok(())
}

async fn details(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    let closely = bench.closely().await?;
    let shown = closely.call(500).shown();
    let mut wrong = |at: usize, problem: &str| {
        sheet.add_wrong(remark(format!("{shown}: row {}: {problem}", at + 1)));
    };
    let pending = capabilities.has_feature("pending_transactions");
    for (at, row) in closely.walk.rows.iter().enumerate() {
        if !pending && !row.settled {
            wrong(
                at,
                "is pending, and pending_transactions is not among the features",
            );
        }
        match (row.method.as_deref(), row.submethod.as_deref()) {
            (None, Some(_)) => wrong(at, "transfer_submethod stands without transfer_method"),
            (Some(method), Some(submethod)) if !belongs(method, submethod) => {
                wrong(at, "transfer_submethod is not one of its transfer_method");
            }
            _ => {}
        }
    }
    Ok(())
}

/// As the document says at `TransferSubmethod`.
fn belongs(method: &str, submethod: &str) -> bool {
    let own: &[&str] = match method {
        "bill_payment" => &["jompay"],
        "cash_deposit" => &["shared_atm_network"],
        "cash_withdrawal" => &["shared_atm_network", "mydebit_cash_out", "dnqr_cash_out"],
        "cheque" => &["espick"],
        "funds_transfer" => &[
            "duitnow_transfer",
            "intrabank",
            "bank_adjustment",
            "ibg",
            "shared_atm_network_ibft",
            "rtgs",
        ],
        "instore_payment" => &["duitnow_qr", "debit_card"],
        "online_payment" => &["fpx", "obw", "duitnow_pay", "debit_card_not_present"],
        "recurring_payment" => &["direct_debit", "auto_debit"],
        _ => &[],
    };
    submethod == "others" || own.contains(&submethod)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submethods_belong_to_their_methods() {
        assert!(belongs("instore_payment", "duitnow_qr"));
        assert!(belongs("others", "others") && belongs("cheque", "others"));
        assert!(!belongs("cheque", "duitnow_qr") && !belongs("others", "fpx"));
    }
}
