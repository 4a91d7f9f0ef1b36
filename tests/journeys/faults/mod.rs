//! Faults for real: the process is killed, PostgreSQL stopped, its backends ended, connections cut, at every step of the journey; then
//! what a supervisor repairs is repaired, the customer goes on as people do, and the invariant is looked at from three sides
//! (docs/faults.md).
//!
//! `IZIN_FAULT_SEED` replays a run, `IZIN_FAULT_CASES` says how many cases, `IZIN_FAULT_CASE` tells the number of the only one.

mod bank;
mod invariant;
mod person;
mod plan;
mod probe;
mod story;
mod strike;
mod typical;
mod world;

use plan::{Journey, Kind, cases};
use story::Outcome;
use world::World;

/// In every run of the tests, on both databases together.
const SAMPLE: usize = 40;
/// In a complete one.
const COMPLETE: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_of_cuts() {
    cut(wanted("IZIN_FAULT_CASES").unwrap_or(SAMPLE)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a quarter of an hour"]
async fn every_cut() {
    cut(wanted("IZIN_FAULT_CASES").unwrap_or(COMPLETE)).await;
}

/// Three of four on PostgreSQL, which has more that can be cut.
async fn cut(count: usize) {
    let seed = wanted("IZIN_FAULT_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
    println!("seed {seed} (IZIN_FAULT_SEED={seed} does the same again)");
    let on_sqlite = count / 4;
    let mut tried = 0;
    let mut lost = Vec::new();
    for (kind, count) in [
        (Kind::Postgres, count - on_sqlite),
        (Kind::Sqlite, on_sqlite),
    ] {
        let only = wanted("IZIN_FAULT_CASE");
        let world = World::start(kind).await;
        measure(&world).await;
        for case in cases(kind, seed).take(count) {
            if only.is_some_and(|only: usize| only != case.number) {
                continue;
            }
            let begun = std::time::Instant::now();
            let Outcome { cut, found } = story::told(&world, Some(case), case.journey).await;
            let missed = if cut { "" } else { ", nothing to cut" };
            println!(
                "{kind:?} {case}, {} ms{missed}",
                begun.elapsed().as_millis()
            );
            tried += usize::from(cut);
            if !found.is_empty() {
                let found = found.join("\n    ");
                println!("  LOST\n    {found}");
                lost.push(format!("{kind:?} {case}\n    {found}"));
            }
        }
        world.stop().await;
    }
    println!("{tried} cuts tried, {} lost", lost.len());
    assert!(tried > 0, "nothing was cut");
    assert!(lost.is_empty(), "seed {seed}\n{}", lost.join("\n"));
}

/// Each journey once with nothing in its way: how it must be, and how long its steps take.
async fn measure(world: &World) {
    for journey in [
        Journey::Shares { by_operator: true },
        Journey::Shares { by_operator: false },
        Journey::Rejects,
    ] {
        let found = story::told(world, None, journey).await.found;
        assert!(found.is_empty(), "without any fault: {}", found.join("\n"));
    }
}

fn wanted<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let value = std::env::var(variable).ok()?;
    let number = value.parse().ok();
    Some(number.unwrap_or_else(|| panic!("{variable} is no number: {value}")))
}
