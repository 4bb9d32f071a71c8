//! Scores of all entries for one query.

use std::iter::zip;

use super::{Asked, Index, Place, count_of, documents::Around, place_of, rarity};
use crate::rank::RankConfig;

/// How much of a term is enough for it to be covered by half.
const COVERED: f32 = 0.3;

/// A term that more than this share of all entries have, in percent, says nothing of what stands
/// around an entry that has it.
const COMMON: usize = 12;

/// How soon more of a term in the same session adds nothing, and how much a long session counts
/// less: `k1` and `b` of BM25, for sessions.
const SESSION_SATURATION: f32 = 1.2;
const SESSION_LENGTH: f32 = 0.75;

/// What a query gives for each place, and how it got there.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    pub(crate) of: Vec<f32>,
    /// What an entry has, about, that has each term of the query once, and is alone in its session; where
    /// no term is known, what one has that is of the days which the query names. Positive, where any
    /// place has a score.
    pub(crate) whole: f32,
}

impl Index {
    /// Scores every place; 0 where nothing speaks for it, or it is gone.
    pub(crate) fn score(&self, asked: &Asked, config: &RankConfig) -> Scores {
        let documents = self.documents.len();
        let mut total = vec![0.0_f32; documents];
        if self.alive == 0 || asked.is_empty() {
            return Scores {
                of: total,
                whole: 0.0,
            };
        }
        let average = self.length as f32 / self.alive as f32;
        let sessions = if config.session > 0.0 {
            self.sessions.len()
        } else {
            0
        };
        // What one of a term counts, in an entry of its length.
        let each = self.documents.lengths.iter().map(|length| {
            let length = *length as f32 / average;
            1.0 / (1.0 - config.length + config.length * length).max(f32::MIN_POSITIVE)
        });
        let mut sums = Sums {
            each: each.collect(),
            near: vec![0.0; documents],
            touched: Vec::new(),
            covered: vec![0.0; if config.coverage > 0.0 { documents } else { 0 }],
            by_session: vec![0.0; sessions],
            session_counts: vec![0.0; sessions],
            touched_sessions: Vec::new(),
        };
        let whole: f32 = self.lexical(asked).map(|term| self.rarity(term)).sum();
        for term in self.lexical(asked) {
            self.add_term(term, config, &mut sums, &mut total);
        }
        let (of_day, of_days) = self.days_asked(asked, config);
        let marks = zip(&self.documents.sessions, &self.documents.marks);
        for (place, (score, (session, marks))) in total.iter_mut().zip(marks).enumerate() {
            if !marks.is_alive {
                *score = 0.0;
                continue;
            }
            if let Some(covered) = sums.covered.get(place)
                && *score > 0.0
            {
                *score *= 1.0 + config.coverage * covered / whole;
            }
            if let Some(session) = sums.by_session.get(*session as usize) {
                *score += config.session * session;
            }
            if let Some(day) = of_day.get(marks.day as usize) {
                *score += day;
            }
            // Who and what the query is after.
            if asked.author.is_some_and(|author| author == marks.author) {
                *score *= 1.0 + config.author;
            }
            if marks.asks > 0 {
                *score *= 1.0 - config.questions * f32::from(marks.asks) / 255.0;
            }
            if asked.wants_time && marks.tells_time {
                *score *= 1.0 + config.time_words;
            }
        }
        // Itself, all of it covered, and its session.
        let each = 1.0 + config.coverage / (1.0 + COVERED) + config.session;
        Scores {
            of: total,
            whole: if whole > 0.0 { whole * each } else { of_days },
        }
    }

    /// The terms that count as words: not those of a name, which stands for its bearer.
    fn lexical(&self, asked: &Asked) -> impl Iterator<Item = u32> {
        let named = asked
            .author
            .and_then(|author| self.authors.get(author as usize));
        let of_name = move |term: &u32| named.is_some_and(|author| author.terms.contains(term));
        let terms = asked.terms.iter().copied();
        terms.filter(move |term| !of_name(term) && !self.terms[*term as usize].postings.is_empty())
    }

    /// BM25 over the entry and its neighbours, as over the fields of one document (Robertson,
    /// Zaragoza and Taylor 2004, "Simple BM25 Extension to Multiple Weighted Fields"): counts are
    /// added up before they saturate.
    fn add_term(&self, term: u32, config: &RankConfig, sums: &mut Sums, total: &mut [f32]) {
        let weight = self.rarity(term);
        let saturation = config.saturation;
        let postings = &self.terms[term as usize].postings;
        // What stands around an entry says nothing by such a term, or is not asked for.
        let is_alone =
            postings.len() > COMMON * self.alive as usize / 100 || !config.has_neighbours();
        for posting in postings {
            let (place, count) = (place_of(*posting), count_of(*posting));
            let near = count * sums.each[place];
            if is_alone {
                sums.gain(place, near, weight, saturation, total);
            } else {
                self.add_around(place, near, config, sums);
            }
            let session = self.documents.sessions[place];
            if let Some(counted) = sums.session_counts.get_mut(session as usize) {
                if *counted == 0.0 {
                    sums.touched_sessions.push(session);
                }
                *counted += count;
            }
        }
        let mut touched = std::mem::take(&mut sums.touched);
        for place in touched.drain(..) {
            let place = place as usize;
            let near = std::mem::take(&mut sums.near[place]);
            sums.gain(place, near, weight, saturation, total);
        }
        sums.touched = touched;
        let of_all = self.sessions_alive;
        let average = self.length as f32 / of_all as f32;
        let weight = rarity(sums.touched_sessions.len() as u32, of_all);
        for session in sums.touched_sessions.drain(..) {
            let session = session as usize;
            let count = std::mem::take(&mut sums.session_counts[session]);
            let length = self.sessions[session].length as f32 / average;
            let enough = SESSION_SATURATION * (1.0 - SESSION_LENGTH + SESSION_LENGTH * length);
            sums.by_session[session] +=
                weight * count * (SESSION_SATURATION + 1.0) / (count + enough);
        }
    }

    /// Counts a term in an entry and in those around it.
    fn add_around(&self, place: usize, near: f32, config: &RankConfig, sums: &mut Sums) {
        let around = &self.documents.around;
        sums.add(place, near);
        let Around {
            mut before,
            mut after,
        } = around[place];
        for (behind, ahead) in config.behind.iter().zip(&config.ahead) {
            if let Some(next) = around.get(after as usize) {
                sums.add(after as usize, behind * near);
                after = next.after;
            }
            if let Some(last) = around.get(before as usize) {
                sums.add(before as usize, ahead * near);
                before = last.before;
            }
        }
    }

    /// What each day has by what the query says of days, and what one has of which all of it holds.
    fn days_asked(&self, asked: &Asked, config: &RankConfig) -> (Vec<f32>, f32) {
        let mut whole = 0.0;
        if asked.days.is_empty() || config.date == 0.0 {
            return (Vec::new(), whole);
        }
        let used = self.days.iter().filter(|day| day.documents > 0).count() as u32;
        let mut of_day = vec![0.0_f32; self.days.len()];
        for mention in &asked.days {
            let holds = |day: &super::Day| day.documents > 0 && mention.holds(day.number, day.date);
            let held = self.days.iter().filter(|day| holds(day)).count() as u32;
            if held == 0 {
                continue;
            }
            let weight = config.date * rarity(held, used);
            whole += weight;
            for (sum, day) in of_day.iter_mut().zip(&self.days) {
                if holds(day) {
                    *sum += weight;
                }
            }
        }
        (of_day, whole)
    }

    /// How much a cue evokes single entries, from 0 to 1: those that it evokes most.
    ///
    /// The weighted overlap coefficient: the rarity of what both share against that of the smaller
    /// of the two. So a long cue evokes a short entry, and a short one a long entry.
    pub(crate) fn evoked(&self, asked: &Asked, most: usize) -> Vec<Evoked> {
        let mut shared = vec![0.0_f32; self.documents.len()];
        let mut touched = Vec::new();
        let mut whole = 0.0;
        for term in &asked.terms {
            let term = &self.terms[*term as usize];
            if term.postings.is_empty() {
                continue;
            }
            let weight = rarity(term.documents(), self.alive);
            whole += weight;
            for posting in &term.postings {
                let place = place_of(*posting);
                if shared[place] == 0.0 {
                    touched.push(place);
                }
                shared[place] += weight;
            }
        }
        let mut evoked: Vec<Evoked> = touched
            .into_iter()
            .filter(|place| self.documents.marks[*place].is_alive)
            .map(|place| {
                let weight = self.documents.weights[place];
                Evoked {
                    place: place as Place,
                    relevance: (shared[place] / weight.min(whole)).min(1.0),
                    of_entry: shared[place] / weight,
                }
            })
            .collect();
        let by_relevance = |one: &Evoked, two: &Evoked| {
            let by_relevance = two.relevance.total_cmp(&one.relevance);
            by_relevance.then(one.place.cmp(&two.place))
        };
        if evoked.len() > most {
            evoked.select_nth_unstable_by(most, by_relevance);
            evoked.truncate(most);
        }
        evoked.sort_unstable_by(by_relevance);
        evoked
    }

    /// The query's words that a text has in any form, the rarest first: at most so many.
    pub(crate) fn shared<'a>(&self, asked: &'a Asked, place: Place, most: usize) -> Vec<&'a str> {
        let has = |term: &u32| {
            let postings = &self.terms[*term as usize].postings;
            let at = postings.partition_point(|posting| place_of(*posting) < place as usize);
            postings
                .get(at)
                .is_some_and(|posting| place_of(*posting) == place as usize)
        };
        let mut shared: Vec<u32> = asked.terms.iter().copied().filter(has).collect();
        shared.sort_by(|one, two| {
            let by_rarity = self.rarity(*two).total_cmp(&self.rarity(*one));
            by_rarity.then_with(|| asked.form(*one).cmp(asked.form(*two)))
        });
        shared.truncate(most);
        shared.into_iter().map(|term| asked.form(term)).collect()
    }
}

/// An entry that a cue evokes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evoked {
    pub(crate) place: Place,
    /// From 0 to 1.
    pub(crate) relevance: f32,
    /// Which share of the entry is in the cue, by the rarity of its terms.
    pub(crate) of_entry: f32,
}

/// What is summed up term by term.
struct Sums {
    /// What one of a term counts, at a place.
    each: Vec<f32>,
    /// The counts of one term in and around a place.
    near: Vec<f32>,
    touched: Vec<Place>,
    covered: Vec<f32>,
    by_session: Vec<f32>,
    session_counts: Vec<f32>,
    touched_sessions: Vec<u32>,
}

impl Sums {
    /// What so much of a term gives to a place.
    #[inline]
    fn gain(&mut self, place: usize, near: f32, weight: f32, saturation: f32, total: &mut [f32]) {
        total[place] += weight * near * (saturation + 1.0) / (near + saturation);
        if let Some(covered) = self.covered.get_mut(place) {
            *covered += weight * near / (near + COVERED);
        }
    }

    fn add(&mut self, place: usize, count: f32) {
        if count > 0.0 {
            if self.near[place] == 0.0 {
                self.touched.push(place as Place);
            }
            self.near[place] += count;
        }
    }
}
