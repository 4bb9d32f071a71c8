//! `bench AREA`: ours beside what people would pick instead.

use crate::run::{Result, cargo, show};

/// What can be measured, and the bench targets that do it.
const AREAS: [(&str, &[&str]); 5] = [
    ("core", &["core", "core_memory"]),
    ("hooks", &["hooks"]),
    ("memory", &["memory", "memory_size"]),
    ("pool", &["pool", "pool_mimalloc", "pool_memory"]),
    ("state", &["state", "state_memory"]),
];

/// Measures an area; an error where a target is missed.
pub(crate) fn bench(area: &str, rest: &[String]) -> Result {
    let Some((_, targets)) = AREAS.iter().find(|(name, _)| *name == area) else {
        let names: Vec<_> = AREAS.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        return Err(format!("no area `{area}` to measure; there are: {names}"));
    };
    let mut command = cargo();
    command.args(["bench", "--quiet", "--package", "orchestrator-bench"]);
    // A target that is missed in one of them says nothing of the other.
    command.arg("--no-fail-fast");
    for target in *targets {
        command.args(["--bench", target]);
    }
    command.arg("--").args(rest);
    if !rest.iter().any(|word| word == "--json") {
        return show(&mut command);
    }
    // One object a line, and nothing else on standard output.
    let status = command
        .status()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("bench {area}: not every target is met ({status})"))
    }
}
