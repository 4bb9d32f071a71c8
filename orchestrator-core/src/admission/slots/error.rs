//! Why there is no slot.

/// The slots were closed: no more work is taken on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {limit} slots are closed: nothing new is started, only what runs is let finish")]
#[non_exhaustive]
pub struct SlotsClosed {
    /// How many slots there were.
    pub limit: usize,
}

/// Why there is no slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcquireError {
    /// No more work is taken on.
    #[error(transparent)]
    Closed(#[from] SlotsClosed),

    /// None became free in time.
    #[error("{taken} of {limit} slots were taken until the deadline: wait longer, or allow more")]
    DeadlinePassed {
        /// How many slots were taken at the deadline.
        taken: usize,
        /// How many there were.
        limit: usize,
    },
}
