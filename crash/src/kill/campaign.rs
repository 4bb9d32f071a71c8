//! Vaults that are struck again and again, and the toll.

use std::fs;
use std::path::{Path, PathBuf};

use crate::audit::{Ack, Findings, audit};
use crate::child::{Moment, TrialError};
use crate::line::Line;
use crate::vault::{Kind, Remains};
use crate::writer::Orders;

/// How many acknowledgements a life has at most, where they decide.
const MOST_ACKS: usize = 60;

/// One life of a vault, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strike {
    /// For the writer.
    pub orders: Orders,
    /// When it is struck.
    pub moment: Moment,
}

/// Makes strikes and judges what they have left.
#[derive(Debug)]
pub struct Campaign {
    kind: Kind,
    base: PathBuf,
    /// How many lives a vault has at most.
    lives: u64,
    rng: fastrand::Rng,
}

/// What a campaign has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Toll {
    /// How many strikes there were.
    pub iterations: usize,
    /// After how many of them acknowledged entries were lost.
    pub losses: usize,
    /// How many acknowledgements there were.
    pub acknowledged: usize,
    /// How many entries were kept although their writer died before it could say so. They show that
    /// the strikes fell into commits.
    pub in_flight: usize,
    /// In how many lives records were dropped.
    pub dropped: u64,
    /// Whether they should have been.
    pub drops: bool,
    /// What was wrong, added up.
    pub findings: Findings,
    /// How often what was left could not be opened, or was found damaged.
    pub unsound: usize,
    /// The first thing that was wrong.
    pub first: Option<String>,
}

impl Campaign {
    /// Strikes vaults of a kind in folders below `base`. One life is ended after 1 to 60
    /// acknowledgements, or some checkpoints where there are any; and one of 16 while it begins, unless
    /// it is the only one.
    #[must_use]
    pub fn new(kind: Kind, base: &Path, lives: u64, seed: u64) -> Self {
        Self {
            kind,
            base: base.to_owned(),
            lives,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Makes so many strikes. `strike` runs the writer, strikes it, makes its folder readable again,
    /// and gives what was acknowledged.
    ///
    /// # Errors
    /// Those of `strike`; and [`TrialError::Process`] when a folder cannot be cleared.
    pub fn run(
        &mut self,
        iterations: usize,
        mut strike: impl FnMut(&Strike) -> Result<Vec<Ack>, TrialError>,
    ) -> Result<Toll, TrialError> {
        let mut toll = Toll {
            drops: self.kind.drops(),
            ..Toll::default()
        };
        while toll.iterations < iterations {
            let folder = self.base.join(format!("vault-{}", toll.iterations));
            let mut acks = Vec::new();
            let (mut before, mut dropped) = (0, 0);
            for life in 0..self.rng.u64(1..=self.lives) {
                if toll.iterations == iterations {
                    break;
                }
                let moment = if self.lives == 1 {
                    Moment::Acks(self.rng.usize(1..=MOST_ACKS))
                } else if self.kind.drops() {
                    Moment::random_tended(&mut self.rng, MOST_ACKS)
                } else {
                    Moment::random(&mut self.rng, MOST_ACKS)
                };
                let orders = Orders {
                    kind: self.kind,
                    folder: folder.clone(),
                    life,
                    seed: self.rng.u64(..u64::MAX / 2),
                };
                let new = strike(&Strike { orders, moment })?;
                let expected = before + new.len();
                acks.extend(new);
                toll.iterations += 1;
                match toll.judge(self.kind, &folder, &acks) {
                    None => break,
                    Some(remains) => {
                        let kept = remains.entries.len();
                        toll.in_flight += kept.saturating_sub(expected);
                        toll.dropped += u64::from(remains.dropped > dropped);
                        (before, dropped) = (kept, remains.dropped);
                    }
                }
            }
            toll.acknowledged += acks.len();
            if folder.exists() {
                fs::remove_dir_all(&folder).map_err(TrialError::process("clearing a folder"))?;
            }
        }
        Ok(toll)
    }
}

impl Toll {
    /// What there is, if all is well.
    fn judge(&mut self, kind: Kind, folder: &Path, acks: &[Ack]) -> Option<Remains> {
        let wrong = match kind.remains(folder) {
            Err(error) => {
                self.unsound += 1;
                error.to_string()
            }
            Ok(remains) => {
                let findings = audit(acks, &remains.entries);
                if findings.total() == 0 {
                    return Some(remains);
                }
                self.losses += usize::from(findings.lost > 0);
                self.findings.lost += findings.lost;
                self.findings.doubled += findings.doubled;
                self.findings.misplaced += findings.misplaced;
                self.findings.disordered += findings.disordered;
                format!("{findings} of {}", acks.len())
            }
        };
        let number = self.iterations;
        self.first
            .get_or_insert_with(|| format!("in iteration {number}: {wrong}"));
        None
    }

    /// The line of something that must survive.
    #[must_use]
    pub fn line(&self, name: &str, seed: u64) -> Line {
        let wrong = self.findings.total() + self.unsound;
        let vacuous = if self.acknowledged < self.iterations {
            Some("hardly anything was acknowledged")
        } else if self.drops && self.dropped == 0 {
            Some("no checkpoint has made anything needless")
        } else {
            None
        };
        Line::none(name, wrong, "lost or wrong", self.note(seed)).but(vacuous.map(str::to_owned))
    }

    /// The line of a control whose damage is found only where the strike falls into a certain moment:
    /// at least `target` percent of the iterations have to find it.
    #[must_use]
    pub fn sometimes(&self, name: &str, target: f64, seed: u64) -> Line {
        Line::control(
            name,
            self.caught(),
            self.iterations,
            target,
            self.note(seed),
        )
    }

    /// After how many strikes something was lost or damaged.
    #[must_use]
    pub fn caught(&self) -> usize {
        self.losses + self.unsound
    }

    /// The line of a control, which must lose acknowledged entries in 99 % of the iterations.
    #[must_use]
    pub fn control(&self, name: &str, seed: u64) -> Line {
        Line::control(name, self.losses, self.iterations, 99.0, self.note(seed))
    }

    pub(super) fn note(&self, seed: u64) -> String {
        let first = self.first.as_deref();
        let dropped = if self.drops {
            format!("; journal dropped in {} lives", self.dropped)
        } else {
            String::new()
        };
        format!(
            "{} iterations, seed {seed}: {} acknowledged, {} more in flight{dropped}; {}; {} unsound{}",
            self.iterations,
            self.acknowledged,
            self.in_flight,
            self.findings,
            self.unsound,
            first.map_or_else(String::new, |first| format!("; first {first}"))
        )
    }
}
