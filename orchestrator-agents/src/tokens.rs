//! What texts cost a model.

use std::fmt;
use std::sync::Arc;

use orchestrator_memory::{CachedTokens, EstimatedTokens, TokenCounter, Vocabulary};

/// Counts tokens as one model does, where its vocabulary is known; else it estimates them, rather too
/// high than too low.
///
/// Long texts are counted once: instructions, schemas of tools and the conversation so far are the same
/// in every request.
#[derive(Clone)]
pub struct Tokens(Arc<dyn TokenCounter>);

impl Tokens {
    /// Those of a model, by its name.
    ///
    /// ```
    /// use orchestrator_agents::Tokens;
    ///
    /// assert_eq!(Tokens::of_model("gpt-4o").of("hello world"), 2);
    /// assert_eq!(Tokens::of_model("mechanical").of("hello world"), 4);
    /// ```
    #[must_use]
    pub fn of_model(name: &str) -> Self {
        Self(match Vocabulary::of_model(name) {
            Some(vocabulary) => Arc::new(CachedTokens::new(vocabulary)),
            None => Arc::new(EstimatedTokens),
        })
    }

    /// The tokens of a text.
    #[must_use]
    pub fn of(&self, text: &str) -> usize {
        self.0.count(text)
    }
}

impl TokenCounter for Tokens {
    fn count(&self, text: &str) -> usize {
        self.of(text)
    }
}

/// Of no known model.
impl Default for Tokens {
    fn default() -> Self {
        Self(Arc::new(EstimatedTokens))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
