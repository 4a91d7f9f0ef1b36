//! Somebody who asks for a balance again and again while something else happens, and remembers what came and when.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use izin_simulator::DataTweak;
use tokio::join;
use uuid::Uuid;

use super::world::World;

/// One call, and what came of it.
pub struct Probe {
    pub begun: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    /// Absent if nothing came back.
    pub status: Option<u16>,
    pub interaction: Uuid,
}

impl Probe {
    pub fn was_served(&self) -> bool {
        self.status == Some(200)
    }
}

/// For the one account that every customer of these stories shares; before anybody has shared it, there is nothing to ask for.
pub async fn probe(world: &World, consent: &str) -> Option<Probe> {
    let interaction = Uuid::new_v4();
    let id = DataTweak::InteractionId(Some(interaction.to_string()));
    let call = world.balance_of(consent)?.with(id);
    let begun = Utc::now();
    let answer = Box::pin(world.simulator().data_call(call)).await;
    Some(Probe {
        begun,
        ended: Utc::now(),
        status: answer.ok().map(|answer| answer.status()),
        interaction,
    })
}

/// From the beginning of `act` to its end.
pub async fn probing<T>(
    world: &World,
    consent: &str,
    act: impl Future<Output = T>,
) -> (T, Vec<Probe>) {
    let over = Cell::new(false);
    let asking = async {
        let mut probes = Vec::new();
        while !over.get() {
            match probe(world, consent).await {
                Some(probe) => probes.push(probe),
                None => break,
            }
            tokio::task::yield_now().await;
        }
        probes
    };
    let acting = async {
        let outcome = act.await;
        over.set(true);
        outcome
    };
    join!(acting, asking)
}
