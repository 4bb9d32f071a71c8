//! Contestants that are broken on purpose: the measurement has to catch them.

use std::time::Duration;

use orchestrator_bench::{Arguments, Line, Result};

use super::{graphs, waiting};
use crate::ours::Ours;
use crate::pool::{Pool, inside};
use crate::shape::{Shape, Work};

const LOSES: &str = "a pool that loses a task is refused";
const BACKWARDS: &str = "a graph that is run backwards is refused";
const TWICE: &str = "a node that is run twice is refused";
const NEVER: &str = "a node that is not run is refused";
const UNBOUNDED: &str = "more tasks at a time than slots are seen";

/// The controls' lines.
pub(super) fn lines(arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    if arguments.wants(LOSES) {
        let pool = Ours::open()?;
        let done = inside(&pool, 999, async |number| u64::from(number))?;
        let all = 1_000 * 999 / 2;
        lines.push(Line::control(LOSES, done.verified(all).is_err()));
    }
    let shape = Shape::random(1_000);
    // In the order of the numbers it is right, or these controls would prove nothing.
    graphs::check(&shape, |shape, work| by_number(0..shape.count(), &work))?;
    type Broken = fn(&Shape, Work) -> Result<Duration>;
    let broken: [(_, Broken); 3] = [
        (BACKWARDS, |shape, work| {
            by_number((0..shape.count()).rev(), &work)
        }),
        (TWICE, |shape, work| {
            by_number((0..shape.count()).chain([7]), &work)
        }),
        (NEVER, |shape, work| by_number(0..shape.count() - 1, &work)),
    ];
    for (name, run) in broken {
        if arguments.wants(name) {
            lines.push(Line::control(name, graphs::check(&shape, run).is_err()));
        }
    }
    if arguments.wants(UNBOUNDED) {
        lines.push(Line::control(
            UNBOUNDED,
            waiting::unbounded()? as usize > waiting::SLOTS.get(),
        ));
    }
    Ok(lines)
}

fn by_number(nodes: impl Iterator<Item = u32>, work: &Work) -> Result<Duration> {
    nodes.for_each(|node| work.run(node));
    Ok(Duration::ZERO)
}
