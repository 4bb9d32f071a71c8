//! Contestants that do the same thing, one after the other in every round.

use std::fmt;

use crate::{Failure, Foreign, Line, Result};

/// How many of the rounds are used: the quietest ones.
const QUIETEST: usize = 5;

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Such as a time.
    Less,
    /// Such as a rate.
    More,
}

/// Whom ours is compared with, and by how much it has to win.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What the peer is called in the line's name.
    pub name: &'static str,
    /// The contestants that stand for it: configurations of the same peer, of which the best
    /// counts. By the beginning of their names.
    pub entrants: &'static str,
    /// The ratio that ours has to reach, > 1 when ours has to be better.
    pub target: f64,
}

type Run<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

struct Entrant<'a> {
    name: String,
    run: Run<'a>,
    values: Vec<f64>,
}

/// One thing that all contestants do.
pub struct Bout<'a> {
    name: &'static str,
    unit: &'static str,
    better: Better,
    peers: Vec<Peer>,
    /// Those that are shown beside ours without a target, as they are in a [`Peer`].
    beside: Vec<(&'static str, &'static str)>,
    entrants: Vec<Entrant<'a>>,
    /// What tells how noisy a round is, where it is not the processors that are fought for.
    probe: Option<Run<'a>>,
    /// How noisy each round was.
    noise: Vec<f64>,
}

impl fmt::Debug for Bout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bout")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<'a> Bout<'a> {
    /// A bout without contestants. The first one to enter is ours.
    #[must_use]
    pub fn new(name: &'static str, unit: &'static str, better: Better, peers: Vec<Peer>) -> Self {
        Self {
            name,
            unit,
            better,
            peers,
            beside: Vec::new(),
            entrants: Vec::new(),
            probe: None,
            noise: Vec::new(),
        }
    }

    /// A contestant: its name with its version, and what it does in a round, which gives the
    /// figure.
    #[must_use]
    pub fn enter(mut self, name: impl Into<String>, run: impl FnMut() -> Result<f64> + 'a) -> Self {
        self.entrants.push(Entrant {
            name: name.into(),
            run: Box::new(run),
            values: Vec::new(),
        });
        self
    }

    /// Shows contestants beside ours without a target: what the peer is called in the line's name,
    /// and the beginning of their names.
    #[must_use]
    pub fn beside(mut self, name: &'static str, entrants: &'static str) -> Self {
        self.beside.push((name, entrants));
        self
    }

    /// Has the rounds ranked by this figure, taken before and after each; less is quieter. Without
    /// it they are ranked by the processor time that others have used.
    #[must_use]
    pub fn ranked_by(mut self, probe: impl FnMut() -> Result<f64> + 'a) -> Self {
        self.probe = Some(Box::new(probe));
        self
    }

    /// Whether one of its lines has this in its name.
    #[must_use]
    pub fn has(&self, only: &str) -> bool {
        let peers = self.peers.iter().map(|peer| peer.name);
        let mut all = peers.chain(self.beside.iter().map(|(name, _)| *name));
        self.name.contains(only) || all.any(|peer| line_name(self.name, peer).contains(only))
    }

    /// Lets every contestant run once; in each round another one begins, so that none is always
    /// the one that comes after a heavy writer.
    ///
    /// # Errors
    /// What a contestant says, with its name.
    pub fn round(&mut self) -> Result {
        let foreign = Foreign::now();
        let before = self.probe.as_mut().map_or(Ok(0.0), |probe| probe())?;
        let (round, count) = (self.noise.len(), self.entrants.len());
        for turn in 0..count {
            let entrant = &mut self.entrants[(round + turn) % count];
            let value = (entrant.run)().map_err(|error| -> Failure {
                format!("{}: {}: {error}", self.name, entrant.name).into()
            })?;
            entrant.values.push(value);
        }
        self.noise.push(match &mut self.probe {
            Some(probe) => before + probe()?,
            None => foreign.since(),
        });
        Ok(())
    }

    /// One line for each peer; where there is none, one for each contestant by itself.
    ///
    /// # Panics
    /// When a peer has no contestant, or none has entered: the measurement is put together wrong.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let ours = self.entrants.first().expect("somebody has entered");
        if self.peers.is_empty() && self.beside.is_empty() {
            let alone = |entrant| Line::baseline(self.name, self.median(entrant), self.unit);
            return self.entrants.iter().map(alone).collect();
        }
        let ours = (self.median(ours), self.unit);
        let against = |peer: &Peer| {
            let (value, entrant, ratio) = self.best(peer.entrants);
            let name = line_name(self.name, peer.name);
            Line::against(name, ours, (value, entrant), ratio, peer.target)
        };
        let beside = |(name, entrants): &(&str, &str)| {
            let (value, entrant, ratio) = self.best(entrants);
            Line::beside(line_name(self.name, name), ours, (value, entrant), ratio)
        };
        let peers = self.peers.iter().map(against);
        peers.chain(self.beside.iter().map(beside)).collect()
    }

    /// Of the contestants that stand for a peer the best one: its figure, its name, and the ratio
    /// of ours.
    fn best(&self, entrants: &str) -> (f64, &str, f64) {
        let figure = self.median(&self.entrants[0]);
        let (value, entrant) = self.entrants[1..]
            .iter()
            .filter(|entrant| entrant.name.starts_with(entrants))
            .map(|entrant| (self.median(entrant), entrant))
            .min_by(|(one, _), (other, _)| match self.better {
                Better::Less => one.total_cmp(other),
                Better::More => other.total_cmp(one),
            })
            .expect("the peer has entered");
        let ratio = match self.better {
            Better::Less => value / figure,
            Better::More => figure / value,
        };
        (value, &entrant.name, ratio)
    }

    /// Every contestant with its median and its figures by round, for people who want to know.
    #[must_use]
    pub fn details(&self) -> String {
        let noise: Vec<_> = self.noise.iter().map(|n| format!("{n:.0}")).collect();
        let noise = noise.join(" ");
        let mut text = format!("{} [{}] noise {noise}\n", self.name, self.unit);
        for entrant in &self.entrants {
            let values: Vec<_> = entrant.values.iter().map(|v| format!("{v:.3}")).collect();
            let (name, median) = (&entrant.name, self.median(entrant));
            text += &format!("  {name:<44} {median:>10.3}  ({})\n", values.join(" "));
        }
        text
    }

    /// The median of a contestant's figures in the quietest rounds.
    fn median(&self, entrant: &Entrant<'_>) -> f64 {
        let mut rounds: Vec<usize> = (0..self.noise.len()).collect();
        rounds.sort_by(|one, other| self.noise[*one].total_cmp(&self.noise[*other]));
        rounds.truncate(QUIETEST);
        median(rounds.iter().map(|round| entrant.values[*round]).collect())
    }
}

fn line_name(bout: &str, peer: &str) -> String {
    format!("{bout} against {peer}")
}

/// The one in the middle, or the mean of the two; of none it is no number.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.is_empty() {
        f64::NAN
    } else if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

#[cfg(test)]
mod tests;
