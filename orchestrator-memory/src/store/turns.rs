//! What a turn does to the gates, and what of it makes an entry last longer.

use super::{MemoryStore, id_at};
use crate::{EntryId, MemoryChange, Tier, TurnReport, record::Name};

/// How many entries a turn can bring into focus.
const TOUCHED: usize = 32;

/// What a turn evokes less than this, it does not touch.
const EVOKED: f32 = 0.05;

/// A turn that has so much of an entry in it uses it.
const USED: f32 = 0.6;

/// A gate that is as high as this has been relevant for more than a moment,
const HIGH: f64 = 0.6;

/// and so many turns of that make an entry last longer.
const SUSTAINED: u8 = 3;

impl MemoryStore {
    /// Begins the next turn. The cue is what it is about: the message, the tool's answer.
    ///
    /// The gates of the 32 entries that it evokes most move up, if that is where their relevance
    /// is, and those of all others fall. What is pinned has no need of a gate.
    pub fn turn(&mut self, cue: &str) -> TurnReport {
        self.turn_of(None, cue)
    }

    /// The same, for a turn that belongs to a task.
    ///
    /// What proves to be of use lasts longer: an entry of one task of which most is in another task's
    /// turn comes to [`Tier::Mission`], and what stays highly relevant for three turns goes up one tier, to
    /// [`Tier::Project`] at most. Once it is out of focus again, it lasts as long as it was meant to.
    pub fn turn_of(&mut self, task: Option<&str>, cue: &str) -> TurnReport {
        let asked = self.index.ask(cue, None);
        let evoked = self.index.evoked(&asked, TOUCHED);
        let evoked = evoked.iter().filter(|one| one.relevance >= EVOKED);
        let touched: Vec<(EntryId, f32)> = evoked
            .clone()
            .map(|one| (id_at(one.place as usize), one.relevance))
            .collect();
        let mut report = self.pass(&touched);
        let task = task.map(|task| self.names.known(task));
        let rising: Vec<(EntryId, Tier)> = evoked
            .filter_map(|one| {
                let id = id_at(one.place as usize);
                let user = task.filter(|_| one.of_entry >= USED);
                Some((id, self.higher(id, user)?))
            })
            .collect();
        if let Some(changes) = &mut self.changes {
            changes.push(MemoryChange::Turned { touched });
        }
        for (id, tier) in rising {
            self.make(MemoryChange::Moved { id, tier });
            report.promoted.push(id);
        }
        for id in report.evicted.clone() {
            let tier = self.record(id).map(|record| (record.tier, record.origin));
            if let Some((tier, origin)) = tier
                && tier < origin
                && self.is_free(id, origin)
            {
                self.make(MemoryChange::Moved { id, tier: origin });
                report.demoted.push(id);
            }
        }
        report
    }

    /// Lets a turn pass, and counts what stays relevant.
    pub(super) fn pass(&mut self, touched: &[(EntryId, f32)]) -> TurnReport {
        let report = self.focus.turn(touched);
        for (id, _) in touched {
            let is_high = self
                .focus
                .gate(*id)
                .is_some_and(|gate| gate.value() >= HIGH);
            if let (true, Some(record)) = (is_high, self.record_mut(*id)) {
                record.sustained = record.sustained.saturating_add(1);
            }
        }
        for id in &report.evicted {
            if let Some(record) = self.record_mut(*id) {
                record.sustained = 0;
            }
        }
        report
    }

    /// The tier that an entry has earned, if it is a higher one; `task` is who uses it.
    fn higher(&self, id: EntryId, task: Option<Option<Name>>) -> Option<Tier> {
        let record = self.record(id)?;
        let tier = match record.tier {
            Tier::Task => Tier::Mission,
            Tier::Mission => Tier::Project,
            Tier::System | Tier::Project => return None,
        };
        let by_other = match (record.task(), task) {
            (Some(own), Some(user)) => user != Some(own),
            _ => false,
        };
        let has_earned = by_other || record.sustained >= SUSTAINED;
        (has_earned && !record.is_fixed() && self.is_free(id, tier)).then_some(tier)
    }

    /// Whether an entry can come to a tier without taking another's place.
    fn is_free(&self, id: EntryId, tier: Tier) -> bool {
        let Some(record) = self.record(id) else {
            return false;
        };
        let (same, subject) = self.keys(record, tier);
        let is_said = self.same.contains_key(&same);
        !is_said && subject.is_none_or(|subject| !self.subjects.contains_key(&subject))
    }

    /// Brings an entry to another tier.
    pub(super) fn shift(&mut self, id: EntryId, tier: Tier) {
        self.give_up_keys(id);
        let live = self
            .record_mut(id)
            .filter(|record| record.superseded_by().is_none());
        let Some(record) = live else {
            return;
        };
        (record.tier, record.sustained) = (tier, 0);
        self.take_keys(id);
        self.focus.shift(id, tier);
    }
}
