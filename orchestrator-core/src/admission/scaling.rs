//! How many slots there should be, from how the calls went.

use std::ops::RangeInclusive;

/// A limit that follows the outcomes of the calls that it lets run. Pure: it is told each outcome
/// and answers with the new limit, which the caller puts into force
/// ([`Slots::set_limit`](crate::Slots::set_limit)).
///
/// Only outcomes count. A call that was not admitted, or given up, is neither a success nor a
/// failure: whoever counts rejections as failures shrinks the limit because it is small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotScaling {
    least: usize,
    most: usize,
    rule: Rule,
    limit: usize,
    successes: usize,
    failures: usize,
    /// Outcomes still to come of calls that ran when the limit was cut.
    late: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// One more after so many successes in a row, one fewer after so many failures in a row.
    Steps { up_after: usize, down_after: usize },
    /// One more after as many successes in a row as there are slots, half as many after a failure.
    Aimd,
}

impl SlotScaling {
    /// One slot more after 3 successes in a row, one fewer after 2 failures in a row, within
    /// `bounds`. Starts at the lower one, which is at least 1; bounds the wrong way round mean
    /// the lower one only.
    #[must_use]
    pub fn steps(bounds: RangeInclusive<usize>) -> Self {
        let rule = Rule::Steps {
            up_after: 3,
            down_after: 2,
        };
        Self::new(bounds, rule)
    }

    /// Additive increase, multiplicative decrease (Chiu and Jain 1989, "Analysis of the Increase
    /// and Decrease Algorithms for Congestion Avoidance"): one slot more after as many successes
    /// in a row as there are slots, half as many after a failure. One cut a congestion: after it
    /// as many outcomes as there were slots are let pass, since the calls behind them started
    /// before the cut.
    #[must_use]
    pub fn aimd(bounds: RangeInclusive<usize>) -> Self {
        Self::new(bounds, Rule::Aimd)
    }

    fn new(bounds: RangeInclusive<usize>, rule: Rule) -> Self {
        let least = (*bounds.start()).max(1);
        Self {
            least,
            most: (*bounds.end()).max(least),
            rule,
            limit: least,
            successes: 0,
            failures: 0,
            late: 0,
        }
    }

    /// The limit to begin with, moved into the bounds.
    #[must_use]
    pub fn starting_at(mut self, limit: usize) -> Self {
        self.limit = limit.clamp(self.least, self.most);
        self
    }

    /// For [`steps`](Self::steps): how many in a row it takes, at least 1 of each.
    #[must_use]
    pub fn after(mut self, successes: usize, failures: usize) -> Self {
        if let Rule::Steps { .. } = self.rule {
            self.rule = Rule::Steps {
                up_after: successes.max(1),
                down_after: failures.max(1),
            };
        }
        self
    }

    /// The limit now.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A call went well. The limit from now on.
    pub fn succeeded(&mut self) -> usize {
        self.failures = 0;
        self.late = self.late.saturating_sub(1);
        self.successes += 1;
        let enough = match self.rule {
            Rule::Steps { up_after, .. } => up_after,
            Rule::Aimd => self.limit,
        };
        if self.successes >= enough {
            self.successes = 0;
            self.limit = (self.limit + 1).min(self.most);
        }
        self.limit
    }

    /// A call failed in a way that fewer calls at a time may mend. The limit from now on.
    pub fn failed(&mut self) -> usize {
        self.successes = 0;
        match self.rule {
            Rule::Steps { down_after, .. } => {
                self.failures += 1;
                if self.failures >= down_after {
                    self.failures = 0;
                    self.limit = (self.limit - 1).max(self.least);
                }
            }
            Rule::Aimd if self.late > 0 => self.late -= 1,
            Rule::Aimd => {
                // The failure that is the reason is one of those that ran.
                self.late = self.limit - 1;
                self.limit = (self.limit / 2).max(self.least);
            }
        }
        self.limit
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests;
