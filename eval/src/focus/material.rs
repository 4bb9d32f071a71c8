//! What a mission's turns are made of: sources of published crates, what cargo says, and talk.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Conversation;

/// How many crates a mission works on, one after the other and again.
const TOPICS: usize = 40;

/// Lines of a source that are read at once.
const LINES: usize = 8;

/// A crate has at least so many pieces to be read.
const PIECES: usize = 30;

/// At most so many are used, so that no crate is most of it.
const MOST_PIECES: usize = 400;

/// What turns are made of.
#[derive(Debug, Clone, Default)]
pub struct Material {
    pub(super) topics: Vec<Topic>,
    /// What cargo says.
    pub(super) cargo: Vec<String>,
    /// What people say to each other.
    pub(super) talk: Vec<String>,
}

/// A crate.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) name: String,
    /// Pieces of its sources.
    pub(super) pieces: Vec<String>,
}

/// Why there is nothing to make a mission of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaterialError {
    /// Cargo's registry cache is not where it should be.
    #[error("found no registry cache: build something with cargo first, or give --sources DIR")]
    NoCache,
    /// There are too few crates.
    #[error(
        "{} has {found} crates with {PIECES} pieces of source, and {TOPICS} are needed",
        folder.display()
    )]
    TooFew {
        /// The folder.
        folder: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// A folder or a file cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Material {
    /// From a folder with the sources of crates, by default cargo's registry cache, and
    /// conversations.
    ///
    /// # Errors
    /// [`MaterialError`] where there is too little.
    pub fn read(
        sources: Option<PathBuf>,
        conversations: &[Conversation],
    ) -> Result<Self, MaterialError> {
        let folder = match sources {
            Some(folder) => folder,
            None => cache().ok_or(MaterialError::NoCache)?,
        };
        let mut topics = Vec::new();
        for folder in sorted(&folder)? {
            if topics.len() == TOPICS {
                break;
            }
            let name = crate_name(&folder);
            let pieces = pieces(&folder)?;
            // One version of each.
            let is_new = topics.last().is_none_or(|last: &Topic| last.name != name);
            if is_new && pieces.len() >= PIECES {
                topics.push(Topic { name, pieces });
            }
        }
        if topics.len() < TOPICS {
            let found = topics.len();
            return Err(MaterialError::TooFew { folder, found });
        }
        let talk = conversations.iter().flat_map(|one| &one.turns);
        Ok(Self {
            topics,
            cargo: cargo(),
            talk: talk
                .map(|turn| format!("{}: {}", turn.speaker, turn.text))
                .collect(),
        })
    }
}

/// The folder of the registry that holds most crates.
fn cache() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry").join("src")).ok()?;
    let folders = registries.filter_map(|entry| Some(entry.ok()?.path()));
    folders.max_by_key(|folder| std::fs::read_dir(folder).map_or(0, Iterator::count))
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, MaterialError> {
    let io = |source| MaterialError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        paths.push(entry.map_err(io)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// `serde_json` of `serde_json-1.0.154`.
fn crate_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let end = name.rfind('-').unwrap_or(name.len());
    name[..end].to_owned()
}

/// The sources beneath `src`, a few lines at a time.
fn pieces(folder: &Path) -> Result<Vec<String>, MaterialError> {
    let mut pieces = Vec::new();
    let mut folders = vec![folder.join("src")];
    while let Some(inner) = folders.pop() {
        if !inner.is_dir() {
            continue;
        }
        for path in sorted(&inner)? {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let shown = path
                    .strip_prefix(folder)
                    .unwrap_or(&path)
                    .display()
                    .to_string();
                // What is no UTF-8 is no Rust.
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let lines: Vec<&str> = text
                    .lines()
                    .filter(|line| !line.trim().is_empty())
                    .collect();
                let of_file = lines.chunks(LINES).map(|lines| {
                    let text: String = lines.join("\n").chars().take(600).collect();
                    format!("read {shown}\n{text}")
                });
                pieces.extend(of_file);
            }
        }
        if pieces.len() >= MOST_PIECES {
            break;
        }
    }
    pieces.truncate(MOST_PIECES);
    Ok(pieces)
}

/// What cargo says of a workspace: the one that this is run in, if any.
fn cargo() -> Vec<String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["tree", "--workspace", "--prefix", "none", "--offline"]);
    let said = command
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&said).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines
        .chunks(6)
        .map(|lines| format!("cargo tree\n{}", lines.join("\n")))
        .collect()
}

#[cfg(test)]
impl Material {
    /// So many crates that do not exist, with what they have in common with those that do.
    pub(super) fn made_up(crates: usize) -> Self {
        let names = [
            "harbour", "lantern", "meadow", "quarry", "saddle", "thimble", "walnut",
        ];
        let topic = |name: &&str| {
            Topic {
            name: (*name).to_owned(),
            pieces: (0..60)
                .map(|n| {
                    format!(
                        "read src/part_{n}.rs\nfn {name}_{n}(cache: &Cache, index: usize) -> Failure {{\n    \
                         let threads = index + {n};\n    cache.store(threads)\n}}"
                    )
                })
                .collect(),
        }
        };
        Self {
            topics: names.iter().take(crates).map(topic).collect(),
            cargo: vec!["cargo check\n    Checking everything".to_owned()],
            talk: vec!["Ann: How was the weekend? I was at the lake.".to_owned()],
        }
    }
}
