//! Lanes that have let their worker go on with something else.
//!
//! tokio takes up again a task that has yielded when its worker has nothing else to do, and no other worker
//! may take it before. If what the worker does meanwhile is another lane, whose task takes long, the first
//! lane would stand still while other workers are idle. So whoever begins a turn on a thread first wakes
//! the lanes that doze on it: then the other workers can have them.

use std::cell::RefCell;
use std::task::Waker;

/// By scheduler and lane.
struct Dozer {
    lane: (usize, usize),
    waker: Waker,
}

thread_local! {
    static DOZERS: RefCell<Vec<Dozer>> = const { RefCell::new(Vec::new()) };
}

/// A lane dozes on this thread.
pub(super) fn add(scheduler: usize, index: usize, waker: &Waker) {
    let waker = waker.clone();
    let lane = (scheduler, index);
    DOZERS.with_borrow_mut(|dozers| dozers.push(Dozer { lane, waker }));
}

/// A lane has been taken up again: on this thread, or on another one, whose next lane wakes it once in
/// vain.
pub(super) fn remove(scheduler: usize, index: usize) {
    let lane = (scheduler, index);
    DOZERS.with_borrow_mut(|dozers| dozers.retain(|dozer| dozer.lane != lane));
}

/// Those that doze on this thread, to be woken.
pub(super) fn take() -> impl Iterator<Item = Waker> {
    let dozers = DOZERS.with_borrow_mut(std::mem::take);
    dozers.into_iter().map(|dozer| dozer.waker)
}
