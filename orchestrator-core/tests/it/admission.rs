//! The controller from outside, on a paused clock: what it waits for, what it says, and what is
//! left when a future is dropped.

mod counts;
mod dropped;
mod order;
mod stress;
mod waits;

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use orchestrator_core::{
    AdmissionConfig, AdmissionController, MemorySource, MemoryUse, ModelKey, Request,
};

/// How many rounds a check makes: more of them with `ORCHESTRATOR_LONG=1`.
pub(crate) fn rounds(short: u64, long: u64) -> u64 {
    if crate::is_long() { long } else { short }
}

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap()
}

fn model() -> ModelKey {
    ModelKey::new("acme", "large")
}

fn request(mission: &str) -> Request {
    Request::new(mission, "worker", model())
}

/// Memory of which so many percent are in use.
#[derive(Clone, Default)]
struct Memory(Arc<AtomicU64>);

impl Memory {
    fn set(&self, percent: u64) {
        self.0.store(percent, Ordering::SeqCst);
    }
}

impl MemorySource for Memory {
    fn read(&self) -> Option<MemoryUse> {
        Some(MemoryUse {
            used: self.0.load(Ordering::SeqCst),
            limit: 100,
        })
    }
}

fn controller(config: AdmissionConfig) -> AdmissionController {
    AdmissionController::with_memory(config, Memory::default())
}

/// Nothing runs, nobody waits, and no slot is taken.
fn assert_nothing_left(controller: &AdmissionController) {
    let stats = controller.stats();
    assert_eq!((stats.running, stats.waiting), (0, 0));
    assert!(controller.key_stats().iter().all(|its| its.taken == 0));
    assert!(controller.waiting().is_empty());
}
