//! `packages`.

use std::path::Path;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::{CommandLine, CommandSpec, run_command};
use crate::error::ToolError;
use crate::lint::LintError;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};

/// Lists the cargo packages of the worktree and how they depend on each other.
#[derive(Debug, Clone, Copy)]
pub struct PackagesTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoArguments {}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Packages {
    packages: Vec<Package>,
}

/// A member of the cargo workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Package {
    name: String,
    /// Relative to the worktree; empty for its root.
    folder: String,
    /// Other members that it depends on.
    depends: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: String,
    dependencies: Vec<MetadataDependency>,
}

#[derive(Deserialize)]
struct MetadataDependency {
    name: String,
    path: Option<String>,
}

#[async_trait]
impl Tool for PackagesTool {
    type Input = NoArguments;
    type Output = Packages;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "packages",
            "Lists the cargo packages of the workspace at the root, their folders, \
             and which of the others each depends on. Empty where there is none.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, _: NoArguments) -> Result<Packages, ToolError> {
        let root = context.worktree.root();
        if !root.join("Cargo.toml").is_file() {
            return Ok(Packages {
                packages: Vec::new(),
            });
        }
        let line = CommandLine::program("cargo", ["metadata", "--no-deps", "--format-version=1"]);
        let mut spec = CommandSpec::new(line, root);
        spec.keep = 64 * 1024 * 1024;
        let output = run_command(&spec, &context.cancel).await?;
        if !output.ending.is_success() {
            return Err(LintError::Failed {
                command: spec.line.to_string(),
                tail: String::from_utf8_lossy(&output.stderr).into_owned(),
            }
            .into());
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).map_err(|error| LintError::Failed {
                command: spec.line.to_string(),
                tail: error.to_string(),
            })?;
        Ok(Packages {
            packages: members(root, &metadata),
        })
    }
}

fn members(root: &Path, metadata: &Metadata) -> Vec<Package> {
    // cargo resolves links in the paths that it prints.
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let names: Vec<_> = metadata
        .packages
        .iter()
        .map(|package| &package.name)
        .collect();
    metadata
        .packages
        .iter()
        .filter_map(|package| {
            let folder = Path::new(&package.manifest_path).parent()?;
            let folder = folder
                .strip_prefix(&root)
                .ok()?
                .to_str()?
                .replace('\\', "/");
            let mut depends: Vec<_> = package
                .dependencies
                .iter()
                .filter(|d| d.path.is_some() && names.contains(&&d.name))
                .map(|d| d.name.clone())
                .collect();
            depends.sort_unstable();
            depends.dedup();
            Some(Package {
                name: package.name.clone(),
                folder,
                depends,
            })
        })
        .collect()
}
