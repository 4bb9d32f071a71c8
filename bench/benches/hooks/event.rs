//! The event that all dispatch, and how it is known that every hook was called.

use std::future::Future;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use orchestrator_bench::Result;
use orchestrator_hooks::Event;

/// How many hooks there are.
pub(crate) const HOOKS: u64 = 8;

/// How many dispatches a figure is of.
const DISPATCHES: u64 = 200_000;

/// Counts what its hooks have added.
pub(crate) struct Tick {
    pub(crate) sum: u64,
}

/// What a hook answers. An enum with something to drop, as real ones are.
pub(crate) enum Add {
    Some(u64),
    Stop(String),
}

impl Event for Tick {
    type Action = Add;
    const NAME: &'static str = "tick";

    fn apply(&mut self, action: Add) -> ControlFlow<Add> {
        match action {
            Add::Some(more) => {
                self.sum += more;
                ControlFlow::Continue(())
            }
            Add::Stop(why) => ControlFlow::Break(Add::Stop(why)),
        }
    }
}

/// What the hook with this number answers. It does no more: what is measured is the way to it.
pub(crate) fn answer(number: u64) -> Add {
    Add::Some(number)
}

/// What all hooks together add.
pub(crate) fn expected() -> u64 {
    (0..HOOKS).sum()
}

/// The ns that one dispatch takes.
///
/// # Errors
/// When a dispatch has not called every hook once.
pub(crate) fn each(mut dispatch: impl FnMut(&mut Tick)) -> Result<f64> {
    let began = Instant::now();
    for _ in 0..DISPATCHES {
        let mut tick = black_box(Tick { sum: 0 });
        dispatch(&mut tick);
        if tick.sum != expected() {
            let sum = tick.sum;
            return Err(format!("the hooks have added {sum}, not {}", expected()).into());
        }
    }
    Ok(began.elapsed().as_nanos() as f64 / DISPATCHES as f64)
}

/// What a future gives that does not wait: no runtime, so that none is measured.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
