//! A load on a store: clients that increment random counters until time is up.

use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Result, Store};

/// How a store is loaded.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many clients, each of which waits for its commit before the next.
    pub clients: u64,
    /// How many counters they choose from.
    pub keys: u64,
    /// How long they run before anything counts.
    pub warm: Duration,
    /// How long they run while it counts.
    pub measure: Duration,
}

/// What clients have committed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// From the first commit to the last.
    pub all: u64,
    /// While it counted.
    pub measured: u64,
}

impl Counts {
    /// The µs of one, all clients together.
    ///
    /// # Errors
    /// When nothing was committed while it counted.
    pub fn each(&self, elapsed: Duration) -> Result<f64> {
        if self.measured == 0 {
            return Err(format!("not one commit in {elapsed:?}; measure longer").into());
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of commits in a second")]
        let measured = self.measured as f64;
        Ok(elapsed.as_secs_f64() * 1e6 / measured)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.all += other.all;
        self.measured += other.measured;
    }
}

/// Which part of a run it is. Clients look at it after each commit.
#[derive(Debug, Default)]
pub struct Phase(AtomicU8);

impl Phase {
    const MEASURE: u8 = 1;
    const STOP: u8 = 2;

    /// Counts a commit; whether there is to be another one.
    pub fn count(&self, counts: &mut Counts) -> bool {
        counts.all += 1;
        // The counts are read after the threads were joined; nothing else hangs on this flag.
        let phase = self.0.load(Ordering::Relaxed);
        counts.measured += u64::from(phase == Self::MEASURE);
        phase != Self::STOP
    }

    /// Lets the clients run, and gives the time for which it counted.
    pub fn conduct(&self, warm: Duration, measure: Duration) -> Duration {
        thread::sleep(warm);
        self.0.store(Self::MEASURE, Ordering::Relaxed);
        let started = Instant::now();
        thread::sleep(measure);
        self.0.store(Self::STOP, Ordering::Relaxed);
        started.elapsed()
    }
}

/// Marsaglia's xorshift64: which key comes next must cost next to nothing.
#[derive(Debug)]
pub struct Rng(u64);

impl Rng {
    /// The numbers of one client.
    #[must_use]
    pub fn of(client: u64) -> Self {
        Self(client.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The upper bits of the product: a division would cost more than some of the contestants.
        ((u128::from(self.0) * u128::from(bound)) >> 64) as u64
    }
}

impl Load {
    /// Eight clients, as the targets have it, for the given time after a tenth of it.
    #[must_use]
    pub fn of_eight(keys: u64, measure: Duration) -> Self {
        Self {
            clients: 8,
            keys,
            warm: measure / 10,
            measure,
        }
    }

    /// Loads a store and gives the µs a commit: elapsed time by the number of commits, all
    /// clients together.
    ///
    /// # Errors
    /// What the store says, and a store whose counters do not add up to its commits.
    pub fn run(&self, name: &str, store: &dyn Store) -> Result<f64> {
        let phase = Arc::new(Phase::default());
        let (elapsed, counts) = thread::scope(|scope| {
            let carrier = scope.spawn(|| {
                let own = store.carry(self, &phase);
                own.unwrap_or_else(|| self.threads(store, &phase))
            });
            let elapsed = phase.conduct(self.warm, self.measure);
            (elapsed, carrier.join())
        });
        let counts = counts.map_err(|_| format!("{name}: a client has panicked"))?;
        let counts = counts.map_err(|error| format!("{name}: {error}"))?;
        let sum = store.sum()?;
        if sum != counts.all {
            let all = counts.all;
            return Err(format!("{name}: {all} commits, but the counters make {sum}").into());
        }
        counts.each(elapsed)
    }

    /// One thread a client.
    fn threads(&self, store: &dyn Store, phase: &Phase) -> Result<Counts> {
        thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients)
                .map(|client| scope.spawn(move || self.client(client, store, phase)))
                .collect();
            let mut sum = Counts::default();
            for client in clients {
                sum += client.join().map_err(|_| "a client has panicked")??;
            }
            Ok(sum)
        })
    }

    fn client(&self, client: u64, store: &dyn Store, phase: &Phase) -> Result<Counts> {
        let mut session = store.session()?;
        let mut rng = Rng::of(client);
        let mut counts = Counts::default();
        loop {
            session.increment(rng.below(self.keys))?;
            if !phase.count(&mut counts) {
                return Ok(counts);
            }
        }
    }
}
