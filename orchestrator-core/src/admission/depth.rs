//! Who may start another, and how deep that may go.

use std::{collections::HashSet, sync::Arc};

/// How deep tasks may start tasks, and which roles may start none.
///
/// The default allows a depth of 8 and has no terminal roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepthGuard {
    max: u32,
    terminal: HashSet<Arc<str>>,
}

impl Default for DepthGuard {
    fn default() -> Self {
        Self::new(8)
    }
}

impl DepthGuard {
    /// A depth of 0 is what was started from outside; what it starts has 1. `max` itself is
    /// allowed.
    #[must_use]
    pub fn new(max: u32) -> Self {
        Self {
            max,
            terminal: HashSet::new(),
        }
    }

    /// A role that may not start anything: a terminal node of the tree.
    #[must_use]
    pub fn with_terminal_role(mut self, role: impl Into<Arc<str>>) -> Self {
        self.terminal.insert(role.into());
        self
    }

    /// Whether a task of such a depth may be started by a task of `parent`'s role.
    ///
    /// # Errors
    ///
    /// [`DepthRefusal`]. Waiting does not help.
    pub fn check(&self, depth: u32, parent: Option<&str>) -> Result<(), DepthRefusal> {
        if let Some(role) = parent.and_then(|role| self.terminal.get(role)) {
            let role = Arc::clone(role);
            return Err(DepthRefusal::Terminal { role });
        }
        if depth > self.max {
            return Err(DepthRefusal::TooDeep {
                depth,
                max: self.max,
            });
        }
        Ok(())
    }
}

/// A task may not be started by the one that wants it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DepthRefusal {
    /// Too many ancestors.
    #[error("depth {depth} is more than {max}: let a task nearer to the top start this one")]
    TooDeep {
        /// How deep the task would be.
        depth: u32,
        /// The greatest depth.
        max: u32,
    },

    /// Its role is a terminal one.
    #[error("role `{role}` may not start others: let it report what is missing to its parent")]
    Terminal {
        /// The role.
        role: Arc<str>,
    },
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests {
    use super::*;

    #[test]
    fn the_last_depth_is_allowed_and_terminal_roles_start_nothing() {
        let guard = DepthGuard::new(2).with_terminal_role("reviewer");
        assert_eq!(guard.check(2, Some("worker")), Ok(()));
        assert_eq!(guard.check(0, None), Ok(()));
        let deep = DepthRefusal::TooDeep { depth: 3, max: 2 };
        assert_eq!(guard.check(3, Some("worker")), Err(deep));
        let role = "reviewer".into();
        let terminal = guard.check(1, Some("reviewer"));
        assert_eq!(terminal, Err(DepthRefusal::Terminal { role }));
    }
}
