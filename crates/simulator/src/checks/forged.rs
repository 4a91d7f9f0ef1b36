//! Deviations that any signature can have, tried in a data call as a Data Consumer would sign it, and in an event as PayNet would.

use super::{
    Bench,
    data_calls::{balances, refused_call},
    events::refused_event,
    finding::{Outcome, Seen},
    refusal::Refusal,
};
use crate::{
    forge::Forgery,
    scenario::{DataCall, DataTweak, EventTweak},
};

/// Each with words for it.
pub(super) type Cases = Vec<(&'static str, Vec<Forgery>)>;

/// Makes the cases, knowing the name of the honest signer's key.
pub(super) type Maker = fn(&Bench<'_>, &str) -> Outcome<Cases>;

/// The same deviations in a data call and in an event.
macro_rules! forged {
    ($name:literal, $what:literal, $source:expr, $refusal:expr, $maker:expr) => {
        [
            attack!(
                concat!("data-", $name),
                concat!("data call with ", $what),
                $source,
                $refusal,
                |bench, must| $crate::checks::forged::data(bench, $maker, must)
            ),
            attack!(
                concat!("event-", $name),
                concat!("event with ", $what),
                $source,
                $refusal,
                |bench, must| $crate::checks::forged::event(bench, $maker, must)
            ),
        ]
    };
}
pub(super) use forged;

pub(super) async fn data(bench: &Bench<'_>, maker: Maker, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for (case, forgeries) in maker(bench, &bench.consumer()?.key("signing"))? {
        let tweaks = forgeries.into_iter().map(DataTweak::Forged);
        let call = tweaks.fold(balances(bench).await?, DataCall::with);
        let refused = refused_call(bench, call, must).await;
        seen.add(refused.map_err(|finding| finding.about(case))?);
    }
    Ok(seen)
}

pub(super) async fn event(bench: &Bench<'_>, maker: Maker, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for (case, forgeries) in maker(bench, "paynet-signing")? {
        let tweaks = forgeries.into_iter().map(EventTweak::Forged).collect();
        let refused = refused_event(bench, tweaks, must).await;
        seen.add(refused.map_err(|finding| finding.about(case))?);
    }
    Ok(seen)
}
