//! Taking in what a person has changed by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::TodoDocument;
use super::item::{Mark, Status};

/// What a person has changed in the document since it was last written. The ids are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandEdit {
    /// Items that were dropped with `[-]`. They are waived now.
    pub skipped: Vec<String>,
    /// Items that were ticked without evidence. Their boxes are as before.
    pub ticked: Vec<String>,
    /// Items whose box was taken back. Waived and rejected ones are pending again. Done ones stay
    /// done, for the evidence stands: to have one done anew, add an item.
    pub reopened: Vec<String>,
    /// Items that are gone.
    pub removed: Vec<String>,
    /// Items that are new.
    pub added: Vec<String>,
}

impl HandEdit {
    /// Whether no item was touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl TodoDocument {
    /// Merges an edit by hand with the statuses that we know.
    ///
    /// `base` is the text that was last written, `disk` the text that is there now, and `known`
    /// the status of each item by our records. The document that comes out is `disk` with all its
    /// edits, in which each box tells the truth again. A person's `[-]` is an order, and so is its
    /// being taken back, unless the item is done already. An id that stands on several lines gets one status on all.
    #[must_use]
    pub fn merge<'a>(
        base: &str,
        disk: &str,
        known: impl IntoIterator<Item = (&'a str, Status)>,
    ) -> (Self, HandEdit) {
        let base = Self::parse(base);
        let mut merged = Self::parse(disk);
        let known: BTreeMap<&str, Status> = known.into_iter().collect();
        let was: BTreeSet<&str> = base.items().map(|item| item.id.as_str()).collect();
        let is: BTreeSet<String> = merged.items().map(|item| item.id.clone()).collect();

        let mut edit = HandEdit {
            removed: was
                .iter()
                .filter(|id| !is.contains(**id))
                .map(|id| (*id).to_owned())
                .collect(),
            ..HandEdit::default()
        };
        for id in is {
            let before = base.item(&id).map_or(Mark::Open, |item| item.mark);
            let ours = known.get(id.as_str()).copied();
            let lines = merged.lines_of(&id);
            // With several lines of one id, the one that was changed speaks.
            let now = lines
                .iter()
                .filter_map(|index| merged.lines[*index].item.as_ref())
                .map(|item| item.mark)
                .find(|mark| *mark != before);

            let status = match now {
                _ if ours == Some(Status::Done) => {
                    if before == Mark::Ticked && now.is_some() {
                        edit.reopened.push(id.clone());
                    }
                    ours
                }
                Some(Mark::Dropped) if ours.map(Status::mark) != Some(Mark::Dropped) => {
                    edit.skipped.push(id.clone());
                    Some(Status::Waived)
                }
                Some(Mark::Open) if ours.map(Status::mark) == Some(Mark::Dropped) => {
                    edit.reopened.push(id.clone());
                    Some(Status::Pending)
                }
                Some(Mark::Ticked) => {
                    edit.ticked.push(id.clone());
                    Some(ours.unwrap_or(Status::Pending))
                }
                Some(_) | None => ours,
            };
            if !was.contains(id.as_str()) {
                edit.added.push(id.clone());
            }
            if let Some(status) = status {
                for index in lines {
                    merged.set_line(index, status);
                }
            }
        }
        (merged, edit)
    }
}
