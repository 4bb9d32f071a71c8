//! Taking in what a person has changed by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::TodoDocument;
use super::conflict::{ConflictKind, TodoConflict};
use super::item::{Mark, Status, TodoItem};
use super::known::{KnownItem, Part};
use super::layout::Layout;
use super::scan::Line;

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
    /// Items whose title or fields, other than the status, were changed. They stay so.
    pub reworded: Vec<String>,
    /// Where the edit and our records want different things, and what became of it.
    pub conflicts: Vec<TodoConflict>,
}

impl HandEdit {
    /// Whether no item was touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl TodoDocument {
    /// Merges an edit by hand with what we know.
    ///
    /// `base` is the text that was last written, `disk` the text that is there now, and `known`
    /// what our records say of each item: a [`Status`], or a whole [`KnownItem`]. The document that
    /// comes out is `disk` with all its edits, in which each box tells the truth again. A person's
    /// `[-]` is an order, and so is its being taken back, unless the item is done already. An id
    /// that stands on several lines gets one status on all.
    ///
    /// Titles and other fields that only our records have changed since `base` are written; what a
    /// person has changed stays. Where both have, that is a [`TodoConflict`], as is every box or
    /// `status:` that was set back. A box shows our records, also where something below is open:
    /// [`is_done`](Self::is_done) and [`inconsistencies`](Self::inconsistencies) tell of that.
    #[must_use]
    pub fn merge<'a, K: Into<KnownItem>>(
        base: &str,
        disk: &str,
        known: impl IntoIterator<Item = (&'a str, K)>,
    ) -> (Self, HandEdit) {
        let known = known.into_iter().map(|(id, known)| (id, known.into()));
        let mut merge = Merge {
            base: Self::parse(base),
            merged: Self::parse(disk),
            known: known.collect(),
            edit: HandEdit::default(),
        };
        merge.removed();
        let ids: BTreeSet<String> = merge.merged.items().map(|item| item.id.clone()).collect();
        for id in ids {
            merge.item(&id);
        }
        (merge.merged, merge.edit)
    }
}

struct Merge<'a> {
    base: TodoDocument,
    merged: TodoDocument,
    known: BTreeMap<&'a str, KnownItem>,
    edit: HandEdit,
}

impl Merge<'_> {
    fn removed(&mut self) {
        let was: BTreeSet<&str> = self.base.items().map(|item| item.id.as_str()).collect();
        for id in was {
            if self.merged.item(id).is_some() {
                continue;
            }
            self.edit.removed.push(id.to_owned());
            let before = self.base.item(id).map(TodoItem::status);
            let records = self.known.get(id).map(|known| known.status);
            if let Some(records) = records.filter(|records| {
                records.mark() != Mark::Dropped
                    && before.is_some_and(|before| before.mark() != records.mark())
            }) {
                self.edit.conflicts.push(TodoConflict {
                    id: id.to_owned(),
                    line: self.base.line_of(id).unwrap_or_default(),
                    kind: ConflictKind::Removed { records },
                });
            }
        }
    }

    fn item(&mut self, id: &str) {
        let lines = self.merged.lines_of(id);
        let marks: Vec<Mark> = items_of(&self.base, id).iter().map(|i| i.mark).collect();
        let first = marks.first().copied().unwrap_or(Mark::Open);
        // As many lines as before are those from before, one by one.
        let before_of = |nth: usize| match marks.get(nth) {
            Some(mark) if marks.len() == lines.len() => *mark,
            _ => first,
        };
        let ours = self.known.get(id).map(|known| known.status);
        // With several lines of one id, the one that was changed speaks.
        let changed = lines.iter().enumerate().find_map(|(nth, index)| {
            let mark = self.merged.lines[*index].item.as_ref()?.mark;
            (mark != before_of(nth)).then_some((nth, *index, mark))
        });
        let before = before_of(changed.map_or(0, |(nth, ..)| nth));
        let changed = changed.map(|(_, index, mark)| (index, mark));
        let now = changed.map(|(_, mark)| mark);

        let status = match now {
            _ if ours == Some(Status::Done) => {
                if before == Mark::Ticked && now.is_some() {
                    self.edit.reopened.push(id.to_owned());
                }
                ours
            }
            Some(Mark::Dropped) if ours.map(Status::mark) != Some(Mark::Dropped) => {
                self.edit.skipped.push(id.to_owned());
                Some(Status::Waived)
            }
            Some(Mark::Open) if ours.map(Status::mark) == Some(Mark::Dropped) => {
                self.edit.reopened.push(id.to_owned());
                Some(Status::Pending)
            }
            Some(Mark::Ticked) => {
                self.edit.ticked.push(id.to_owned());
                Some(ours.unwrap_or(Status::Pending))
            }
            Some(_) | None => ours,
        };
        let was = items_of(&self.base, id);
        let is = items_of(&self.merged, id);
        if was.is_empty() {
            self.edit.added.push(id.to_owned());
        } else if is.iter().any(|is| was.iter().all(|was| reworded(was, is))) {
            self.edit.reworded.push(id.to_owned());
        }
        self.duplicate(id, &lines);
        if let Some(status) = status {
            let set_back = changed.filter(|(_, mark)| *mark != status.mark());
            if let Some((index, hand)) = set_back {
                let records = ours;
                self.conflict(id, index, ConflictKind::Box { hand, records });
            }
            for index in lines.iter().copied() {
                self.set_line(id, index, status, set_back.is_some());
            }
        }
        if let ([index], Some(known)) = (lines.as_slice(), self.known.get(id).cloned()) {
            self.parts(id, *index, &known);
        }
    }

    fn conflict(&mut self, id: &str, index: usize, kind: ConflictKind) {
        self.edit.conflicts.push(TodoConflict {
            id: id.to_owned(),
            line: index + 1,
            kind,
        });
    }

    fn duplicate(&mut self, id: &str, lines: &[usize]) {
        if let [first, _, ..] = lines
            && self.base.lines_of(id).len() != lines.len()
        {
            let lines = lines.iter().map(|index| index + 1).collect();
            self.conflict(id, *first, ConflictKind::Duplicate { lines });
        }
    }

    /// Sets a line's status, and tells if that overwrites a word that a person has written.
    fn set_line(&mut self, id: &str, index: usize, status: Status, told: bool) {
        let line_of = |lines: &[Arc<Line>], index: usize| word_of(&lines[index].text);
        let was = self.base.lines_of(id).first().copied();
        let was = was.and_then(|line| line_of(&self.base.lines, line));
        let hand = line_of(&self.merged.lines, index);
        self.merged.set_line(index, status);
        let now = line_of(&self.merged.lines, index);
        if let Some(hand) = hand.filter(|hand| !hand.is_empty())
            && !told
            && Some(&hand) != was.as_ref()
            && Some(&hand) != now.as_ref()
        {
            let records = status;
            self.conflict(id, index, ConflictKind::Word { hand, records });
        }
    }

    /// Brings in the title and the fields that our records have changed.
    fn parts(&mut self, id: &str, index: usize, known: &KnownItem) {
        for part in Part::ALL {
            let Some(ours) = part.of_known(known) else {
                continue;
            };
            let now = self.merged.lines[index].item.as_ref();
            let hand = now.map(|item| part.of_item(item)).unwrap_or_default();
            let was = self.base.item(id).map(|item| part.of_item(item));
            // What only a person has changed is not ours to change back.
            if hand == ours || was.as_ref() == Some(&ours) {
                continue;
            }
            let untouched = was.as_ref() == Some(&hand);
            if untouched && part.set(&mut self.merged, index, &ours).is_ok() {
                continue;
            }
            let kind = ConflictKind::Part {
                part: part.as_str(),
                hand: hand.join(", "),
                records: ours.join(", "),
            };
            self.conflict(id, index, kind);
        }
    }
}

fn items_of<'a>(document: &'a TodoDocument, id: &str) -> Vec<&'a TodoItem> {
    document.items().filter(|item| item.id == id).collect()
}

fn reworded(was: &TodoItem, is: &TodoItem) -> bool {
    let changed = |part: &Part| part.of_item(was) != part.of_item(is);
    Part::ALL.iter().any(changed)
}

/// What stands in the `status:` field.
fn word_of(line: &str) -> Option<String> {
    let layout = Layout::of(line)?;
    layout.status(line).map(|word| line[word].to_owned())
}
