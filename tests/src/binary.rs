//! The program under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The root of this workspace.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is in a folder of the workspace")
}

/// cargo at the workspace's root, without what cargo tells a test about the
/// test's own package: build scripts would see it and build anew.
#[must_use]
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "NEXTEST"]
            .iter()
            .any(|own| name.starts_with(own))
        {
            command.env_remove(&*name);
        }
    }
    command.current_dir(workspace_root()).stdin(Stdio::null());
    command
}

/// The `orchestrator` program: the one that `ORCHESTRATOR_BIN` names, or the
/// workspace's, built now.
///
/// The tests are a package of their own, so cargo does not tell them where the
/// program is. Where it has been built already, asking takes a moment.
#[must_use]
pub fn orchestrator() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("ORCHESTRATOR_BIN") {
        Some(path) => path.into(),
        None => build(),
    })
}

fn build() -> PathBuf {
    let mut command = cargo();
    command.args([
        "build",
        "--package=orchestrator-cli",
        "--bin=orchestrator",
        "--message-format=json",
        "--quiet",
    ]);
    // `--target-dir` on the outer command line does not reach us otherwise.
    if let Some(folder) = target_folder() {
        command.arg("--target-dir").arg(folder);
    }
    let output = command.output().expect("cargo can be run");
    assert!(
        output.status.success(),
        "the orchestrator does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "orchestrator")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable")
}

/// Where this test was built. cargo puts its tag into that folder.
fn target_folder() -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    test.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .map(Path::to_owned)
}

/// Where a program is.
#[must_use]
pub fn program_on_path(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is not on PATH"))
}
