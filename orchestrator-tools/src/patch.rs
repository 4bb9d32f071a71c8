//! Unified diffs, read and applied in memory.
//!
//! A hunk goes where its lines are: at the line that its head names, or else at the only place where they
//! are. The counts in the head are not relied on: models seldom count right.

use std::iter::zip;

use crate::worktree::{PathError, WorktreePath};

/// Why a patch was not applied. Nothing of it was, then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// It is no unified diff.
    #[error("line {line} of the patch: {reason}")]
    Malformed {
        /// The line of the patch, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A hunk's lines are not in the file.
    #[error(
        "the hunk at line {line} of the patch does not fit `{path}`: {reason}; read the file again"
    )]
    DoesNotFit {
        /// The line of the patch, from 1.
        line: usize,
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A path that is none beneath the worktree.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// What is to be done with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePatch {
    /// `None`: it is new.
    pub(crate) from: Option<WorktreePath>,
    /// `None`: it goes.
    pub(crate) to: Option<WorktreePath>,
    hunks: Vec<Hunk>,
    /// Whether lines of the patch end in CR LF: then they are taken as they are.
    has_returns: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Hunk {
    /// Where it is in the patch, from 1.
    line: usize,
    /// The line of the file that its head names, from 1; 0 is before the first.
    number: Option<usize>,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Kept,
    Removed,
    Added,
}

/// A line of a hunk, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    mark: Mark,
    text: String,
    /// Whether it has an end in the file.
    ends: bool,
}

/// Reads a patch of one or more files.
pub(crate) fn parse(patch: &str) -> Result<Vec<FilePatch>, PatchError> {
    // Carriage returns stay: they may be what changes.
    let lines = patch.split_terminator('\n');
    let mut reader = Reader {
        lines: lines.collect(),
        next: 0,
        has_returns: patch.contains("\r\n"),
    };
    let mut files = Vec::new();
    while let Some(line) = reader.peek() {
        if line.starts_with("--- ") || line.starts_with("rename from ") {
            files.push(reader.file()?);
        } else if line.starts_with("@@") {
            return Err(reader.wrong("a hunk before `--- a/path` and `+++ b/path`"));
        } else if line.starts_with("Binary files ") || line.starts_with("GIT binary patch") {
            return Err(reader.wrong("binary files cannot be patched"));
        } else {
            // What git writes between, and what a model says before.
            reader.next += 1;
        }
    }
    match files.is_empty() {
        true => Err(PatchError::Malformed {
            line: 1,
            reason: "there is no `--- a/path` and `+++ b/path`: give a unified diff".into(),
        }),
        false => Ok(files),
    }
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    next: usize,
    has_returns: bool,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.next).copied()
    }

    fn wrong(&self, reason: &str) -> PatchError {
        PatchError::Malformed {
            line: self.next + 1,
            reason: reason.to_owned(),
        }
    }

    fn file(&mut self) -> Result<FilePatch, PatchError> {
        if let Some(from) = self
            .peek()
            .and_then(|line| line.strip_prefix("rename from "))
        {
            return self.renamed(from);
        }
        let from = self.path("--- ", "a/")?;
        let to = self.path("+++ ", "b/")?;
        if from.is_none() && to.is_none() {
            return Err(self.wrong("both sides are /dev/null"));
        }
        let hunks = self.hunks()?;
        if hunks.is_empty() {
            return Err(self.wrong("`@@ -line,count +line,count @@` has to follow"));
        }
        let has_returns = self.has_returns;
        Ok(FilePatch {
            from,
            to,
            hunks,
            has_returns,
        })
    }

    fn renamed(&mut self, from: &str) -> Result<FilePatch, PatchError> {
        self.next += 1;
        let to = self.peek().and_then(|line| line.strip_prefix("rename to "));
        let to = to.ok_or_else(|| self.wrong("`rename to path` has to follow"))?;
        self.next += 1;
        if self.peek().is_some_and(|line| line.starts_with("index ")) {
            self.next += 1;
        }
        let mut hunks = Vec::new();
        // Of this file, and not of the next.
        let its = format!("--- a/{}", from.trim_end());
        if self.peek().is_some_and(|line| line.trim_end() == its) {
            self.path("--- ", "a/")?;
            self.path("+++ ", "b/")?;
            hunks = self.hunks()?;
        }
        Ok(FilePatch {
            from: Some(WorktreePath::new(from.trim_end())?),
            to: Some(WorktreePath::new(to.trim_end())?),
            hunks,
            has_returns: self.has_returns,
        })
    }

    fn path(&mut self, mark: &str, side: &str) -> Result<Option<WorktreePath>, PatchError> {
        let line = self.peek().and_then(|line| line.strip_prefix(mark));
        let line = line.ok_or_else(|| self.wrong(&format!("`{mark}{side}path` has to follow")))?;
        self.next += 1;
        // Some tools write a time after it.
        let path = line.split('\t').next().unwrap_or(line).trim_end();
        if path == "/dev/null" {
            return Ok(None);
        }
        let path = path.strip_prefix(side).unwrap_or(path);
        Ok(Some(WorktreePath::new(path)?))
    }

    fn hunks(&mut self) -> Result<Vec<Hunk>, PatchError> {
        let mut hunks = Vec::new();
        while let Some(head) = self.peek().and_then(|line| line.strip_prefix("@@")) {
            hunks.push(self.hunk(head)?);
        }
        Ok(hunks)
    }

    fn hunk(&mut self, head: &str) -> Result<Hunk, PatchError> {
        let number = head.trim_start().strip_prefix('-').and_then(|rest| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse::<usize>().ok()
        });
        let mut hunk = Hunk {
            line: self.next + 1,
            number,
            lines: Vec::new(),
        };
        self.next += 1;
        let mut blanks = 0;
        while let Some(line) = self.peek() {
            let (mark, text) = match line.chars().next() {
                // An editor may have taken the blank from an empty line.
                None => (' ', ""),
                Some('\r') => (' ', line),
                Some(mark) => (mark, &line[mark.len_utf8()..]),
            };
            let mark = match mark {
                // A line that is taken out and begins with two dashes looks like the next file's.
                '-' if line.starts_with("--- ") && self.is_head() => break,
                '-' => Mark::Removed,
                '+' => Mark::Added,
                ' ' => Mark::Kept,
                '\\' => match hunk.lines.last_mut() {
                    Some(before) => {
                        before.ends = false;
                        self.next += 1;
                        continue;
                    }
                    None => return Err(self.wrong("no line is before it")),
                },
                _ => break,
            };
            blanks = if line.trim_end_matches('\r').is_empty() {
                blanks + 1
            } else {
                0
            };
            hunk.lines.push(Line {
                mark,
                text: text.to_owned(),
                ends: true,
            });
            self.next += 1;
        }
        // Blank lines after a hunk are no part of it, unless it counts them.
        while blanks > 0 && !hunk.has_counts(head) {
            hunk.lines.pop();
            blanks -= 1;
        }
        match hunk.lines.iter().all(|line| line.mark == Mark::Kept) {
            true => Err(PatchError::Malformed {
                line: hunk.line,
                reason: "the hunk changes nothing: mark lines with `-` and `+`".into(),
            }),
            false => Ok(hunk),
        }
    }

    /// Whether the next lines are the head of a file.
    fn is_head(&self) -> bool {
        let after = self.lines.get(self.next + 1);
        after.is_some_and(|line| line.starts_with("+++ "))
    }
}

impl FilePatch {
    fn name(&self) -> &str {
        let path = self.from.as_ref().or(self.to.as_ref());
        path.map_or("", WorktreePath::as_str)
    }

    /// The file's new text. Of a file that is new, `text` is empty.
    pub(crate) fn apply(&self, text: &str) -> Result<String, PatchError> {
        // Whatever ends the file's lines ends those that are added, unless the patch has its own ends.
        let is_plain = self.has_returns || !text.contains("\r\n");
        let end = if is_plain { "\n" } else { "\r\n" };
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        // How many lines more there are than there were, before where the next hunk is said to be.
        let (mut moved, mut least) = (0_isize, 0);
        for hunk in &self.hunks {
            let at = hunk.place(self.name(), &lines, moved, least)?;
            let old = lines.split_off(at);
            let mut old = old.into_iter();
            for line in &hunk.lines {
                match line.mark {
                    Mark::Kept => lines.extend(old.next()),
                    Mark::Removed => drop(old.next()),
                    Mark::Added => {
                        // It may come after a line that had no end.
                        if let Some(before) = lines.last_mut().filter(|line| !line.ends_with('\n'))
                        {
                            before.push_str(end);
                        }
                        let own = if line.ends { end } else { "" };
                        lines.push(format!("{}{own}", line.text));
                    }
                }
            }
            let (removed, added) = (hunk.count(Mark::Removed), hunk.count(Mark::Added));
            moved += added as isize - removed as isize;
            least = lines.len();
            lines.extend(old);
        }
        Ok(lines.concat())
    }
}

impl Hunk {
    fn count(&self, mark: Mark) -> usize {
        self.lines.iter().filter(|line| line.mark == mark).count()
    }

    /// Whether it has as many lines as its head says.
    fn has_counts(&self, head: &str) -> bool {
        let said = |side: char| {
            let side = head
                .split_whitespace()
                .find(|part| part.starts_with(side))?;
            match side.split_once(',') {
                Some((_, count)) => count.parse().ok(),
                None => Some(1),
            }
        };
        let has = |mark| Some(self.count(Mark::Kept) + self.count(mark));
        said('-') == has(Mark::Removed) && said('+') == has(Mark::Added)
    }

    /// Where its lines are in the file.
    fn place(
        &self,
        path: &str,
        lines: &[String],
        moved: isize,
        least: usize,
    ) -> Result<usize, PatchError> {
        let fail = |reason: &str| PatchError::DoesNotFit {
            line: self.line,
            path: path.to_string(),
            reason: reason.to_owned(),
        };
        let old = self.lines.iter().filter(|line| line.mark != Mark::Added);
        let old: Vec<&str> = old.map(|line| line.text.trim_end_matches('\r')).collect();
        let said = self
            .number
            .map(|number| number.saturating_add_signed(moved));
        if old.is_empty() {
            // `-0,0` is before the first line, `-3,0` after the third.
            let at = if lines.is_empty() { Some(0) } else { said };
            let at = at.filter(|at| (least..=lines.len()).contains(at));
            return at.ok_or_else(|| fail("nothing around it says where it goes"));
        }
        let is_at = |at: &usize| {
            let here = lines.get(*at..*at + old.len());
            let text = |line: &'_ String| line.trim_end_matches(['\r', '\n']).len();
            here.is_some_and(|here| zip(here, &old).all(|(is, was)| is[..text(is)] == **was))
        };
        let said = said.map(|line| line.saturating_sub(1));
        if let Some(said) = said.filter(|said| *said >= least && is_at(said)) {
            return Ok(said);
        }
        let mut places = (least..lines.len()).filter(is_at);
        match (places.next(), places.next()) {
            (Some(at), None) => Ok(at),
            (Some(_), Some(_)) => Err(fail(
                "its lines are there more than once, and not where it says",
            )),
            (None, _) => Err(fail("its lines are not there")),
        }
    }
}

#[cfg(test)]
mod tests;
