//! A tool as the registry holds it: without its types, and with its schemas made ready.

use std::time::Duration;

use async_trait::async_trait;
use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::RegistryError;
use crate::error::ToolError;
use crate::tool::{Tool, ToolContext, ToolSpec};

/// So many things that do not fit are told at once.
const TOLD: usize = 5;

pub(super) struct Registered {
    pub(super) spec: ToolSpec,
    pub(super) output_schema: Value,
    pub(super) deadline: Duration,
    pub(super) slots: Semaphore,
    pub(super) tool: Box<dyn AnyTool>,
    arguments: Validator,
}

impl Registered {
    pub(super) fn new<T: Tool>(name: &str, tool: T) -> Result<Self, RegistryError> {
        let info = tool.info();
        let unusable = |reason: String| RegistryError::Schema {
            name: name.to_owned(),
            reason,
        };
        let mut input_schema = schema::<T::Input>();
        let Some(object) = input_schema.as_object_mut() else {
            return Err(unusable("it is no object".into()));
        };
        if object.get("type").and_then(Value::as_str) != Some("object") {
            return Err(unusable(
                "the arguments have to be a struct with named fields".into(),
            ));
        }
        // Some providers refuse an object without it.
        object
            .entry("properties")
            .or_insert_with(|| Value::Object(Default::default()));
        let arguments = jsonschema::validator_for(&input_schema)
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            spec: ToolSpec {
                name: name.to_owned(),
                description: info.description,
                input_schema,
                effect: info.effect,
            },
            output_schema: schema::<T::Output>(),
            deadline: info.deadline,
            slots: Semaphore::new(info.concurrency.min(Semaphore::MAX_PERMITS)),
            tool: Box::new(tool),
            arguments,
        })
    }

    /// Whether arguments fit; else where they do not, and what would.
    pub(super) fn check(&self, arguments: &Value) -> Result<(), ToolError> {
        let mut errors = self.arguments.iter_errors(arguments);
        let told: Vec<String> = errors
            .by_ref()
            .take(TOLD)
            .map(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                place => format!("at {place}: {error}"),
            })
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        let mut reason = told.join("; ");
        if errors.next().is_some() {
            reason += "; and more";
        }
        Err(ToolError::Arguments {
            tool: self.spec.name.clone(),
            reason,
        })
    }
}

/// The schema of a type as model providers take it: without references, and without a name of its own.
fn schema<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

/// A [`Tool`] without its types.
#[async_trait]
pub(super) trait AnyTool: Send + Sync {
    async fn call(
        &self,
        name: &str,
        context: &ToolContext,
        arguments: Value,
    ) -> Result<Value, ToolError>;
}

#[async_trait]
impl<T: Tool> AnyTool for T {
    async fn call(
        &self,
        name: &str,
        context: &ToolContext,
        arguments: Value,
    ) -> Result<Value, ToolError> {
        // What the schema cannot say is told here: a path that leaves, for one.
        let input = serde_json::from_value(arguments).map_err(|error| ToolError::Arguments {
            tool: name.to_owned(),
            reason: error.to_string(),
        })?;
        let answer = Tool::call(self, context, input).await?;
        serde_json::to_value(answer).map_err(|error| ToolError::Answer {
            tool: name.to_owned(),
            reason: error.to_string(),
        })
    }
}
