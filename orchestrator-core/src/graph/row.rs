//! How many tasks of a graph are run one after the other.

use std::time::Instant;

use crate::scheduler::pace;

/// Tasks that are run one after the other before the lane may look for something more urgent. As many as
/// a lane runs between two looks at the clock. Those that take longer each have a row of their own, as if
/// they were tasks of the scheduler.
pub(super) struct Row {
    /// `None` where the clock must not decide: each is then a row of its own.
    began: Option<Instant>,
    length: u32,
    left: u32,
}

impl Row {
    pub(super) fn begin(paced: bool) -> Self {
        Self {
            began: paced.then(Instant::now),
            length: 1,
            left: 1,
        }
    }

    /// Another task was run. Says whether that was the last of the row.
    pub(super) fn ends(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// A row that is as long as this one's pace allows.
    pub(super) fn next(self) -> Self {
        let Some(began) = self.began else {
            return Self::begin(false);
        };
        let now = Instant::now();
        let length = pace(now - began, self.length);
        Self {
            began: Some(now),
            length,
            left: length,
        }
    }
}
