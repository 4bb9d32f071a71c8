//! Which files of a tree a call is about, by globs as in `.gitignore` and by types.

use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};
use ignore::types::{Types, TypesBuilder};

/// Which files of a tree are meant.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    globs: Override,
    types: Types,
    has_any: bool,
}

impl Filter {
    pub(crate) fn new(globs: &[String], types: &[String]) -> Result<Self, ignore::Error> {
        let mut overrides = OverrideBuilder::new("");
        for glob in globs {
            overrides.add(glob)?;
        }
        let mut selected = TypesBuilder::new();
        selected.add_defaults();
        for name in types {
            selected.select(name);
        }
        Ok(Self {
            globs: overrides.build()?,
            types: selected.build()?,
            has_any: !globs.is_empty() || !types.is_empty(),
        })
    }

    pub(crate) fn accepts(&self, path: &Path) -> bool {
        if !self.has_any {
            return true;
        }
        let is_left_out = |folder: &Path| self.globs.matched(folder, true).is_ignore();
        let mut folders = path
            .ancestors()
            .skip(1)
            .filter(|folder| !folder.as_os_str().is_empty());
        if self.globs.num_ignores() > 0 && folders.any(is_left_out) {
            return false;
        }
        !self.globs.matched(path, false).is_ignore() && !self.types.matched(path, false).is_ignore()
    }
}
