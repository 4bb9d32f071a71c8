//! The rules against a plain model, and the lock around them under many schedules.

use super::*;

#[cfg(not(feature = "shuttle"))]
mod model;
#[cfg(feature = "shuttle")]
mod schedules;
