//! How many tokens a text costs.

#[cfg(feature = "bpe")]
mod bpe;

#[cfg(feature = "bpe")]
pub use self::bpe::{CachedTokens, TokenTally, Vocabulary};

/// Counts the tokens of a text, as the model that will read it does.
///
/// Any `Fn(&str) -> usize` is one. The budget holds for the sum over the parts of a context; a
/// counter that counts a text higher than the sum of its pieces makes that sum too low.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot count tokens",
    note = "give an `EstimatedTokens`, or a `Fn(&str) -> usize` that is `Send + Sync`"
)]
pub trait TokenCounter: Send + Sync {
    /// The tokens of `text`.
    fn count(&self, text: &str) -> usize;
}

impl<F: Fn(&str) -> usize + Send + Sync> TokenCounter for F {
    fn count(&self, text: &str) -> usize {
        self(text)
    }
}

/// An estimate that needs no vocabulary, meant to be rather too high than too low.
///
/// A third of a token for an ASCII letter or space, two thirds for any other ASCII character,
/// and beyond ASCII one token less than the character has bytes; rounded up over the text.
/// Byte-pair vocabularies take about four characters of English prose a token, so prose is
/// counted about a half too high; digits and signs, of which they merge few, weigh more. It is no
/// bound: a text made to be hard, say random letters, can take more. Where the budget is the
/// model's hard limit, give the model's own tokenizer.
///
/// ```
/// use orchestrator_memory::{EstimatedTokens, TokenCounter};
///
/// assert_eq!(EstimatedTokens.count(""), 0);
/// assert_eq!(EstimatedTokens.count("the quick brown fox"), 7);
/// assert_eq!(EstimatedTokens.count("x += 10;"), 5);
/// assert_eq!(EstimatedTokens.count("記憶"), 4);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EstimatedTokens;

impl TokenCounter for EstimatedTokens {
    fn count(&self, text: &str) -> usize {
        let thirds = |c: char| match c {
            'a'..='z' | 'A'..='Z' | ' ' => 1,
            c if c.is_ascii() => 2,
            c => 3 * (c.len_utf8() - 1),
        };
        text.chars().map(thirds).sum::<usize>().div_ceil(3)
    }
}
