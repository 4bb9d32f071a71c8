//! What the integration tests share.
//!
//! - [`orchestrator`]: the program under test, built on first use;
//! - [`Scene`]: a git repository and a cache folder of a test's own;
//! - [`Live`]: a mission that is watched, event by event, while it runs;
//! - `Gate`: a check that waits until the test lets it through;
//! - `Mark`: finds processes that a mission has left behind.
//!
//! Missions are run for real: with git, with a shell, as a process of its own.
//! Nothing waits for time to pass. A test that has to act at a certain moment
//! makes that moment last with a `Gate`.

#![expect(
    clippy::missing_panics_doc,
    reason = "every helper panics where the test that calls it has to fail"
)]

mod binary;
#[cfg(unix)]
mod gate;
#[cfg(unix)]
mod live;
#[cfg(target_os = "linux")]
mod mark;
mod ran;
mod scene;

pub use binary::{cargo, orchestrator, program_on_path, workspace_root};
#[cfg(unix)]
pub use gate::Gate;
#[cfg(unix)]
pub use live::{Ended, Live};
#[cfg(target_os = "linux")]
pub use mark::Mark;
pub use ran::{Ran, brief, event_named, events_named};
pub use scene::{Scene, Stand, git};
