//! What tasks leave behind in their scheduler: nothing.

use std::num::NonZeroUsize;

use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::*;

#[tokio::test]
async fn a_task_that_has_waited_leaves_no_waker_behind() {
    let scheduler = Scheduler::new(SchedulerConfig::new(NonZeroUsize::MIN));
    let (tell, told) = oneshot::channel::<()>();
    let waits = scheduler.spawn(async move { told.await.is_ok() });
    while scheduler.root.sleepers() == 0 {
        yield_now().await;
    }
    // The control: while it waits, it is there.
    assert_eq!(scheduler.root.sleepers(), 1);
    assert_eq!(tell.send(()), Ok(()));
    assert_eq!(waits.await, Ok(true));
    assert_eq!(scheduler.root.sleepers(), 0);
    let aborted = scheduler.spawn(std::future::pending::<()>());
    while scheduler.root.sleepers() == 0 {
        yield_now().await;
    }
    aborted.abort();
    assert!(aborted.await.is_err());
    scheduler.shutdown().await;
    assert_eq!(scheduler.root.sleepers(), 0);
}
