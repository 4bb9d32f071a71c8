//! What a recall gives: a section of a prompt.

use std::fmt;

use crate::{MemoryEntry, Tier};

/// An entry that was recalled.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recalled {
    /// The entry.
    pub entry: MemoryEntry,
    /// Why it is here, for people. It is not part of the prompt: its numbers change from turn to
    /// turn, and with them the prompt would.
    pub why: String,
    /// How many tokens its line of the prompt costs.
    pub tokens: usize,
}

/// What is recalled, within its budget. Displays as a Markdown section for a prompt; as nothing
/// if there are no entries.
///
/// Entries are in the order of tiers, and within a tier in that of adding, whatever their scores:
/// a context that gains an entry keeps its text up to there.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Context {
    /// The entries, in order.
    pub entries: Vec<Recalled>,
    pub(crate) tokens: usize,
    pub(crate) tier_tokens: [usize; 4],
}

impl Context {
    /// How many tokens the section costs: the sum over its headings and lines.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// How many of the tokens are a tier's, its heading included.
    #[must_use]
    pub fn tier_tokens(&self, tier: Tier) -> usize {
        self.tier_tokens[tier.index()]
    }
}

/// What was recalled, and what was not.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// What goes into the prompt.
    pub context: Context,
    /// What does not: first what there was no room for, the best of it first, then what may not be
    /// shown although the query evokes it.
    pub left_out: Vec<LeftOut>,
}

/// An entry that was not recalled.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The entry.
    pub entry: MemoryEntry,
    /// Why not, for people.
    pub why: String,
}

pub(crate) const TITLE: &str = "## Memory\n";

pub(crate) fn heading(tier: Tier) -> String {
    format!("\n### {tier}\n\n")
}

/// One list item. Further lines of the content are indented, so that they stay within it.
pub(crate) fn line(entry: &MemoryEntry) -> String {
    let mut item = String::from("-");
    for (number, line) in entry.content.trim().lines().enumerate() {
        item.push_str(match (number, line.trim().is_empty()) {
            (0, _) => " ",
            (_, true) => "\n",
            (_, false) => "\n  ",
        });
        item.push_str(line.trim_end());
    }
    item.push('\n');
    item
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tier = None;
        for Recalled { entry, .. } in &self.entries {
            if tier.is_none() {
                f.write_str(TITLE)?;
            }
            if tier != Some(entry.tier) {
                f.write_str(&heading(entry.tier))?;
                tier = Some(entry.tier);
            }
            f.write_str(&line(entry))?;
        }
        Ok(())
    }
}
