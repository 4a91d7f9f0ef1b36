//! `GET /v1/accounts/{account_id}/transactions`: the period and the page, before the bank is asked.

use chrono::{Months, NaiveDate};

use super::Webhooks;
use crate::bank::{Period, TransactionsQuestion};
use crate::clock::malaysian;
use crate::generated::ofp_dp::server::GetAccountTransactionsParams;
use crate::generated::ofp_dp::types;
use crate::http::ApiError;
use crate::trust::AccountCall;

/// How far back transactions go (BNM exposure draft, appendix 1).
const HISTORY: Months = Months::new(12);

impl Webhooks {
    pub(super) async fn list_transactions(
        &self,
        call: AccountCall,
        params: GetAccountTransactionsParams,
    ) -> Result<types::TransactionsData, ApiError> {
        // Taken apart, so that a parameter of a new edition cannot be overlooked. The guard has used the rest.
        let GetAccountTransactionsParams {
            account_id,
            consent_id: _,
            from_date,
            to_date,
            page_size,
            next_page_params,
            x_fapi_signature: _,
            x_signature: _,
            x_enc_kid: _,
            x_fapi_interaction_id: _,
        } = params;
        if next_page_params.is_some() {
            return Err(
                ApiError::invalid_request("next_page_params is not one that we issued")
                    .because("request.page_unknown"),
            );
        }
        let today = malaysian(self.resources.clock.now()).date_naive();
        let period = period(from_date, to_date, today)?;
        let question = TransactionsQuestion { period, page_size };
        self.resources
            .transactions(&call, &account_id, question)
            .await
    }
}

/// Never more than twelve months, and never the future.
fn period(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Period, ApiError> {
    let earliest = today.checked_sub_months(HISTORY).unwrap_or(today);
    if to.is_some_and(|to| to < earliest) {
        return Err(ApiError::invalid_request(
            "to_date is before the twelve months that are served",
        )
        .because("request.period"));
    }
    let from = from.unwrap_or(earliest).max(earliest);
    let to = to.unwrap_or(today).min(today);
    if from > to {
        return Err(
            ApiError::invalid_request("from_date must not be after to_date")
                .because("request.period"),
        );
    }
    Ok(Period { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_at_most_twelve_months_back() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let today = day(2026, 11, 20);
        let all = period(None, None, today).unwrap();
        assert_eq!((all.from, all.to), (day(2025, 11, 20), today));
        let cut = period(Some(day(2020, 1, 1)), Some(day(2030, 1, 1)), today).unwrap();
        assert_eq!((cut.from, cut.to), (day(2025, 11, 20), today));
        assert!(period(Some(day(2026, 11, 2)), Some(day(2026, 11, 1)), today).is_err());
    }
}
