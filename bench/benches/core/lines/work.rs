//! Tasks of 10 µs, and what of two processors' time is left for them.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use orchestrator_bench::{Better, Bout, Result, Rng, versioned};

use super::{peer, with};
use crate::load::{rounds, spin};
use crate::ours::{Ours, PACKAGE};
use crate::peers::tokio::Tokio;
use crate::peers::{deque, rayon, threads};
use crate::pool::{BEFORE, Done, Pool, inside, outside};

/// How long the work in a task takes.
pub(super) const SHORT: Duration = Duration::from_micros(10);

/// How many tasks there are where all are equal, and where some are longer.
const EQUAL: usize = 100_000;
const SKEWED: usize = 50_000;

/// One in so many is so many times as long.
const ONE_IN: usize = 100;
const LONGER: u32 = 100;

/// Which name the ideal goes by.
const IDEAL: &str = "the ideal";

/// Tasks, by how many rounds of work each is.
struct Batch {
    rounds: OnceLock<Arc<[u32]>>,
    order: Order,
    /// The sum of what they give, as two plain threads have it.
    sum: OnceLock<u64>,
}

/// Where the long ones are.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// There are none.
    Equal,
    Random,
    LongFirst,
    LongLast,
}

/// All bouts of tasks that work.
pub(super) fn bouts() -> Vec<Bout<'static>> {
    vec![
        from_inside(),
        from_outside(),
        skewed("50,000 skewed, random", Order::Random),
        skewed("50,000 skewed, long ones first", Order::LongFirst),
        skewed("50,000 skewed, long ones last", Order::LongLast),
    ]
}

/// Puts a bout together in which every contestant has the same batch.
struct Field {
    bout: Bout<'static>,
    batch: Rc<Batch>,
}

impl Field {
    fn new(name: &'static str, order: Order, target: f64) -> Self {
        let peers = vec![peer(IDEAL, target)];
        let batch = Batch {
            rounds: OnceLock::new(),
            order,
            sum: OnceLock::new(),
        };
        Self {
            bout: Bout::new(name, "ms", Better::Less, peers),
            batch: Rc::new(batch),
        }
    }

    fn enter(self, name: String, run: fn(&Batch) -> Result<Done>) -> Self {
        let batch = Rc::clone(&self.batch);
        let bout = self.bout.enter(name, move || {
            let time = run(&batch)?.verified(batch.sum()?)?;
            Ok(time.as_secs_f64() * 1e3)
        });
        Self { bout, ..self }
    }

    fn beside(self, name: &'static str) -> Self {
        let bout = self.bout.beside(name, name);
        Self { bout, ..self }
    }

    fn ideal(self) -> Self {
        self.enter(format!("{IDEAL}: two threads"), |batch| {
            threads::divide(batch.rounds())
        })
    }
}

fn from_inside() -> Bout<'static> {
    Field::new("100,000 x 10 µs inside", Order::Equal, 0.97)
        .beside("tokio")
        .beside("rayon scope")
        .beside("a bare deque")
        .enter(versioned(PACKAGE), Batch::inside::<Ours>)
        .ideal()
        .enter(versioned("tokio"), Batch::inside::<Tokio>)
        .enter(with("rayon scope", "rayon"), Batch::scope)
        .enter(with("a bare deque", "crossbeam-deque"), |batch| {
            deque::run(batch.count(), |task| batch.work(task))
        })
        .bout
}

fn from_outside() -> Bout<'static> {
    Field::new("100,000 x 10 µs from outside", Order::Equal, 0.90)
        .beside("tokio")
        .enter(versioned(PACKAGE), Batch::outside::<Ours>)
        .ideal()
        .enter(versioned("tokio"), Batch::outside::<Tokio>)
        .bout
}

fn skewed(name: &'static str, order: Order) -> Bout<'static> {
    Field::new(name, order, 1.0 / 1.03)
        .beside("tokio")
        .beside("rayon scope")
        .beside("rayon par_iter")
        .enter(versioned(PACKAGE), Batch::inside::<Ours>)
        .ideal()
        .enter(versioned("tokio"), Batch::inside::<Tokio>)
        .enter(with("rayon scope", "rayon"), Batch::scope)
        .enter(with("rayon par_iter", "rayon"), |batch| {
            rayon::par_iter(batch.count(), |task| batch.work(task))
        })
        .bout
}

impl Batch {
    fn rounds(&self) -> &Arc<[u32]> {
        self.rounds.get_or_init(|| self.order.rounds(rounds(SHORT)))
    }

    fn count(&self) -> u32 {
        self.rounds().len() as u32
    }

    fn work(&self, task: u32) -> u64 {
        spin(task, self.rounds()[task as usize])
    }

    fn sum(&self) -> Result<u64> {
        match self.sum.get() {
            Some(sum) => Ok(*sum),
            None => {
                let sum = threads::divide(self.rounds())?.sum;
                Ok(*self.sum.get_or_init(|| sum))
            }
        }
    }

    fn inside<P: Pool>(&self) -> Result<Done> {
        let pool = P::open()?;
        self.settled(|rounds| {
            inside(&pool, self.count(), move |task| {
                let rounds = rounds[task as usize];
                async move { spin(task, rounds) }
            })
        })
    }

    fn outside<P: Pool>(&self) -> Result<Done> {
        let pool = P::open()?;
        self.settled(|rounds| {
            outside(&pool, self.count(), move |task| {
                let rounds = rounds[task as usize];
                async move { spin(task, rounds) }
            })
        })
    }

    fn scope(&self) -> Result<Done> {
        let pool = rayon::open()?;
        self.settled(|rounds| {
            rayon::scope(&pool, self.count(), |task| {
                spin(task, rounds[task as usize])
            })
        })
    }

    /// Runs the batch after some of the same tasks without any work, so that it finds its memory there.
    fn settled(&self, run: impl Fn(Arc<[u32]>) -> Result<Done>) -> Result<Done> {
        let idle = vec![0; self.rounds().len()].into();
        for _ in 0..BEFORE {
            run(Arc::clone(&idle))?;
        }
        run(Arc::clone(self.rounds()))
    }
}

impl Order {
    fn rounds(self, short: u32) -> Arc<[u32]> {
        let long = short * LONGER;
        let skewed = |is_long: &dyn Fn(usize) -> bool| {
            let task = |task| if is_long(task) { long } else { short };
            (0..SKEWED).map(task).collect::<Vec<u32>>()
        };
        match self {
            Self::Equal => vec![short; EQUAL].into(),
            Self::LongFirst => skewed(&|task| task < SKEWED / ONE_IN).into(),
            Self::LongLast => skewed(&|task| task >= SKEWED - SKEWED / ONE_IN).into(),
            Self::Random => {
                // Fisher and Yates, so that there are as many as in the other orders.
                let mut all = skewed(&|task| task < SKEWED / ONE_IN);
                let mut rng = Rng::of(1);
                for last in (1..all.len()).rev() {
                    all.swap(last, rng.below(last as u64 + 1) as usize);
                }
                all.into()
            }
        }
    }
}
