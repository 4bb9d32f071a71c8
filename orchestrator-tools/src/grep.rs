//! Searching the files of a tree, as ripgrep does, with its own crates.

mod lines;
mod required;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};

use crate::filter::Filter;
use crate::tree::Tree;
use lines::Lines;
use required::required;

/// How a pattern is meant and where it is looked for.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GrepOptions {
    /// The pattern is a text, not a regular expression.
    pub fixed: bool,
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// Only whole words.
    pub word: bool,
    /// A match may go over several lines.
    pub multiline: bool,
    /// So many lines before each match are shown too.
    pub before: usize,
    /// So many lines after it.
    pub after: usize,
    /// Only files that match one of these, as in `.gitignore`; with `!` in front, only others.
    pub globs: Vec<String>,
    /// Only files of these types, by ripgrep's names, such as `rust` or `py`.
    pub types: Vec<String>,
    /// Only this file, or what is in this folder, relative to the worktree.
    pub beneath: Option<Arc<Path>>,
    /// So many lines are kept at most; all are counted. Default, as 0: no limit.
    pub most: usize,
}

/// Why nothing can be searched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrepError {
    /// The pattern is no regular expression.
    #[error(
        "`{pattern}` is no regular expression: {reason}; set `fixed` to search for it as it is"
    )]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why not.
        reason: String,
    },
    /// A glob or a type of files is none.
    #[error("{0}")]
    Filter(#[from] ignore::Error),
}

/// A search that is ready to be made.
#[derive(Debug, Clone)]
pub struct Grep {
    matcher: RegexMatcher,
    /// One of these is in what matches, if anything is known of it.
    required: Option<Vec<Vec<u8>>>,
    options: GrepOptions,
    filter: Filter,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrepFound {
    /// In the order of paths.
    pub files: Vec<GrepFile>,
    /// How many lines match, or matches over several lines there are, in all files: also those that are not
    /// kept.
    pub matches: usize,
    /// In how many files.
    pub matched_files: usize,
    /// How many files were searched.
    pub searched: usize,
    /// Whether there are lines that are not kept.
    pub is_cut: bool,
}

/// What was found in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrepFile {
    /// Relative to the worktree.
    pub path: Arc<Path>,
    /// In order, each once.
    pub lines: Vec<GrepLine>,
    matches: usize,
    is_cut: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrepLine {
    /// From 1.
    pub number: u64,
    /// As it is in the file, without its end.
    pub bytes: Vec<u8>,
    /// Whether it matches, or is only shown around one that does.
    pub is_match: bool,
}

impl Grep {
    /// Reads a pattern: Rust's regular expressions, with Unicode.
    ///
    /// # Errors
    /// [`GrepError`] where it, a glob or a type is none.
    pub fn new(pattern: &str, options: GrepOptions) -> Result<Self, GrepError> {
        let mut builder = RegexMatcherBuilder::new();
        builder
            .multi_line(true)
            .unicode(true)
            .octal(false)
            .case_insensitive(options.ignore_case)
            .word(options.word)
            .fixed_strings(options.fixed);
        if !options.multiline {
            builder.line_terminator(Some(b'\n'));
        }
        let matcher = builder.build(pattern).map_err(|error| GrepError::Pattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            matcher,
            required: required(pattern, options.fixed, options.ignore_case),
            filter: Filter::new(&options.globs, &options.types)?,
            options,
        })
    }

    /// Searches the files of a tree as they are now. Files with a zero byte are searched up to it, as ripgrep
    /// does.
    #[must_use]
    pub fn search(&self, tree: &Tree) -> GrepFound {
        let files = tree.files();
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(8);
        let worker = || {
            let mut any = self.searcher(BinaryDetection::quit(0));
            let mut text = self.searcher(BinaryDetection::none());
            let mut reader = tree.reader();
            let (mut found, mut searched) = (Vec::new(), 0);
            // Some at a time: so threads seldom meet.
            const SOME: usize = 16;
            loop {
                let from = next.fetch_add(SOME, Ordering::Relaxed);
                if from >= files.len() {
                    return (found, searched);
                }
                let some = &files[from..files.len().min(from + SOME)];
                for file in some.iter().filter(|file| self.is_about(file.path())) {
                    if let Some(content) = reader.read(file) {
                        searched += 1;
                        let required = self.required.as_deref();
                        if required.is_some_and(|texts| !content.may_have_one_of(texts)) {
                            continue;
                        }
                        let searcher = if content.is_text() {
                            &mut text
                        } else {
                            &mut any
                        };
                        found.extend(self.search_file(searcher, file.path(), &content));
                    }
                }
            }
        };
        let of_threads: Vec<(Vec<GrepFile>, usize)> = match threads.min(files.len() / 32) {
            0 | 1 => vec![worker()],
            threads => std::thread::scope(|scope| {
                let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
                let mut all = vec![worker()];
                let joined = others.into_iter().map(|other| other.join());
                all.extend(
                    joined.map(|one| one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
                );
                all
            }),
        };
        self.merge(of_threads)
    }

    fn is_about(&self, path: &Path) -> bool {
        let beneath = self.options.beneath.as_ref();
        beneath.is_none_or(|beneath| path.starts_with(beneath)) && self.filter.accepts(path)
    }

    fn searcher(&self, detection: BinaryDetection) -> Searcher {
        SearcherBuilder::new()
            .line_number(true)
            .multi_line(self.options.multiline)
            .before_context(self.options.before)
            .after_context(self.options.after)
            .binary_detection(detection)
            .build()
    }

    fn search_file(
        &self,
        searcher: &mut Searcher,
        path: &Arc<Path>,
        content: &[u8],
    ) -> Option<GrepFile> {
        let mut lines = Lines::new(self.options.most);
        // What is in memory can be read.
        searcher
            .search_slice(&self.matcher, content, &mut lines)
            .ok()?;
        (lines.matches > 0).then(|| GrepFile {
            path: Arc::clone(path),
            lines: lines.lines,
            matches: lines.matches,
            is_cut: lines.is_cut,
        })
    }

    fn merge(&self, of_threads: Vec<(Vec<GrepFile>, usize)>) -> GrepFound {
        let mut found = GrepFound::default();
        for (files, searched) in of_threads {
            found.files.extend(files);
            found.searched += searched;
        }
        found
            .files
            .sort_unstable_by(|one, two| one.path.cmp(&two.path));
        found.matches = found.files.iter().map(|file| file.matches).sum();
        found.matched_files = found.files.len();
        if self.options.most > 0 {
            let mut left = self.options.most;
            for file in &mut found.files {
                found.is_cut |= file.is_cut || file.lines.len() > left;
                file.lines.truncate(left);
                left -= file.lines.len();
            }
            found.files.retain(|file| !file.lines.is_empty());
        }
        found
    }
}

#[cfg(test)]
mod tests;
