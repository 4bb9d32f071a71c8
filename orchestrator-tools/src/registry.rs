//! The tools that one role may call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolSpec};

/// Why a tool was not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two tools of one name: a model could not tell them apart.
    #[error("a tool named `{name}` is registered already; give one of the two another name")]
    Duplicate {
        /// The name.
        name: String,
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

/// Tools by name. Cheap to clone; a subset shares the tools.
#[derive(Clone, Default)]
pub struct ToolRegistry {
    tools: BTreeMap<String, Arc<dyn Tool>>,
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
    /// [`RegistryError::Duplicate`] where the name is taken.
    pub fn register(&mut self, tool: Arc<dyn Tool>) -> Result<(), RegistryError> {
        let name = tool.spec().name;
        if self.tools.contains_key(&name) {
            return Err(RegistryError::Duplicate { name });
        }
        self.tools.insert(name, tool);
        Ok(())
    }

    /// The registry of a role that may call only `names`. A subset of a subset
    /// can never hold more than its parent.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] where a name is not registered here.
    pub fn allow<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, RegistryError> {
        let tools = names
            .into_iter()
            .map(|name| match self.tools.get_key_value(name) {
                Some((name, tool)) => Ok((name.clone(), Arc::clone(tool))),
                None => Err(RegistryError::Unknown {
                    name: name.to_owned(),
                    known: self.names(),
                }),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { tools })
    }

    /// How the tools are shown to a model, by name.
    #[must_use]
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.values().map(|tool| tool.spec()).collect()
    }

    /// The effect class of a tool, if it is here.
    #[must_use]
    pub fn effect(&self, name: &str) -> Option<Effect> {
        self.tools.get(name).map(|tool| tool.spec().effect)
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// [`ToolError::Unknown`] where it is not in this registry, else what the
    /// tool says.
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
        tokio::select! {
            biased;
            () = context.cancel.cancelled() => Err(ToolError::Cancelled),
            result = tool.call(context, arguments) => result,
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
