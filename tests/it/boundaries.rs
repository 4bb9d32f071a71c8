//! Which crate may know which: DESIGN's arrows, asserted from what cargo says.

use std::collections::BTreeSet;
use std::process::Command;

use orchestrator_tests::cargo;
use serde_json::{Value, json};

const LEAVES: [&str; 5] = [
    "orchestrator-pool",
    "orchestrator-hooks",
    "orchestrator-memory",
    "orchestrator-state",
    "orchestrator-core",
];

/// What each crate may depend on, of ours.
fn allowed(name: &str) -> Option<Vec<&'static str>> {
    Some(match name {
        "orchestrator-tools" => vec!["orchestrator-pool"],
        "orchestrator-agents" => [&LEAVES[..], &["orchestrator-tools"]].concat(),
        "orchestrator-postgres" => vec!["orchestrator-state"],
        "orchestrator-cli" => vec!["orchestrator-agents", "orchestrator-postgres"],
        "orchestrator-tests" => {
            let more = [
                "orchestrator-tools",
                "orchestrator-agents",
                "orchestrator-postgres",
            ];
            [&LEAVES[..], &more].concat()
        }
        // Those that it measures.
        "orchestrator-bench" => vec![
            "orchestrator-core",
            "orchestrator-hooks",
            "orchestrator-memory",
            "orchestrator-pool",
            "orchestrator-state",
        ],
        "orchestrator-crash" => vec!["orchestrator-state"],
        "orchestrator-eval" => vec!["orchestrator-memory"],
        "xtask" => vec![],
        leaf if LEAVES.contains(&leaf) => vec![],
        _ => return None,
    })
}

/// A leaf is built with fewer packages than this.
const MOST: usize = 40;

/// What a leaf must not carry: anything that speaks HTTP or TLS.
const NETWORK: [&str; 11] = [
    "curl",
    "h2",
    "http",
    "hyper",
    "isahc",
    "native-tls",
    "openssl",
    "quinn",
    "reqwest",
    "rustls",
    "ureq",
];

/// Everything in cargo's metadata that the arrows forbid: dependencies as they
/// are declared, of every kind, on every platform.
fn wrong_arrows(metadata: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let members: BTreeSet<String> = list(&metadata["workspace_members"])
        .iter()
        .map(text)
        .collect();
    let packages: Vec<_> = list(&metadata["packages"])
        .into_iter()
        .filter(|package| members.contains(&text(&package["id"])))
        .collect();
    let ours: BTreeSet<String> = packages.iter().map(|ours| text(&ours["name"])).collect();
    let mut found = Vec::new();
    for package in &packages {
        let name = text(&package["name"]);
        let Some(allowed) = allowed(&name) else {
            found.push(format!("{name} has no place in the plan"));
            continue;
        };
        for dependency in list(&package["dependencies"]) {
            let other = text(&dependency["name"]);
            if ours.contains(&other) && !allowed.contains(&other.as_str()) {
                found.push(format!("{name} must not depend on {other}"));
            }
        }
    }
    found
}

/// What is too much among the packages that a leaf is built with.
fn burdens(leaf: &str, closure: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    if closure.len() >= MOST {
        let count = closure.len();
        found.push(format!("{leaf} has {count} dependencies: {closure:?}"));
    }
    let network = NETWORK.iter().filter(|name| closure.contains(**name));
    found.extend(network.map(|name| format!("{leaf} carries {name}")));
    found
}

/// The packages that a leaf is built with, directly and indirectly, where
/// somebody takes it alone. `cargo metadata` would count with the features that
/// the rest of the workspace asks for.
fn closure(leaf: &str) -> BTreeSet<String> {
    let printed = print(&[
        "tree",
        "--package",
        leaf,
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
    ]);
    let names = printed.lines().filter_map(|line| line.split(' ').next());
    let mut names: BTreeSet<String> = names.map(str::to_owned).collect();
    assert!(names.remove(leaf), "{printed}");
    names
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What cargo says about this workspace on this machine.
fn metadata() -> Value {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let platform = format!("--filter-platform={host}");
    let printed = print(&["metadata", "--format-version=1", &platform]);
    serde_json::from_str(&printed).unwrap()
}

/// What a cargo command prints.
fn print(arguments: &[&str]) -> String {
    let output = cargo().args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn package<'a>(metadata: &'a mut Value, name: &str) -> &'a mut Value {
    let packages = metadata["packages"].as_array_mut().unwrap();
    let mut found = packages
        .iter_mut()
        .filter(|package| package["name"] == name);
    found.next().unwrap()
}

/// Adds a declared dependency.
fn declare(metadata: &mut Value, from: &str, to: &str) {
    let dependencies = &mut package(metadata, from)["dependencies"];
    let dependency = json!({"name": to, "kind": null});
    dependencies.as_array_mut().unwrap().push(dependency);
}

#[test]
fn the_arrows_are_as_designed() {
    assert_eq!(wrong_arrows(&metadata()), [""; 0]);
}

#[test]
fn a_wrong_arrow_is_seen() {
    let good = metadata();
    for (from, to) in [
        ("orchestrator-core", "orchestrator-state"),
        ("orchestrator-pool", "orchestrator-hooks"),
        ("orchestrator-tools", "orchestrator-core"),
        ("orchestrator-agents", "orchestrator-cli"),
        ("orchestrator-cli", "orchestrator-core"),
        ("orchestrator-cli", "orchestrator-tests"),
        ("orchestrator-agents", "xtask"),
        ("xtask", "orchestrator-cli"),
    ] {
        let mut bad = good.clone();
        declare(&mut bad, from, to);
        let expected = format!("{from} must not depend on {to}");
        assert_eq!(wrong_arrows(&bad), [expected]);
    }
}

#[test]
fn a_crate_without_a_place_is_seen() {
    let mut bad = metadata();
    package(&mut bad, "orchestrator-hooks")["name"] = json!("orchestrator-attic");
    let found = wrong_arrows(&bad);
    let expected = "orchestrator-attic has no place in the plan";
    assert!(found.iter().any(|line| line == expected), "{found:?}");
}

#[test]
fn the_leaves_are_light_and_speak_with_nobody() {
    for leaf in LEAVES {
        assert_eq!(burdens(leaf, &closure(leaf)), [""; 0]);
    }
}

#[test]
fn a_leaf_that_speaks_http_or_grows_is_seen() {
    let mut bad = closure("orchestrator-memory");
    assert!(bad.contains("serde"), "{bad:?}");
    bad.insert("rustls".into());
    let found = burdens("orchestrator-memory", &bad);
    assert_eq!(found, ["orchestrator-memory carries rustls"]);
    // So many as may be, and one more.
    let some = |count: usize| (0..count).map(|number| format!("p{number}")).collect();
    assert_eq!(burdens("leaf", &some(MOST - 1)), [""; 0]);
    assert_eq!(burdens("leaf", &some(MOST)).len(), 1);
}
