//! A dispatch to sync hooks allocates nothing. Alone in its binary, so that nobody else allocates.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers are part of it"
)]

use std::{alloc::System, ops::ControlFlow};

use cap::Cap;
use futures_util::FutureExt as _;
use orchestrator_hooks::{Event, Hook, HookRegistry};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

struct Count(u64);

impl Event for Count {
    type Action = u64;
    const NAME: &'static str = "count";

    fn apply(&mut self, action: u64) -> ControlFlow<u64> {
        self.0 += action;
        match action {
            100 => ControlFlow::Break(self.0),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// How many bytes were asked for.
fn allocated(run: impl FnOnce()) -> usize {
    let before = HEAP.total_allocated();
    run();
    HEAP.total_allocated() - before
}

fn one_of_eight(answer: u64) -> HookRegistry<Count> {
    let registry = HookRegistry::new();
    let hooks = (1..=8).map(|n| {
        let answer = if n == 4 { answer } else { n };
        Hook::new(format!("hook {n}"), move |_: &Count| answer)
    });
    registry.register_all(hooks).unwrap().keep();
    registry
}

#[test]
fn the_sync_path_allocates_nothing() {
    // To the end, and to one that breaks off.
    for (answer, total) in [(4, 36), (100, 106)] {
        let registry = one_of_eight(answer);
        let mut handle = registry.dispatcher();
        let run = |handle: &mut orchestrator_hooks::Dispatcher<Count>| {
            // Also the dispatches that are timed.
            for _ in 0..600 {
                let mut count = Count(0);
                registry
                    .dispatch(&mut count)
                    .now_or_never()
                    .unwrap()
                    .unwrap();
                assert_eq!(count.0, total);
                let mut count = Count(0);
                handle.dispatch(&mut count).now_or_never().unwrap().unwrap();
                assert_eq!(count.0, total);
            }
        };
        // What a thread allocates once for itself.
        registry
            .dispatch(&mut Count(0))
            .now_or_never()
            .unwrap()
            .unwrap();
        assert_eq!(allocated(|| run(&mut handle)), 0);
    }
    // The count can see: an async hook boxes its future.
    let registry = one_of_eight(4);
    let hook = Hook::new_async("async", |_: &Count| Box::pin(async { 1 }));
    registry.register(hook).unwrap().keep();
    let boxed = allocated(|| {
        registry
            .dispatch(&mut Count(0))
            .now_or_never()
            .unwrap()
            .unwrap();
    });
    assert!(boxed > 0);
}
