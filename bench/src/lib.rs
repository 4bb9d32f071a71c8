//! How our crates are measured against what people would pick instead.
//!
//! - [`Store`] and [`Session`]: what a contestant can do. Ours is one of them.
//! - [`Load`]: how many clients, on how many keys, for how long; [`Load::run`] counts what was
//!   committed and refuses a store that has lost an update.
//! - [`Bout`]: contestants that do the same thing, in every round one after the other, and the
//!   medians of the quietest rounds.
//! - [`quantile`]: of many repetitions, what most of them did not exceed.
//! - [`Line`] and [`Report`]: what is printed, for people or as one JSON object a line.
//! - [`Disk`]: a folder on a real disk, and what that disk can do.
//!
//! The measurements themselves are bench targets, because the peers are dev-dependencies: nothing
//! else in the workspace is built with them. `cargo xtask bench AREA` runs them.

mod arguments;
mod bout;
mod disk;
mod foreign;
mod line;
mod load;
mod program;
mod report;
mod samples;
mod store;

pub use arguments::Arguments;
pub use bout::{Better, Bout, Peer, median};
pub use disk::Disk;
pub use foreign::Foreign;
pub use line::Line;
pub use load::{Counts, Load, Phase, Rng};
pub use program::{hold, program};
pub use report::Report;
pub use samples::quantile;
pub use store::{Session, Store};

/// What went wrong in a measurement. It ends the run: a figure that could not be taken is not
/// left out in silence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The result of a step of a measurement.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// A package's name with the version that is built here, as in `redb 4.6.0`.
///
/// # Panics
/// When the workspace's lock file does not know the package.
#[must_use]
pub fn versioned(package: &str) -> String {
    let lock = include_str!("../../Cargo.lock");
    let entry = format!("name = \"{package}\"\nversion = \"");
    // Of several versions the newest, which is ours: the others are what a dependency brings.
    let (_, rest) = lock
        .rsplit_once(&entry)
        .unwrap_or_else(|| panic!("{package} is not in Cargo.lock"));
    let version = rest.split('"').next().unwrap_or_default();
    format!("{package} {version}")
}
