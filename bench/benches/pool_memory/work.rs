//! What happens in a mission of a hundred thousand tasks, as data.

use std::hash::{BuildHasher, Hash};

/// How many tasks there are.
pub(crate) const TASKS: usize = 100_000;

/// How many results are looked at after their task has ended: those of the tasks that run, and
/// what reviewers have in hand.
pub(crate) const IN_HAND: usize = 64;

/// Output comes from a pipe in portions of this size at most, in bytes.
pub(crate) const PORTION: usize = 8 * 1024;

/// What a task goes through.
pub(crate) const STATUSES: [&str; 4] = ["pending", "running", "in review", "landed"];

/// The tasks, and where their texts come from.
pub(crate) struct Work {
    names: Vec<String>,
    agents: Vec<String>,
    tools: [&'static str; 6],
    tasks: Vec<Task>,
    output: Vec<u8>,
}

struct Task {
    name: usize,
    agent: usize,
    tool: usize,
    /// How long its tool's result is, in bytes.
    result: usize,
}

/// One task as it is met: texts that belong to somebody else, as those of a message do.
pub(crate) struct Met<'a> {
    pub(crate) name: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) tool: &'a str,
    /// The result, portion by portion.
    pub(crate) portions: std::slice::Chunks<'a, u8>,
}

impl Work {
    pub(crate) fn new() -> Self {
        let mut rng = fastrand::Rng::with_seed(3);
        // A large repository: 2,000 files, to each of which several things are done.
        let kinds = ["apply clippy suggestions", "rename a symbol", "review"];
        let names = (0..2_000)
            .flat_map(|file| kinds.map(|kind| format!("{kind} in src/part/file_{file}.rs")));
        let names: Vec<String> = names.collect();
        let agents = (0..40).map(|n| format!("worker-{n} on provider/model-name"));
        let tasks = (0..TASKS).map(|_| Task {
            name: rng.usize(..names.len()),
            agent: rng.usize(..40),
            tool: rng.usize(..6),
            result: size(&mut rng),
        });
        let tasks = tasks.collect();
        Self {
            names,
            agents: agents.collect(),
            tools: ["read", "grep", "glob", "edit", "run", "ast"],
            tasks,
            output: (0..64 * 1024).map(|_| rng.u8(32..127)).collect(),
        }
    }

    pub(crate) fn tasks(&self) -> impl Iterator<Item = Met<'_>> {
        self.tasks.iter().map(|task| Met {
            name: &self.names[task.name],
            agent: &self.agents[task.agent],
            tool: self.tools[task.tool],
            portions: self.output[..task.result].chunks(PORTION),
        })
    }

    /// What every version has to come to.
    pub(crate) fn digest(&self) -> u64 {
        let mut sum = 0;
        for (number, task) in self.tasks.iter().enumerate() {
            let texts = [
                &*self.names[task.name],
                &*self.agents[task.agent],
                self.tools[task.tool],
            ];
            sum = add(
                sum,
                number,
                &texts,
                STATUSES[3],
                &self.output[..task.result],
            );
        }
        sum
    }
}

/// Sizes as tools give them: most are a few lines, some a page, few a whole file.
fn size(rng: &mut fastrand::Rng) -> usize {
    match rng.u32(..100) {
        0..50 => rng.usize(40..900),
        50..80 => rng.usize(900..4_000),
        80..95 => rng.usize(4_000..16_000),
        _ => rng.usize(16_000..64_000),
    }
}

/// A sum over all that was kept of the tasks, in whatever order they come.
pub(crate) fn add(sum: u64, number: usize, texts: &[&str; 3], status: &str, result: &[u8]) -> u64 {
    let hasher = std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default();
    let one = hasher.hash_one((number, texts, status, Length(result)));
    sum.wrapping_add(one)
}

/// The whole of a result would take most of the time: its length and its ends tell enough.
struct Length<'a>(&'a [u8]);

impl Hash for Length<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let ends = (self.0.first(), self.0.last());
        (self.0.len(), ends).hash(state);
    }
}
