//! Hooks that are structs.

use orchestrator_hooks::{AsyncHandler, Handler, Hook, HookRegistry};

use crate::{Answer, Visit};

struct Stamp {
    text: String,
}

impl Handler<Visit> for Stamp {
    fn call(&self, visit: &Visit) -> Answer {
        Answer::Sign(format!("{} {}", self.text, visit.seen.len()))
    }
}

/// Waits, and borrows itself as well as what it knows of the event.
struct Slow {
    text: String,
}

impl AsyncHandler<Visit> for Slow {
    fn call(&self, visit: &Visit) -> impl Future<Output = Answer> + Send {
        // The event is not `Sync`, so no reference to it may be held while it waits.
        let seen = visit.seen.len();
        async move {
            tokio::task::yield_now().await;
            Answer::Sign(format!("{} {seen}", self.text))
        }
    }
}

#[tokio::test]
async fn structs_are_hooks() {
    let registry = HookRegistry::new();
    let text = || "stamp".to_owned();
    registry
        .register_all([
            Hook::of("a", Stamp { text: text() }),
            Hook::of_async("b", Slow { text: text() }),
        ])
        .unwrap()
        .keep();
    let mut visit = Visit::default();
    registry.dispatch(&mut visit).await.unwrap();
    assert_eq!(visit.seen, ["stamp 0", "stamp 1"]);
}
