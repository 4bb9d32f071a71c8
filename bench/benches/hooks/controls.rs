//! Dispatches that are broken on purpose: the measurement has to refuse them.

use orchestrator_bench::{Arguments, Line};
use orchestrator_hooks::Event as _;

use crate::event::{HOOKS, Tick, answer, each};

const LEFT_OUT: &str = "a dispatch that leaves out a hook is refused";
const TWICE: &str = "a dispatch that calls a hook twice is refused";

pub(crate) fn lines(arguments: &Arguments) -> Vec<Line> {
    let by_number = |numbers: &[u64]| {
        let call = |tick: &mut Tick| {
            for number in numbers {
                _ = tick.apply(answer(*number));
            }
        };
        each(call).is_err()
    };
    let all: Vec<u64> = (0..HOOKS).collect();
    let twice: Vec<u64> = (0..HOOKS).chain([3]).collect();
    // With all of them it is right, or the others would prove nothing.
    let is_right = !by_number(&all);
    let broken = [(LEFT_OUT, &all[..7]), (TWICE, &twice[..])];
    let wanted = broken.into_iter().filter(|(name, _)| arguments.wants(name));
    wanted
        .map(|(name, numbers)| Line::control(name, is_right && by_number(numbers)))
        .collect()
}
