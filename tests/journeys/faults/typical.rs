//! How long each step takes and how many bytes it sends when nothing happens to it, so that "within" can be anywhere within.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::plan::{Fault, Step};
use super::world::World;
use crate::harness::Way;

#[derive(Default)]
pub struct Typical(HashMap<Step, Measured>);

#[derive(Default, Clone)]
struct Measured {
    time: Duration,
    bytes: HashMap<(Line, Way), usize>,
}

/// What bytes travel on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Line {
    Caller,
    Database,
    Paynet,
}

/// A step under way.
pub struct Stopwatch {
    begun: Instant,
    passed: Vec<((Line, Way), usize)>,
}

impl Stopwatch {
    pub fn starts(world: &World, step: Step) -> Self {
        Self {
            begun: Instant::now(),
            passed: passed(world, step),
        }
    }

    pub fn ends(self, world: &World, step: Step) {
        let time = self.begun.elapsed();
        let now = passed(world, step).into_iter().zip(self.passed);
        let bytes = now.map(|((key, now), (_, then))| (key, now - then));
        let bytes = bytes.collect();
        let mut typical = world.typical.borrow_mut();
        typical.0.insert(step, Measured { time, bytes });
    }
}

impl Typical {
    pub fn time(&self, step: Step) -> Duration {
        self.0.get(&step).map_or(Duration::ZERO, |one| one.time)
    }

    /// At least one.
    pub fn bytes(&self, fault: Fault, step: Step, way: Way) -> usize {
        let line = match fault {
            Fault::CutCaller => Line::Caller,
            Fault::CutPaynet | Fault::DelayPaynet => Line::Paynet,
            _ => Line::Database,
        };
        let measured = self.0.get(&step);
        let bytes = measured.and_then(|one| one.bytes.get(&(line, way)));
        bytes.copied().unwrap_or_default().max(1)
    }
}

fn passed(world: &World, step: Step) -> Vec<((Line, Way), usize)> {
    let lines = [
        (Line::Caller, Some(world.proxy(Fault::CutCaller, step))),
        (Line::Paynet, Some(world.proxy(Fault::CutPaynet, step))),
        (Line::Database, world.database_proxy()),
    ];
    let mut all = Vec::new();
    for (line, proxy) in lines {
        let Some(proxy) = proxy else { continue };
        for way in [Way::ToServer, Way::ToClient] {
            all.push(((line, way), proxy.passed(way)));
        }
    }
    all
}
