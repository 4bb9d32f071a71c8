//! The landing queue: verified work onto the result, one tree at a time.

use std::collections::VecDeque;

use super::error::MissionError;
use super::shared::Shared;
use super::task::Work;
use crate::git::{FileChange, Git, GitError, ObjectId};
use crate::receipt::{Receipt, Stage};

/// What became of one piece of work.
pub(super) enum Landing {
    /// It is in the result.
    Landed {
        /// Its commit there.
        commit: ObjectId,
        /// The files it changes.
        files: Vec<FileChange>,
    },
    /// It does not merge.
    Conflicted {
        /// The files that do not.
        files: Vec<String>,
    },
    /// Merged, it breaks a check.
    Broken {
        /// What that showed.
        receipt: Box<Receipt>,
    },
}

/// Lands a batch on `tip`, in its order.
///
/// Each piece is merged without a working tree (`git merge-tree`), so that a
/// conflict leaves nothing behind. The merged tree of the whole batch is
/// checked once. Where that fails the batch is halved, and each half is landed
/// on its own, until the culprit stands alone and is ejected.
pub(super) async fn land(
    shared: &Shared,
    tip: ObjectId,
    batch: Vec<Work>,
) -> Result<Vec<(Work, Landing)>, MissionError> {
    let mut done = Vec::new();
    let mut tip = tip;
    let mut parts = VecDeque::from([batch]);
    while let Some(part) = parts.pop_front() {
        let mut head = tip.clone();
        let mut merged = Vec::new();
        for work in part {
            match merge(shared, &head, &work).await? {
                Merge::Clean(commit) => {
                    let files = shared.workspace.git().changes(&head, &commit).await?;
                    head = commit.clone();
                    merged.push((work, Landing::Landed { commit, files }));
                }
                Merge::Conflict(files) => done.push((work, Landing::Conflicted { files })),
            }
        }
        if merged.is_empty() {
            continue;
        }
        let checks = shared.state().repository_checks();
        let task = match &merged[..] {
            [(work, _)] => Some(work.item.id.as_str()),
            _ => None,
        };
        let verified = shared
            .verifier
            .warm(Stage::Integration, task, &head, &checks)
            .await?;
        match verified.failure() {
            None => {
                shared
                    .workspace
                    .set_ref(&shared.workspace.result_ref(), &head)
                    .await?;
                tip = head;
                done.extend(merged);
            }
            Some(receipt) if merged.len() == 1 => {
                let receipt = Box::new(receipt.clone());
                done.extend(merged.into_iter().map(|(work, _)| {
                    (
                        work,
                        Landing::Broken {
                            receipt: receipt.clone(),
                        },
                    )
                }));
            }
            Some(_) => {
                let mut works: Vec<_> = merged.into_iter().map(|(work, _)| work).collect();
                let second = works.split_off(works.len() / 2);
                parts.push_front(second);
                parts.push_front(works);
            }
        }
    }
    Ok(done)
}

enum Merge {
    Clean(ObjectId),
    Conflict(Vec<String>),
}

/// Merges one piece of work onto `head` as a commit of its own.
async fn merge(shared: &Shared, head: &ObjectId, work: &Work) -> Result<Merge, MissionError> {
    let git = shared.workspace.git();
    let parent = git
        .object(&["rev-parse", "--verify", &format!("{}^", work.commit)])
        .await?;
    if parent == *head {
        // Already on top: the commit that was checked is the commit that lands.
        return Ok(Merge::Clean(work.commit.clone()));
    }
    let tree = match merge_tree(git, head, &work.commit).await? {
        Ok(tree) => tree,
        Err(files) => return Ok(Merge::Conflict(files)),
    };
    let message = git
        .run(&["log", "-1", "--format=%B", work.commit.as_str()])
        .await?;
    Ok(Merge::Clean(
        shared
            .workspace
            .commit_tree(&tree, head, message.trim())
            .await?,
    ))
}

/// The merged tree, or the files that conflict.
async fn merge_tree(
    git: &Git,
    ours: &ObjectId,
    theirs: &ObjectId,
) -> Result<Result<ObjectId, Vec<String>>, GitError> {
    let arguments = [
        "merge-tree",
        "--write-tree",
        "--no-messages",
        "--name-only",
        "-z",
        ours.as_str(),
        theirs.as_str(),
    ];
    let merged = git.attempt(&arguments).await?;
    let mut fields = merged.stdout.split('\0').filter(|field| !field.is_empty());
    let tree = fields.next().and_then(ObjectId::parse);
    match (tree, merged.success) {
        (Some(tree), true) => Ok(Ok(tree)),
        (Some(_), false) => Ok(Err(fields.map(str::to_owned).collect())),
        (None, _) => Err(GitError::Failed {
            command: format!("git {}", arguments.join(" ")),
            folder: git.folder().to_owned(),
            message: merged.stderr.trim().to_owned(),
        }),
    }
}
