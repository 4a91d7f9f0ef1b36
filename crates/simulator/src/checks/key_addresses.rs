//! Headers that say where the key is. Nobody may go there: the address is an attacker's, or one inside the bank.

use serde_json::json;
use tokio::net::TcpListener;

use super::{
    Bench, Check, data_calls, events,
    finding::{Outcome, Seen},
    forged_headers::rogue,
    refusal::{Refusal, SIGNATURE},
};
use crate::scenario::{DataCall, DataTweak, EventTweak};

const KEYS_OUTSIDE: &str = "RFC 8725 §3.10; RFC 7515 §4.1.2 and §4.1.5";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "data-jku",
            "data call whose header says where a key set is (jku); it is not fetched",
            KEYS_OUTSIDE,
            SIGNATURE,
            |bench, must| data(bench, must, "jku")
        ),
        attack!(
            "data-x5u",
            "data call whose header says where a certificate is (x5u); it is not fetched",
            KEYS_OUTSIDE,
            SIGNATURE,
            |bench, must| data(bench, must, "x5u")
        ),
        attack!(
            "event-jku",
            "event whose header says where a key set is (jku); it is not fetched",
            KEYS_OUTSIDE,
            SIGNATURE,
            |bench, must| event(bench, must, "jku")
        ),
        attack!(
            "event-x5u",
            "event whose header says where a certificate is (x5u); it is not fetched",
            KEYS_OUTSIDE,
            SIGNATURE,
            |bench, must| event(bench, must, "x5u")
        ),
    ]
}

async fn data(bench: &Bench<'_>, must: Refusal, member: &str) -> Outcome<Seen> {
    let trap = Trap::set().await?;
    let key = bench.consumer()?.key("signing");
    let mut seen = Seen::default();
    for (_, forgeries) in rogue(bench, &key, member, &json!(trap.url()?))? {
        let tweaks = forgeries.into_iter().map(DataTweak::Forged);
        let call = tweaks.fold(data_calls::balances(bench).await?, DataCall::with);
        seen.add(data_calls::refused_call(bench, call, must).await?);
    }
    trap.ends_untouched().await?;
    Ok(seen)
}

async fn event(bench: &Bench<'_>, must: Refusal, member: &str) -> Outcome<Seen> {
    let trap = Trap::set().await?;
    let mut seen = Seen::default();
    for (_, forgeries) in rogue(bench, "paynet-signing", member, &json!(trap.url()?))? {
        let tweaks = forgeries.into_iter().map(EventTweak::Forged).collect();
        seen.add(events::refused_event(bench, tweaks, must).await?);
    }
    trap.ends_untouched().await?;
    Ok(seen)
}

/// A socket that notices whether anybody comes.
struct Trap(TcpListener);

impl Trap {
    async fn set() -> Outcome<Self> {
        Ok(Self(TcpListener::bind(("127.0.0.1", 0)).await?))
    }

    fn url(&self) -> Outcome<String> {
        Ok(format!("http://{}/keys", self.0.local_addr()?))
    }

    /// A connection that was made before our own has been accepted before it.
    async fn ends_untouched(self) -> Outcome {
        let ours = tokio::net::TcpStream::connect(self.0.local_addr()?).await?;
        let (_, first) = self.0.accept().await?;
        ensure!(
            first == ours.local_addr()?,
            "the provider went to the address in the header"
        );
        Ok(())
    }
}
