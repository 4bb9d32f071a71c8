//! Tests of the whole: the `orchestrator` program on repositories, and the
//! workspace's own order.

#![expect(
    clippy::unwrap_used,
    reason = "a test says by a panic that something is not as it should be"
)]

mod boundaries;
mod tidy;

// Their checks are lines for a POSIX shell, and their moments are made with
// named pipes and signals.
#[cfg(unix)]
mod admission;
#[cfg(unix)]
mod codemods;
#[cfg(unix)]
mod demo;
#[cfg(unix)]
mod edges;
#[cfg(unix)]
mod examples;
#[cfg(unix)]
mod hand_edits;
#[cfg(unix)]
mod hooks;
#[cfg(target_os = "linux")]
mod interrupts;
#[cfg(unix)]
mod journal;
#[cfg(unix)]
mod meanwhile;
#[cfg(unix)]
mod memory;
#[cfg(unix)]
mod refusals;
#[cfg(unix)]
mod repositories;
#[cfg(unix)]
mod waivers;
