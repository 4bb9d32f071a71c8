//! Dispatches that are broken on purpose: the measurement has to refuse them.

use orchestrator_bench::{Arguments, Line};
use orchestrator_hooks::Event as _;

use crate::event::{Add, HOOKS, Tick, answer, each};

const LEFT_OUT: &str = "a dispatch that leaves out a hook is refused";
const STOPS: &str = "a dispatch that stops at its first hook is refused";
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
    let stops = |tick: &mut Tick| _ = tick.apply(Add::Stop("at the first".into()));
    let all: Vec<u64> = (0..HOOKS).collect();
    let twice: Vec<u64> = (0..HOOKS).chain([3]).collect();
    // With all of them it is right, or the others would prove nothing.
    let is_right = !by_number(&all);
    let broken = [(LEFT_OUT, &all[..7]), (TWICE, &twice[..])];
    let broken = broken.map(|(name, numbers)| (name, by_number(numbers)));
    let broken = broken.into_iter().chain([(STOPS, each(stops).is_err())]);
    let wanted = broken.filter(|(name, _)| arguments.wants(name));
    wanted
        .map(|(name, is_refused)| Line::control(name, is_right && is_refused))
        .collect()
}
