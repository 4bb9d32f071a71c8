//! A ticket: a record that has its place in the order and waits for its acknowledgement.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use jiff::Timestamp;

use super::commit::Shared;
use super::error::AppendError;
use super::queue::Place;

/// A record on its way: it has its number, and will be acknowledged or fail.
///
/// Wait for it with [`wait`](Self::wait), or as a future on any executor. Dropping it changes
/// nothing for the record, which is on its way in any case; only the answer is lost.
#[must_use = "a submitted record is not safe before its ticket says so"]
pub struct Ticket {
    pub(super) shared: Arc<Shared>,
    pub(super) place: Place,
    /// The number under which the queue keeps a waker for it, once it was pending.
    pub(super) number: Option<u64>,
}

impl Ticket {
    /// The record's number.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.place.seq
    }

    /// The record's time, as it will be written.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.place.at
    }

    /// Whether the record is acknowledged by now. It never goes back to false.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        self.shared.queue.is_acknowledged(self.place.seq)
    }

    /// Blocks until the record is acknowledged, as the journal's
    /// [`Durability`](crate::Durability) says.
    ///
    /// # Errors
    /// [`AppendError::Write`] or [`AppendError::Sync`] when the record could not be written, and
    /// [`AppendError::Stopped`] when the journal stopped before it.
    pub fn wait(self) -> Result<(), AppendError> {
        self.shared.wait(&self.place)
    }
}

impl Future for Ticket {
    type Output = Result<(), AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            shared,
            place,
            number,
        } = &mut *self;
        if !shared.queue.is_acknowledged(place.seq) {
            shared.push();
        }
        match shared.queue.poll(place, number, context.waker()) {
            Some(result) => Poll::Ready(result.map_err(|stop| AppendError::of(place.seq, stop))),
            None => Poll::Pending,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.shared.queue.forget(&self.place, number);
        }
        // Nobody may wait for it any more, and it is to be written all the same.
        if !self.is_acknowledged() {
            self.shared.push();
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("seq", &self.place.seq)
            .finish_non_exhaustive()
    }
}
