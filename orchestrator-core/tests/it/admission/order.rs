//! Who is next.

use std::sync::{Arc, Mutex};

use orchestrator_core::{
    AdmissionConfig, AdmissionController, Claim, ModelKey, Priority, Request, SlotKey, Slots,
};
use tokio::task::{JoinHandle, yield_now};

use super::{assert_nothing_left, controller, request};

type Order = Arc<Mutex<Vec<String>>>;

async fn line_up(
    controller: &AdmissionController,
    order: &Order,
    request: Request,
    name: &str,
) -> JoinHandle<()> {
    let (controller, order, name) = (controller.clone(), order.clone(), name.to_owned());
    let task = tokio::spawn(async move {
        let admission = controller.admit(&request).await.unwrap();
        order.lock().unwrap().push(name);
        admission.succeeded(0);
    });
    yield_now().await;
    task
}

#[tokio::test(start_paused = true)]
async fn by_priority_then_missions_in_turn_then_arrival() {
    let controller = controller(AdmissionConfig::default().with_role("worker", 1));
    let held = controller.try_admit(&request("x")).unwrap();
    let order = Order::default();
    let mut tasks = Vec::new();
    for (name, mission, priority) in [
        ("a1", "a", Priority::Normal),
        ("a2", "a", Priority::Normal),
        ("low", "a", Priority::Low),
        ("b1", "b", Priority::Normal),
        ("high", "c", Priority::High),
    ] {
        let request = request(mission).with_priority(priority);
        tasks.push(line_up(&controller, &order, request, name).await);
    }
    drop(held);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["high", "a1", "b1", "a2", "low"]);
    assert_nothing_left(&controller);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_one_thing_lets_by_who_needs_another() {
    let busy = ModelKey::new("acme", "busy");
    let config = AdmissionConfig::default().with_model(busy.clone(), 1);
    let controller = controller(config);
    let on_busy = Request::new("a", "worker", busy.clone());
    let held = controller.try_admit(&on_busy).unwrap();
    let order = Order::default();
    let first = line_up(&controller, &order, on_busy, "busy").await;
    let second = line_up(&controller, &order, request("a"), "other").await;
    second.await.unwrap();
    // Who waits holds nothing: all the others' slots are free.
    let role = controller.key_stats_of(SlotKey::Role("worker".into()));
    assert_eq!((role.taken, controller.stats().running), (1, 1));
    drop(held);
    first.await.unwrap();
    assert_eq!(*order.lock().unwrap(), ["other", "busy"]);
    assert_nothing_left(&controller);
}

#[tokio::test(start_paused = true)]
async fn slots_have_the_same_order_and_deadlines() {
    let slots = Slots::new(std::num::NonZeroUsize::MIN);
    let held = slots.try_acquire().unwrap();
    let order = Order::default();
    let mut tasks = Vec::new();
    for (name, claim) in [
        ("a1", Claim::default().with_mission("a")),
        ("a2", Claim::default().with_mission("a")),
        ("b1", Claim::default().with_mission("b")),
        ("high", Claim::default().with_priority(Priority::High)),
    ] {
        let (slots, order) = (slots.clone(), order.clone());
        tasks.push(tokio::spawn(async move {
            let _permit = slots.acquire_as(&claim).await.unwrap();
            order.lock().unwrap().push(name.to_owned());
        }));
        yield_now().await;
    }
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
    let late = Claim::default().with_deadline(deadline);
    assert_eq!(
        slots.acquire_as(&late).await.unwrap_err().to_string(),
        "1 of 1 slots were taken until the deadline: wait longer, or allow more",
    );
    drop(held);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["high", "a1", "b1", "a2"]);
    assert_eq!((slots.in_use(), slots.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_limit_moves_while_calls_run() {
    let controller = controller(AdmissionConfig::default().with_role("worker", 3));
    let key = || SlotKey::Role("worker".into());
    let mut running: Vec<_> = (0..3)
        .map(|_| controller.try_admit(&request("a")).unwrap())
        .collect();
    controller.set_limit(key(), 1);
    for _ in 0..2 {
        drop(running.pop());
        assert!(controller.try_admit(&request("a")).is_err());
    }
    drop(running.pop());
    running.push(controller.try_admit(&request("a")).unwrap());
    let order = Order::default();
    let waits = line_up(&controller, &order, request("a"), "waits").await;
    controller.set_limit(key(), 2);
    waits.await.unwrap();
    drop(running);
    assert_nothing_left(&controller);
}
