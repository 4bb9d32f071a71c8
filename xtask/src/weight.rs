//! What a user's build costs.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::run::{Result, cargo, read, show};
use crate::table::{Line, print};

/// The seconds that a cold release build of the program may take on two cores.
const BUILD: f64 = 300.0;

/// The dependencies that a leaf crate may have, all told: fewer than 40.
const LEAF: f64 = 39.0;

const LEAVES: [&str; 5] = [
    "orchestrator-pool",
    "orchestrator-hooks",
    "orchestrator-memory",
    "orchestrator-state",
    "orchestrator-core",
];

/// Measures a cold release build of the program, and counts dependencies.
pub(crate) fn weight(as_json: bool) -> Result {
    let mut lines = Vec::new();
    for leaf in LEAVES {
        lines.push(count(leaf, Some(LEAF))?);
    }
    for package in [
        "orchestrator-tools",
        "orchestrator-agents",
        "orchestrator-cli",
    ] {
        lines.push(count(package, None)?);
    }
    // Downloading is not building.
    show(cargo().args(["fetch", "--locked", "--quiet"]))?;
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let started = Instant::now();
    show(
        cargo()
            .args([
                "build",
                "--release",
                "--package",
                "orchestrator-cli",
                "--quiet",
                "--jobs=2",
            ])
            .env("CARGO_TARGET_DIR", folder.path()),
    )?;
    lines.push(Line {
        name: "cold release build of the program".into(),
        ours: started.elapsed().as_secs_f64(),
        unit: "s",
        at_most: Some(BUILD),
    });
    let binary = folder.path().join("release/orchestrator");
    if let Ok(meta) = std::fs::metadata(binary) {
        #[expect(clippy::cast_precision_loss, reason = "a size to be read by people")]
        let size = meta.len() as f64 / 1e6;
        lines.push(Line {
            name: "size of the program".into(),
            ours: size,
            unit: "MB",
            at_most: None,
        });
    }
    print(&lines, as_json)
}

fn count(package: &str, at_most: Option<f64>) -> Result<Line> {
    let tree = read(cargo().args([
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let names: BTreeSet<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of dozens")]
    let others = names.len().saturating_sub(1) as f64;
    Ok(Line {
        name: format!("dependencies of {package}"),
        ours: others,
        unit: "crates",
        at_most,
    })
}
