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

use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    ShutdownHandler, ShutdownReason, ShutdownRegisterError, ShutdownReport,
    course::{Course, End, Id, Order, Refusal},
};

mod clocks;
mod work;

use clocks::Clock;
use work::Work;

type LastWord = Box<dyn FnOnce(&ShutdownReport) + Send>;

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
}
