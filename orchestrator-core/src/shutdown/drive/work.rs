//! Starting a handler, giving up on it, and hearing how it ended.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{
    super::{
        course::{End, Id},
        handler::Close,
    },
    Shared,
};
use crate::panics;

/// What is kept of a handler.
pub(super) struct Work {
    pub(super) close: Option<Close>,
    pub(super) last_resort: Option<Box<dyn FnOnce() + Send>>,
    /// Drops its future.
    pub(super) stop: CancellationToken,
}

impl Shared {
    /// Drops a handler, and takes its last resort on a thread of its own, lest one that blocks stop
    /// everything.
    pub(super) fn abandon(self: &Arc<Self>, id: Id, work: Work) {
        work.stop.cancel();
        let shared = Arc::clone(self);
        let Work {
            close, last_resort, ..
        } = work;
        let unborn = close.is_some();
        let threaded = last_resort.is_some();
        let clean = move || {
            // One that panics must not end the shutdown. The panic hook has printed its text.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                drop(close);
                if let Some(last_resort) = last_resort {
                    last_resort();
                }
            }));
            if unborn {
                shared.ended(id, End::Dropped);
            }
            shared.ended(id, End::Cleaned);
        };
        if !threaded {
            return clean();
        }
        // Where there is no thread left, this one has to do.
        let job = Arc::new(Mutex::new(Some(clean)));
        let theirs = Arc::clone(&job);
        let take =
            |job: &Mutex<Option<_>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
        let spawned = thread::Builder::new()
            .name("shutdown last resort".to_owned())
            .spawn(move || {
                if let Some(clean) = take(&theirs) {
                    clean();
                }
            });
        if spawned.is_err()
            && let Some(clean) = take(&job)
        {
            clean();
        }
    }

    pub(super) fn start(self: &Arc<Self>, id: Id) {
        let mut inner = self.lock();
        let runtime = inner.clock.as_ref().map(|clock| clock.runtime.clone());
        let work = inner.works.get_mut(&id);
        // Another thread may have been told to abandon it before this one came here.
        let taken = work.and_then(|work| Some((work.close.take()?, work.stop.clone())));
        drop(inner);
        let (Some(runtime), Some((close, stop))) = (runtime, taken) else {
            return;
        };
        match close {
            Close::Task(close) => {
                // Made here, so that it speaks also if the runtime drops the task unseen.
                let ending = Ending::new(self, id);
                drop(runtime.spawn(async move {
                    let whole = AssertUnwindSafe(async move { close().await }).catch_unwind();
                    let result = tokio::select! {
                        biased;
                        () = stop.cancelled() => return,
                        result = whole => result,
                    };
                    ending.by(result);
                }));
            }
            Close::Thread(close) => {
                let shared = Arc::clone(self);
                let thread = thread::Builder::new().name("shutdown handler".to_owned());
                let spawned = thread.spawn(move || {
                    let ending = Ending::new(&shared, id);
                    ending.by(catch_unwind(AssertUnwindSafe(close)));
                });
                if let Err(error) = spawned {
                    self.ended(id, End::Refused(format!("no thread for it: {error}")));
                }
            }
        }
    }
}

/// Tells how a handler ended, also by being dropped.
struct Ending {
    shared: Arc<Shared>,
    id: Id,
    end: End,
}

impl Ending {
    fn new(shared: &Arc<Shared>, id: Id) -> Self {
        Self {
            shared: Arc::clone(shared),
            id,
            end: End::Dropped,
        }
    }

    fn by(mut self, result: thread::Result<()>) {
        self.end = match result {
            Ok(()) => End::Done,
            Err(payload) => End::Panicked(panics::message(&*payload)),
        };
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let end = std::mem::replace(&mut self.end, End::Dropped);
        self.shared.ended(self.id, end);
    }
}
