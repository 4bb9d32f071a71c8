//! Which files of a worktree a tool looks at.

use globset::{Glob, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;

use crate::language::Language;
use crate::worktree::{Worktree, WorktreePath};

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
    /// match one of `globs` (every file, where it is empty).
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
            builder.add(Glob::new(glob).map_err(bad(glob))?);
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

/// The source files of a worktree that pass `filter`, sorted by path.
///
/// Ignore files are honoured, hidden folders and symbolic links left out, and
/// what cannot be read as a path in UTF-8 or not be listed is passed over.
#[must_use]
pub fn source_files(worktree: &Worktree, filter: &FileFilter) -> Vec<(WorktreePath, Language)> {
    let mut files: Vec<_> = WalkBuilder::new(worktree.root())
        // The user's global ignore file must not change what a mission does.
        .git_global(false)
        .parents(false)
        .require_git(false)
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let relative = entry.path().strip_prefix(worktree.root()).ok()?;
            let path = WorktreePath::new(relative.to_str()?).ok()?;
            let language = filter.accepts(path.as_str())?;
            Some((path, language))
        })
        .collect();
    files.sort_unstable();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_hidden_and_foreign_files_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            (".gitignore", "build/\n"),
            ("src/a.rs", ""),
            ("src/b.py", ""),
            ("build/c.rs", ""),
            (".hidden/d.rs", ""),
            ("notes.txt", ""),
        ] {
            let full = folder.path().join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, text).unwrap();
        }
        let worktree = Worktree::new(folder.path());
        let all = source_files(&worktree, &FileFilter::new(&[], &[]).unwrap());
        let names: Vec<_> = all.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["src/a.rs", "src/b.py"]);
        let python = FileFilter::new(&["src/**".into()], &[Language::Python]).unwrap();
        assert_eq!(source_files(&worktree, &python).len(), 1);
    }

    #[test]
    fn a_bad_glob_is_named() {
        let error = FileFilter::new(&["src/[".into()], &[]).unwrap_err();
        assert!(error.to_string().contains("`src/[`"));
    }
}
