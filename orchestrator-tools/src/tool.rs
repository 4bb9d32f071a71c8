//! What a tool is.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::error::ToolError;
use crate::outputs::Outputs;
use crate::seen::Seen;
use crate::worktree::Worktree;

/// What repeating a call does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Pure,
    /// Changes something, and repeating it changes nothing more.
    Idempotent,
    /// Can be undone by another call.
    Compensatable,
    /// Can be neither repeated nor undone.
    Unsafe,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure => "pure",
            Self::Idempotent => "idempotent",
            Self::Compensatable => "compensatable",
            Self::Unsafe => "unsafe",
        })
    }
}

/// How a tool is shown to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The name that a call uses.
    pub name: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// JSON schema of the arguments object.
    pub input_schema: Value,
    /// What repeating a call does.
    pub effect: Effect,
}

/// Where and under what conditions a call runs.
#[derive(Debug, Clone)]
pub struct ToolContext {
    /// The worktree that the call sees.
    pub worktree: Worktree,
    /// Where build tools put their output: outside the worktree, so that it
    /// holds nothing but work.
    pub build_folder: PathBuf,
    /// Ends the call early.
    pub cancel: CancellationToken,
    /// How long an answer may be, and where the rest of a longer one is kept.
    pub outputs: Outputs,
    /// What has been read, so that nothing else is changed.
    pub seen: Seen,
}

impl ToolContext {
    /// A context in which answers may be as long as they are.
    #[must_use]
    pub fn new(
        worktree: Worktree,
        build_folder: impl Into<PathBuf>,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            worktree,
            build_folder: build_folder.into(),
            cancel,
            outputs: Outputs::unlimited(),
            seen: Seen::default(),
        }
    }
}

/// What a tool says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolInfo {
    /// The name that a call uses: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does, in a sentence or two that a model reads.
    pub description: String,
    /// What repeating a call does.
    pub effect: Effect,
    /// How long a call may take. Default: an hour; what runs commands has limits of its own.
    pub deadline: Duration,
    /// How many calls run at once; others wait. Default: as many as there are.
    pub concurrency: usize,
}

impl ToolInfo {
    /// With the default limits.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, effect: Effect) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            effect,
            deadline: Duration::from_secs(60 * 60),
            concurrency: usize::MAX,
        }
    }

    /// With another deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// With so many calls at once, at least one.
    #[must_use]
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }
}

/// One capability that a model can call.
///
/// A call must stay beneath [`ToolContext::worktree`], must end soon after
/// [`ToolContext::cancel`] or where it is dropped, and must either have its whole
/// effect or none where it returns an error.
///
/// Where no state is needed, [`tool_fn`] makes one of a function.
#[async_trait]
pub trait Tool: Send + Sync + 'static {
    /// The arguments: an object. Its schema is what a model is shown, so its fields' comments are written
    /// for one, and what does not fit it is refused before the call.
    type Input: DeserializeOwned + JsonSchema + Send;

    /// The answer.
    type Output: Serialize + JsonSchema;

    /// Name, description, effect and limits; asked for once.
    fn info(&self) -> ToolInfo;

    /// Does it.
    ///
    /// # Errors
    /// [`ToolError`], in words that tell the model what to change.
    async fn call(
        &self,
        context: &ToolContext,
        input: Self::Input,
    ) -> Result<Self::Output, ToolError>;
}

/// A tool of a function.
///
/// ```
/// use orchestrator_tools::{Effect, ToolContext, ToolInfo, ToolRegistry, tool_fn};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let context = ToolContext::new(orchestrator_tools::Worktree::new("/"), "/", Default::default());
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Greeting {
///     /// Who is greeted.
///     name: String,
/// }
///
/// let info = ToolInfo::new("greet", "Greets somebody.", Effect::Pure);
/// let greet = tool_fn(info, |_: ToolContext, greeting: Greeting| async move {
///     Ok(format!("Hello {}", greeting.name))
/// });
///
/// let mut registry = ToolRegistry::new();
/// registry.register(greet)?;
/// let answer = registry.call("greet", &context, serde_json::json!({"name": "Ada"})).await?;
/// assert_eq!(answer, "Hello Ada");
/// let error = registry.call("greet", &context, serde_json::json!({"nmae": "Ada"})).await;
/// assert!(error.unwrap_err().to_string().contains("\"name\" is a required property"));
/// # Ok(()) }
/// ```
pub fn tool_fn<I, O, F, R>(info: ToolInfo, function: F) -> ToolFn<I, F>
where
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema,
    F: Fn(ToolContext, I) -> R + Send + Sync + 'static,
    R: Future<Output = Result<O, ToolError>> + Send,
{
    ToolFn {
        info,
        function,
        input: PhantomData,
    }
}

/// A tool of a function: see [`tool_fn`].
pub struct ToolFn<I, F> {
    info: ToolInfo,
    function: F,
    input: PhantomData<fn(I)>,
}

impl<I, F> fmt::Debug for ToolFn<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolFn")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<I, O, F, R> Tool for ToolFn<I, F>
where
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema,
    F: Fn(ToolContext, I) -> R + Send + Sync + 'static,
    R: Future<Output = Result<O, ToolError>> + Send,
{
    type Input = I;
    type Output = O;

    fn info(&self) -> ToolInfo {
        self.info.clone()
    }

    async fn call(&self, context: &ToolContext, input: I) -> Result<O, ToolError> {
        (self.function)(context.clone(), input).await
    }
}
