//! The crate from outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in its helpers"
)]

mod admission;
mod dropped;
mod graph;
mod graph_model;
mod graph_run;
mod retry;
mod scheduler;
mod shutdown;
#[cfg(unix)]
mod shutdown_process;
#[cfg(unix)]
mod shutdown_states;
mod slots;
mod stress;

use std::num::NonZeroUsize;

use orchestrator_core::{Scheduler, SchedulerConfig};

fn lanes(count: usize) -> Scheduler {
    Scheduler::new(SchedulerConfig::new(NonZeroUsize::new(count).unwrap()))
}

/// Whether the long forms are to be run.
fn is_long() -> bool {
    std::env::var_os("ORCHESTRATOR_LONG").is_some_and(|value| value == "1")
}

/// Prints as a figure what a check has tried in its long form, so that whoever asked for that sees it.
#[expect(clippy::print_stdout, reason = "the figures of the long form")]
fn show(tried: &str) {
    if is_long() {
        println!(
            "\n{{\"name\":\"{tried}\",\"ours\":0,\"unit\":\"faults\",\"target\":0,\"met\":true,\"control\":false}}"
        );
    }
}

/// Sets a flag when it is dropped.
struct OnDrop(std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}
