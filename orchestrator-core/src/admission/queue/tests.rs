//! The queue against a plain list, and what its order means.

use super::*;
use crate::admission::testing::rounds;

/// Everybody who waits in one list, and when a mission last went behind the others.
#[derive(Default)]
struct Plain {
    waiting: Vec<Place>,
    since: HashMap<(Priority, Arc<str>), u64>,
    clock: u64,
    served: u64,
}

impl Plain {
    fn push(&mut self, place: Place) {
        let key = (place.priority, Arc::clone(&place.mission));
        if !self.waits(&key) {
            self.behind(key);
        }
        self.waiting.push(place);
    }

    fn waits(&self, key: &(Priority, Arc<str>)) -> bool {
        self.waiting
            .iter()
            .any(|its| its.priority == key.0 && its.mission == key.1)
    }

    fn behind(&mut self, key: (Priority, Arc<str>)) {
        self.clock += 1;
        self.since.insert(key, self.clock);
    }

    /// The first of all whose route is open.
    fn next(&mut self, open: impl Fn(usize) -> bool) -> Option<u64> {
        let order = order(self.served);
        let rank = |place: &Place| {
            let urgency = order.iter().position(|its| *its == place.priority);
            let turn = self.since[&(place.priority, Arc::clone(&place.mission))];
            (urgency, turn, place.number)
        };
        let first = self
            .waiting
            .iter()
            .filter(|place| open(place.route))
            .min_by_key(|place| rank(place))?
            .clone();
        self.waiting.retain(|its| its.number != first.number);
        self.served += 1;
        self.behind((first.priority, first.mission));
        Some(first.number)
    }
}

#[test]
fn the_queue_is_a_sorted_list() {
    for seed in 0..rounds(1_000, 100_000) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut queue, mut plain) = (WaitQueue::default(), Plain::default());
        for _ in 0..60 {
            match random.u8(0..10) {
                0..5 => {
                    let priority = Priority::ALL[random.usize(0..3)];
                    let mission = ["a", "b", "c", "d"][random.usize(0..4)].into();
                    plain.push(queue.push(priority, mission, random.usize(0..3)));
                }
                5 if !plain.waiting.is_empty() => {
                    let gone = plain
                        .waiting
                        .swap_remove(random.usize(..plain.waiting.len()));
                    assert!(queue.remove(&gone));
                    assert!(!queue.remove(&gone));
                }
                _ => {
                    let open = [random.bool(), random.bool(), random.bool()];
                    let look = |_, route: usize| [Look::Pass, Look::Take][usize::from(open[route])];
                    assert_eq!(queue.next(look), plain.next(|route| open[route]), "{seed}");
                }
            }
            assert_eq!(queue.len(), plain.waiting.len());
        }
    }
}

/// Serves everybody, and says whom.
fn serve(queue: &mut WaitQueue, names: &HashMap<u64, String>) -> Vec<String> {
    std::iter::from_fn(|| queue.next(|_, _| Look::Take))
        .map(|number| names[&number].clone())
        .collect()
}

fn queue_of(who: &[(Priority, &str, usize)]) -> (WaitQueue, HashMap<u64, String>) {
    let mut queue = WaitQueue::default();
    let names = who
        .iter()
        .map(|(priority, mission, route)| {
            let place = queue.push(*priority, Arc::from(*mission), *route);
            (place.number, format!("{mission}{}", place.number))
        })
        .collect();
    (queue, names)
}

#[test]
fn missions_take_turns_and_one_mission_keeps_its_order() {
    use Priority::{High, Normal};
    let who = [
        (Normal, "a", 0),
        (Normal, "a", 1),
        (Normal, "a", 0),
        (Normal, "b", 0),
        (Normal, "b", 0),
        (High, "c", 0),
    ];
    let (mut queue, names) = queue_of(&who);
    let served = serve(&mut queue, &names);
    assert_eq!(served, ["c5", "a0", "b3", "a1", "b4", "a2"]);
    assert!(queue.is_empty());
}

#[test]
fn low_gets_its_turns_under_a_flood_of_high() {
    let mut queue = WaitQueue::default();
    let low = queue.push(Priority::Low, "low".into(), 0);
    let normal = queue.push(Priority::Normal, "normal".into(), 0);
    let mut when = HashMap::new();
    for turn in 1..=TURNS {
        queue.push(Priority::High, "high".into(), 0);
        queue.push(Priority::High, "high".into(), 0);
        let served = queue.next(|_, _| Look::Take);
        when.insert(served, turn);
    }
    let of = |place: &Place| when.get(&Some(place.number)).copied();
    assert_eq!((of(&normal), of(&low)), (Some(8), Some(16)));
}
