//! The tools that one role may call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::error::ToolError;
use crate::registry::registered::Registered;
use crate::tool::{Effect, Tool, ToolContext, ToolSpec};

mod registered;

/// Between a namespace and a name: model providers allow no dots in the names of tools.
const SEPARATOR: &str = "__";

/// Model providers allow no longer names.
const LONGEST: usize = 64;

/// Why a tool was not registered, or not allowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two tools of one name: a model could not tell them apart.
    #[error("a tool named `{name}` is registered already; give one of the two another name")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A name that no provider takes, or that would seem to be in a namespace.
    #[error(
        "`{name}` is no name for a tool: use at most {LONGEST} letters, digits, `_` and `-` in all, and `__` only between a namespace and a name"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The schema of the arguments is none.
    #[error("the arguments of `{name}` have no usable schema: {reason}")]
    Schema {
        /// The tool.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A role was to get a tool that does not exist.
    #[error("no tool named `{name}` to allow; registered are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// What is registered, comma separated.
        known: String,
    },
}

/// Tools by name. Cheap to clone; a subset shares the tools, and how many calls of each run at once.
#[derive(Clone, Default)]
pub struct ToolRegistry {
    tools: BTreeMap<String, Arc<Registered>>,
}

impl ToolRegistry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tool.
    ///
    /// # Errors
    /// [`RegistryError::Duplicate`] where the name is taken, [`RegistryError::Name`] where it cannot be
    /// used, [`RegistryError::Schema`] where the type of its arguments has none.
    pub fn register(&mut self, tool: impl Tool) -> Result<(), RegistryError> {
        let name = tool.info().name;
        if name.contains(SEPARATOR) {
            return Err(RegistryError::Name { name });
        }
        self.insert(name, tool)
    }

    /// Adds a tool as `namespace__name`, which no other namespace's can shadow.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn register_in(&mut self, namespace: &str, tool: impl Tool) -> Result<(), RegistryError> {
        let name = tool.info().name;
        let full = format!("{namespace}{SEPARATOR}{name}");
        if namespace.is_empty() || namespace.contains(SEPARATOR) || name.contains(SEPARATOR) {
            return Err(RegistryError::Name { name: full });
        }
        self.insert(full, tool)
    }

    fn insert(&mut self, name: String, tool: impl Tool) -> Result<(), RegistryError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(is_plain) {
            return Err(RegistryError::Name { name });
        }
        if self.tools.contains_key(&name) {
            return Err(RegistryError::Duplicate { name });
        }
        let registered = Registered::new(&name, tool)?;
        self.tools.insert(name, Arc::new(registered));
        Ok(())
    }

    /// The registry of a role that may call only these: names, or `namespace__*` for all of a namespace. A
    /// subset of a subset can never hold more than its parent.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] where a name is not registered here.
    pub fn allow<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, RegistryError> {
        let mut tools = BTreeMap::new();
        for wanted in names {
            let namespace = wanted
                .strip_suffix('*')
                .filter(|rest| rest.ends_with(SEPARATOR));
            let found = self.tools.iter().filter(|(name, _)| match namespace {
                Some(namespace) => name.starts_with(namespace),
                None => *name == wanted,
            });
            let mut found = found.peekable();
            if found.peek().is_none() {
                return Err(RegistryError::Unknown {
                    name: wanted.to_owned(),
                    known: self.names(),
                });
            }
            tools.extend(found.map(|(name, tool)| (name.clone(), Arc::clone(tool))));
        }
        Ok(Self { tools })
    }

    /// How the tools are shown to a model, by name.
    #[must_use]
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.values().map(|tool| tool.spec.clone()).collect()
    }

    /// The effect class of a tool, if it is here.
    #[must_use]
    pub fn effect(&self, name: &str) -> Option<Effect> {
        self.tools.get(name).map(|tool| tool.spec.effect)
    }

    /// The JSON schema of a tool's answers, if it is here.
    #[must_use]
    pub fn output_schema(&self, name: &str) -> Option<&Value> {
        self.tools.get(name).map(|tool| &tool.output_schema)
    }

    /// Calls a tool: once its arguments fit its schema, and as soon as fewer calls of it run than may. The
    /// answer is as long as it is: see [`Outputs`](crate::Outputs).
    ///
    /// # Errors
    /// [`ToolError::Unknown`] where it is not in this registry, [`ToolError::Arguments`] with all that does
    /// not fit, [`ToolError::Deadline`], [`ToolError::Cancelled`], else what the tool says.
    pub async fn call(
        &self,
        name: &str,
        context: &ToolContext,
        arguments: Value,
    ) -> Result<Value, ToolError> {
        let tool = self.tools.get(name).ok_or_else(|| ToolError::Unknown {
            name: name.to_owned(),
            known: self.names(),
        })?;
        tool.check(&arguments)?;
        let call = async {
            // Nobody closes it.
            let _permit = tool.slots.acquire().await;
            let call = tool.tool.call(name, context, arguments);
            match tokio::time::timeout(tool.deadline, call).await {
                Ok(answer) => answer,
                Err(_) => Err(ToolError::Deadline {
                    tool: name.to_owned(),
                    after: tool.deadline,
                }),
            }
        };
        tokio::select! {
            biased;
            () = context.cancel.cancelled() => Err(ToolError::Cancelled),
            answer = call => answer,
        }
    }

    fn names(&self) -> String {
        self.tools
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl fmt::Debug for ToolRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.tools.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
