//! Tests of the journal: what is damaged is found, what failed is not acknowledged, and each test
//! has a control that shows that it can fail.

#[cfg(not(feature = "shuttle"))]
mod concurrency;
#[cfg(not(feature = "shuttle"))]
mod damage;
#[cfg(not(feature = "shuttle"))]
mod faults;
#[cfg(not(feature = "shuttle"))]
mod golden;
#[cfg(not(feature = "shuttle"))]
mod holding;
#[cfg(not(feature = "shuttle"))]
mod memory;
#[cfg(not(feature = "shuttle"))]
mod proving;
#[cfg(not(feature = "shuttle"))]
mod reading;
#[cfg(not(feature = "shuttle"))]
mod retention;
#[cfg(not(feature = "shuttle"))]
mod rewritten;
#[cfg(feature = "shuttle")]
mod schedules;
#[cfg(not(feature = "shuttle"))]
mod tickets;
#[cfg(not(feature = "shuttle"))]
mod whole;

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

use super::*;

/// Ticks a second for each record, so that the bytes are always the same.
fn ticking() -> impl Clock {
    let seconds = AtomicI64::new(1_700_000_000);
    move || Timestamp::from_second(seconds.fetch_add(1, Ordering::Relaxed)).unwrap()
}
