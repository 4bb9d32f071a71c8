//! The lock and the wakers around the rules, under many schedules; and how long a decision takes.

use super::*;

#[cfg(feature = "shuttle")]
mod schedules;
#[cfg(not(feature = "shuttle"))]
mod speed;
