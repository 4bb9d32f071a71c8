//! Which files of a worktree a tool looks at.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::command::{CommandError, CommandLine, CommandSpec, run_command};
use crate::language::Language;
use crate::tool::ToolContext;
use crate::worktree::WorktreePath;

/// A glob that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{glob}` is not a glob that can be used; write one like `src/**/*.rs`")]
pub struct FilterError {
    glob: String,
    #[source]
    source: globset::Error,
}

/// Restricts files by glob and by language.
#[derive(Debug, Clone)]
pub struct FileFilter {
    globs: Option<GlobSet>,
    languages: Vec<Language>,
}

impl FileFilter {
    /// Files of any of `languages` (all that are known, where it is empty) that
    /// match one of `globs` (every file, where it is empty). `*` stays within a
    /// folder, `**` does not; the name of a folder stands for all that is in it.
    ///
    /// # Errors
    /// [`FilterError`] for the first glob that does not parse.
    pub fn new(globs: &[String], languages: &[Language]) -> Result<Self, FilterError> {
        let bad = |glob: &str| {
            let glob = glob.to_owned();
            move |source| FilterError { glob, source }
        };
        let mut builder = GlobSetBuilder::new();
        for glob in globs {
            let plain = glob.trim_start_matches("./").trim_end_matches('/');
            for form in [plain.to_owned(), format!("{plain}/**")] {
                let compiled = GlobBuilder::new(&form).literal_separator(true).build();
                builder.add(compiled.map_err(bad(glob))?);
            }
        }
        let set = builder.build().map_err(bad(&globs.join(" ")))?;
        Ok(Self {
            globs: (!globs.is_empty()).then_some(set),
            languages: languages.to_vec(),
        })
    }

    /// The language that `path` is to be read as, if it passes the filter.
    #[must_use]
    pub fn accepts(&self, path: &str) -> Option<Language> {
        let language = Language::of_path(path)?;
        let wanted = self.languages.is_empty()
            || self
                .languages
                .iter()
                .any(|wanted| wanted.includes(language));
        let matched = self.globs.as_ref().is_none_or(|globs| globs.is_match(path));
        (wanted && matched).then_some(language)
    }
}

/// The source files of a worktree that pass `filter`, sorted by path: those that
/// git tracks, wherever they stand and whatever ignore files say of them. What
/// is no path in UTF-8 is passed over.
///
/// # Errors
/// [`CommandError`] where git cannot list the files.
pub async fn source_files(
    context: &ToolContext,
    filter: &FileFilter,
) -> Result<Vec<(WorktreePath, Language)>, CommandError> {
    let mut files: Vec<_> = tracked_files(context)
        .await?
        .into_iter()
        .filter_map(|path| {
            let language = filter.accepts(&path)?;
            Some((WorktreePath::new(&path).ok()?, language))
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

/// The paths of all files that git tracks in the worktree.
pub(crate) async fn tracked_files(context: &ToolContext) -> Result<BTreeSet<String>, CommandError> {
    let line = CommandLine::program("git", ["-c", "core.fsmonitor=false", "ls-files", "-z"]);
    let mut spec = CommandSpec::new(line, context.worktree.root());
    spec.keep = 256 * 1024 * 1024;
    let output = run_command(&spec, &context.cancel).await?;
    if !output.ending.is_success() {
        return Err(CommandError::Lost {
            command: spec.line.to_string(),
            source: std::io::Error::other(output.tail(5)),
        });
    }
    let paths = output.stdout.split(|byte| *byte == 0);
    Ok(paths
        .filter(|path| !path.is_empty())
        .filter_map(|path| String::from_utf8(path.to_vec()).ok())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(globs: &[&str], languages: &[Language], path: &str) -> bool {
        let globs: Vec<_> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        FileFilter::new(&globs, languages)
            .unwrap()
            .accepts(path)
            .is_some()
    }

    #[test]
    fn globs_mean_what_they_mean_in_a_shell() {
        assert!(accepts(&["src/*.py"], &[], "src/a.py"));
        assert!(!accepts(&["src/*.py"], &[], "src/deep/a.py"));
        assert!(accepts(&["src/**/*.py"], &[], "src/deep/a.py"));
        assert!(accepts(&["src"], &[], "src/deep/a.py"));
        assert!(accepts(&["./src/"], &[], "src/a.py"));
        assert!(accepts(&["src/a.py"], &[], "src/a.py"));
        assert!(!accepts(&["src"], &[], "srcs/a.py"));
    }

    #[test]
    fn languages_restrict() {
        assert!(accepts(&[], &[Language::TypeScript], "a.tsx"));
        assert!(!accepts(&[], &[Language::Python], "a.rs"));
        assert!(!accepts(&[], &[], "notes.txt"));
    }

    #[tokio::test]
    async fn what_git_tracks_is_looked_at_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            (".gitignore", "gen/\n"),
            ("src/a.rs", ""),
            ("gen/b.py", ""),
            (".github/c.py", ""),
            ("untracked.py", ""),
        ] {
            let full = folder.path().join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, text).unwrap();
        }
        let context = ToolContext::new(
            crate::worktree::Worktree::new(folder.path()),
            folder.path().join("build"),
            tokio_util::sync::CancellationToken::new(),
        );
        let line = "git init -q && git add -f .gitignore src gen .github";
        let spec = CommandSpec::new(CommandLine::Shell(line.into()), folder.path());
        assert!(
            run_command(&spec, &context.cancel)
                .await
                .unwrap()
                .ending
                .is_success()
        );
        let all = source_files(&context, &FileFilter::new(&[], &[]).unwrap())
            .await
            .unwrap();
        let names: Vec<_> = all.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, [".github/c.py", "gen/b.py", "src/a.rs"]);
    }

    #[test]
    fn a_bad_glob_is_named() {
        let error = FileFilter::new(&["src/[".into()], &[]).unwrap_err();
        assert!(error.to_string().contains("`src/[`"));
    }
}
