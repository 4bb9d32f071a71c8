//! What an agent remembers, and what of it earns a place in the next prompt.
//!
//! - A [`MemoryEntry`] is one thing that is remembered. Its [`Tier`] says how long it stays true:
//!   always, for the project, for the mission, for one task.
//! - An [`EmaGate`] follows how relevant an entry was over the turns, and says whether it is in
//!   focus.
//! - [`Focus`] is the gates of many entries, moved without touching each.
//! - A [`MemoryStore`] holds the entries. [`MemoryStore::turn`] moves the gates;
//!   [`MemoryStore::recall`] answers a [`Query`] within a [`Budget`].
//! - A [`Context`] is that answer: entries, each with the reason why it is there, in an order
//!   that keeps the beginning of the prompt the same from turn to turn.
//! - [`DurableMemory`] has a [`MemoryBackend`] keep every change of a store.
//! - [`SharedMemory`] is a store in several hands: readers wait for nobody.
//! - A [`TokenCounter`] says what a text costs: an estimate, or with the feature `bpe` the tokens of
//!   the models whose vocabularies are known.
//!
//! Relevance is lexical: words and parts of identifiers, in the entry and around it, weighted by
//! their rarity; and who said it, and when. There is no model in it, no network and no clock. Who has
//! a model that makes vectors of texts adds them by an [`Embedder`]. The
//! [`design`] chapter has the formulas, and how much each part of them helps.
//!
//! # The whole picture
//!
//! ```
//! use orchestrator_memory::{Budget, MemoryConfig, MemoryStore, NewEntry, Query, Tier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut memory = MemoryStore::new(MemoryConfig::default());
//! memory.add(NewEntry::new(Tier::System, "Never push to the main branch."));
//! let old = memory.add(NewEntry::new(Tier::Project, "The parser lives in src/parser.rs."));
//! memory.add(NewEntry::new(Tier::Mission, "The dashboard is drawn with ratatui."));
//! let found = memory.add(NewEntry::for_task("t1", "parseTodo drops the last line: no newline."));
//!
//! // What was true has changed.
//! let new = memory.add(NewEntry::new(Tier::Project, "The parser lives in crates/syntax."));
//! memory.supersede(old, new)?;
//!
//! // The talk is of the parser for many turns; the dashboard goes out of focus, and what was found
//! // has been of use for so long that it outlives its task.
//! for _ in 0..30 {
//!     memory.turn("cargo test parse_todo: the parser lost a newline");
//! }
//! let query = Query::new("mend the parser of the todo list").for_task("t1");
//! let context = memory.recall(query, Budget::new(200))?;
//! assert!(context.tokens() <= 200);
//! let section = context.to_string();
//! let items: Vec<_> = section.lines().filter(|line| line.starts_with("- ")).collect();
//! assert_eq!(items, [
//!     "- Never push to the main branch.",
//!     "- parseTodo drops the last line: no newline.",
//!     "- The parser lives in crates/syntax.",
//! ]);
//!
//! assert!(memory.end_task("t1").is_empty());
//! assert_eq!(memory.get(found).map(|entry| entry.tier), Some(Tier::Project));
//! # Ok(())
//! # }
//! ```

mod change;
mod config;
mod context;
mod date;
mod durable;
mod embedding;
mod entry;
mod error;
mod focus;
mod gate;
mod index;
mod query;
mod rank;
mod recall;
mod record;
mod shared;
mod store;
mod text;
mod tier;
mod tokens;

pub use change::{MemoryChange, MemorySnapshot, SCHEMA, SnapshotError};
pub use config::MemoryConfig;
pub use context::{Context, Explanation, LeftOut, Recalled};
pub use durable::{DurableMemory, MemoryBackend, OpenMemoryError};
pub use embedding::{Embedder, Embedding, EmbeddingError};
pub use entry::{EntryId, MemoryEntry, NewEntry, ParseEntryIdError};
pub use error::{RecallError, SupersedeError};
pub use focus::{Focus, TurnReport};
pub use gate::{EmaGate, GateChange, GateConfig, GateConfigError};
pub use query::{Budget, Query};
pub use rank::{RankConfig, RecallWeights};
pub use shared::SharedMemory;
pub use store::MemoryStore;
pub use tier::Tier;
#[cfg(feature = "bpe")]
pub use tokens::{CachedTokens, TokenTally, Vocabulary};
pub use tokens::{EstimatedTokens, TokenCounter};

#[doc = include_str!("../docs/design.md")]
pub mod design {}
