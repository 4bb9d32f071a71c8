//! Does what the course says, on tokio and on threads.
//!
//! Nobody is in charge: whoever notices something (a handler that ends, the timekeeper on tokio's
//! clock, the watch on a thread of its own, a signal) tells the course under the lock and does what it
//! orders outside of it. So a runtime whose threads are all blocked delays nothing.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    ShutdownHandler, ShutdownReason, ShutdownRegisterError, ShutdownReport,
    course::{Course, End, Id, Order, Refusal},
    handler::Close,
};
use crate::panics;

/// How long the report may lie before the last word is spoken.
const TAKING: Duration = Duration::from_millis(250);

type LastWord = Box<dyn FnOnce(&ShutdownReport) + Send>;

/// What is kept of a handler.
struct Work {
    close: Option<Close>,
    last_resort: Option<Box<dyn FnOnce() + Send>>,
    /// Drops its future.
    stop: CancellationToken,
}

#[derive(Clone)]
struct Clock {
    runtime: Handle,
    began: Instant,
    began_outside: std::time::Instant,
}

impl Clock {
    /// By tokio's clock, which a test may have paused.
    fn now(&self) -> Duration {
        let _inside = self.runtime.enter();
        self.began.elapsed()
    }
}

struct Inner {
    course: Course,
    works: HashMap<Id, Work>,
    clock: Option<Clock>,
    last_word: Option<LastWord>,
    /// Somebody has the report.
    taken: bool,
}

pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// For the watch: there may be another time to wait for.
    watch: Condvar,
    /// For the timekeeper: the same.
    timekeeper: Notify,
    report: watch::Sender<Option<Arc<ShutdownReport>>>,
    pub(super) begun: CancellationToken,
}

impl Shared {
    pub(super) fn new(grace: Duration) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                course: Course::new(grace),
                works: HashMap::new(),
                clock: None,
                last_word: None,
                taken: false,
            }),
            watch: Condvar::new(),
            timekeeper: Notify::new(),
            report: watch::Sender::new(None),
            begun: CancellationToken::new(),
        })
    }

    /// No code of others runs under the lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_grace(&self, grace: Duration) {
        self.lock().course.set_grace(grace);
    }

    pub(super) fn set_last_word(&self, last_word: LastWord) {
        let old = self.lock().last_word.replace(last_word);
        drop(old);
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.lock().course.names().map(str::to_owned).collect()
    }

    pub(super) fn add(
        self: &Arc<Self>,
        handler: ShutdownHandler,
        limit: Duration,
    ) -> Result<Id, ShutdownRegisterError> {
        let limit = handler.limit.unwrap_or(limit);
        let name = handler.name;
        let mut inner = self.lock();
        let id = match inner.course.add(name.clone(), handler.priority, limit) {
            Ok(id) => id,
            Err(Refusal::Duplicate) => return Err(ShutdownRegisterError::DuplicateName { name }),
            Err(Refusal::Over) => return Err(ShutdownRegisterError::Over { name }),
        };
        let work = Work {
            close: Some(handler.close),
            last_resort: handler.last_resort,
            stop: CancellationToken::new(),
        };
        inner.works.insert(id, work);
        drop(inner);
        self.advance();
        Ok(id)
    }

    pub(super) fn remove(&self, id: Id) {
        let mut inner = self.lock();
        let work = if inner.course.remove(id) {
            inner.works.remove(&id)
        } else {
            None
        };
        drop(inner);
        drop(work);
    }

    /// Whether it had not begun before.
    pub(super) fn begin(self: &Arc<Self>, runtime: &Handle, reason: ShutdownReason) -> bool {
        let mut inner = self.lock();
        if !inner.course.begin(reason) {
            return false;
        }
        let inside = runtime.enter();
        inner.clock = Some(Clock {
            runtime: runtime.clone(),
            began: Instant::now(),
            began_outside: std::time::Instant::now(),
        });
        drop(inside);
        drop(inner);
        self.begun.cancel();
        let shared = Arc::clone(self);
        drop(runtime.spawn(async move { shared.keep_time().await }));
        let shared = Arc::clone(self);
        // On a machine that has no thread left, tokio's clock has to do.
        let _ = thread::Builder::new()
            .name("shutdown watch".to_owned())
            .spawn(move || shared.keep_watch());
        self.pump(Duration::ZERO);
        true
    }

    pub(super) fn force(self: &Arc<Self>, by: ShutdownReason) {
        let mut inner = self.lock();
        let Some(now) = inner.clock.as_ref().map(Clock::now) else {
            return;
        };
        inner.course.force(by, now);
        drop(inner);
        self.pump(now);
    }

    pub(super) async fn finished(&self) -> Arc<ShutdownReport> {
        let mut reports = self.report.subscribe();
        let report = reports.wait_for(Option::is_some).await;
        let report = report.ok().and_then(|report| report.clone());
        let report = report.expect("the sender is in `self`, and what was waited for is there");
        self.lock().taken = true;
        self.watch.notify_all();
        report
    }

    fn ended(self: &Arc<Self>, id: Id, end: End) {
        let mut inner = self.lock();
        let Some(now) = inner.clock.as_ref().map(Clock::now) else {
            return;
        };
        inner.course.ended(id, end, now);
        drop(inner);
        self.pump(now);
    }

    /// Does what is due by tokio's clock, once the shutdown has begun.
    fn advance(self: &Arc<Self>) {
        let now = self.lock().clock.as_ref().map(Clock::now);
        if let Some(now) = now {
            self.pump(now);
        }
    }

    /// Does what is due.
    fn pump(self: &Arc<Self>, now: Duration) {
        loop {
            let orders = self.lock().course.step(now);
            if orders.is_empty() {
                break;
            }
            for order in orders {
                self.obey(order);
            }
        }
        // Both look at the course again before they wait, so that no change is missed.
        self.timekeeper.notify_one();
        self.watch.notify_all();
    }

    fn obey(self: &Arc<Self>, order: Order) {
        match order {
            Order::Start(id) => self.start(id),
            Order::Abandon(id) => {
                let work = self.lock().works.remove(&id);
                if let Some(work) = work {
                    self.abandon(id, work);
                }
            }
            Order::Forget(id) => {
                let work = self.lock().works.remove(&id);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(work)));
            }
            Order::Finish => {
                let report = self.lock().course.report();
                self.report.send_replace(report.map(Arc::new));
            }
        }
    }

    /// Drops a handler, and takes its last resort on a thread of its own, lest one that blocks stop
    /// everything.
    fn abandon(self: &Arc<Self>, id: Id, work: Work) {
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

    fn start(self: &Arc<Self>, id: Id) {
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

    /// Follows tokio's clock.
    async fn keep_time(self: Arc<Self>) {
        loop {
            let next = {
                let inner = self.lock();
                let clock = inner.clock.as_ref();
                clock
                    .zip(inner.course.next_time())
                    .and_then(|(clock, next)| Some((next, clock.began.checked_add(next)?)))
            };
            let Some((next, at)) = next else {
                if self.lock().course.is_over() {
                    return;
                }
                self.timekeeper.notified().await;
                continue;
            };
            tokio::select! {
                () = self.timekeeper.notified() => {}
                () = tokio::time::sleep_until(at) => self.pump(next),
            }
        }
    }

    /// Follows the machine's clock, for when the runtime is blocked; at last sees to it that somebody
    /// hears of the report.
    fn keep_watch(self: Arc<Self>) {
        let mut inner = self.lock();
        let Some(clock) = inner.clock.clone() else {
            return;
        };
        while !inner.course.is_over() {
            let now = clock.began_outside.elapsed();
            let next = inner.course.next_time();
            if next.is_some_and(|next| next <= now) {
                drop(inner);
                self.pump(now);
                inner = self.lock();
                continue;
            }
            let wait = next.map_or(Duration::MAX, |next| next - now);
            let waited = self.watch.wait_timeout(inner, wait);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if inner.last_word.is_none() {
            return;
        }
        let waited = self
            .watch
            .wait_timeout_while(inner, TAKING, |inner| !inner.taken);
        inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        let last_word = inner.last_word.take().filter(|_| !inner.taken);
        let report = inner.course.report();
        drop(inner);
        if let Some((last_word, report)) = last_word.zip(report) {
            last_word(&report);
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
