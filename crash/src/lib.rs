//! What storage must survive: eight clients at once, kill -9, a power cut, a future that is dropped.
//!
//! Each check is a library function that gives [`Line`]s; the `orchestrator-crash` program prints
//! them as JSON, and `cargo xtask crash` shows them. A check that could not fail would show nothing,
//! so each has a control: a version that is broken on purpose and must be caught.
//!
//! - [`serial`]: random histories of transactions, recorded by [`workload`] on any [`Subject`] and
//!   judged by [`check()`], which replays them in the order of their versions; and histories of one
//!   register, judged by [`search`], which does not trust versions.
//! - [`seeded`]: the bugs that can be put into the store itself, and must be caught.
//! - [`kill`]: a writer process (see [`writer`] and [`vault`]) is killed; what it has acknowledged
//!   must be there.
//! - [`power`]: the same on a disk that loses its power.
//! - [`drop_at_every_await`]: a future dropped at each of its await points.
//! - [`Census`]: how many values are in memory, to show that old versions are freed.

pub mod audit;
mod cancel;
mod census;
pub mod check;
pub mod child;
pub mod history;
pub mod kill;
mod line;
pub mod model;
#[cfg(target_os = "linux")]
pub mod power;
pub mod register;
pub mod search;
pub mod seeded;
pub mod serial;
pub mod subject;
pub mod vault;
pub mod workload;
pub mod writer;

pub use cancel::{Awaits, DropAtEveryAwait, Dropped, StuckError, drop_at_every_await};
pub use census::{Census, Counted};
pub use check::{Tally, Violation, check};
pub use line::Line;
pub use subject::Subject;
