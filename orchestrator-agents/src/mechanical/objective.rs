//! Reading an objective.

use orchestrator_tools::Language;
use serde::{Deserialize, Serialize};

/// The missions that the mechanical model knows, as a user would type them.
pub const KNOWN_MISSIONS: [&str; 4] = [
    "apply clippy suggestions",
    "apply clippy suggestions pedantic   (add `including tests` for test code too)",
    "replace `PATTERN` with `REWRITE`    (ast-grep patterns: $A is one node, $$$ARGS several)",
    "rename `old_name` to `new_name`     (identifiers in code; comments and strings stay)",
];

/// What an objective asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mission", rename_all = "snake_case")]
pub enum Objective {
    /// Apply what clippy says a machine may apply.
    Clippy {
        /// With the pedantic lints.
        pedantic: bool,
        /// In test code too.
        include_tests: bool,
    },
    /// Replace code by its shape.
    Replace {
        /// The pattern.
        pattern: String,
        /// What stands in its place.
        rewrite: String,
        /// Where.
        place: Place,
    },
    /// Rename an identifier.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
        /// Where.
        place: Place,
    },
}

/// What the words of an objective restrict it to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// A language, if one is named.
    pub language: Option<Language>,
    /// A glob, if one is named.
    pub glob: Option<String>,
}

/// An objective that maps to nothing the mechanical model can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the mechanical model cannot do `{objective}`{}\nIt knows these missions:{}",
    .hint.as_ref().map(|hint| format!(": {hint}.")).unwrap_or_default(),
    KNOWN_MISSIONS.map(|mission| format!("\n  {mission}")).concat()
)]
pub struct ObjectiveError {
    objective: String,
    hint: Option<String>,
}

impl Objective {
    /// Reads an objective in words.
    ///
    /// Wording may vary within bounds; but every word has to be understood.
    /// An objective with one word too many ("apply clippy suggestions *except
    /// in parser.rs*") is refused rather than half carried out.
    ///
    /// # Errors
    /// [`ObjectiveError`] with the list of what would be understood.
    pub fn parse(text: &str) -> Result<Self, ObjectiveError> {
        let error = |hint: Option<String>| ObjectiveError {
            objective: text.trim().to_owned(),
            hint,
        };
        let tokens = tokenize(text).map_err(|hint| error(Some(hint)))?;
        clippy(&tokens)
            .or_else(|| replace(&tokens))
            .or_else(|| rename(&tokens))
            .ok_or_else(|| error(hint(&tokens)))
    }
}

/// A word in lower case, or what stood between quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
}

impl Token {
    fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Quoted(_) => None,
        }
    }

    /// The text as it was written.
    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) => text,
        }
    }
}

/// Splits an objective into words and quotations. A quotation stands between
/// runs of backticks of the same length, so that code may hold backticks.
fn tokenize(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim().trim_end_matches(['.', '!']);
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() || first == ',' {
            rest = &rest[first.len_utf8()..];
        } else if first == '`' {
            let fence = &rest[..rest.len() - rest.trim_start_matches('`').len()];
            let body = &rest[fence.len()..];
            let end = body.find(fence).ok_or("a backtick is never closed")?;
            tokens.push(Token::Quoted(body[..end].trim().to_owned()));
            rest = &body[end + fence.len()..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || c == '`' || c == ',');
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        }
    }
    Ok(tokens)
}

fn clippy(tokens: &[Token]) -> Option<Objective> {
    const VERBS: [&str; 8] = [
        "apply", "fix", "accept", "resolve", "address", "follow", "run", "clean",
    ];
    const BEFORE: [&str; 13] = [
        "up",
        "all",
        "every",
        "the",
        "of",
        "from",
        "by",
        "cargo",
        "machine",
        "applicable",
        "machine-applicable",
        "automatic",
        "pedantic",
    ];
    const NOUNS: [&str; 14] = [
        "suggestions",
        "suggestion",
        "lints",
        "lint",
        "warnings",
        "warning",
        "hints",
        "advice",
        "findings",
        "issues",
        "complaints",
        "recommendations",
        "fixes",
        "--fix",
    ];
    const PLACES: [&str; 9] = [
        "repository",
        "repo",
        "project",
        "workspace",
        "code",
        "codebase",
        "crate",
        "crates",
        "mode",
    ];
    let words: Vec<Token> = tokens
        .iter()
        .map(|token| Token::Word(token.text().to_lowercase().replace("clippy::", "")))
        .collect();
    let mut reader = Reader::new(&words);
    let mut pedantic = words.iter().any(|word| word.text() == "pedantic");
    let mut include_tests = false;
    reader.skip(&["please"]);
    let verb = reader.one_of(&VERBS).is_some();
    // What is to be applied: `the pedantic clippy suggestions`, `the suggestions
    // of clippy`, `cargo clippy --fix`.
    reader.skip(&BEFORE);
    let mut noun = reader.one_of(&NOUNS).is_some();
    reader.skip(&BEFORE);
    reader.one_of(&["clippy", "clippy's"])?;
    loop {
        reader.skip(&["pedantic", "machine-applicable", "--"]);
        if reader.one_of(&NOUNS).is_none() {
            break;
        }
        noun = true;
    }
    if !(noun && (verb || words.iter().any(|word| word.text() == "--fix"))) {
        return None;
    }
    // Where, and how much.
    while !reader.rest.is_empty() {
        if reader
            .one_of(&["automatically", "everywhere", "please", "pedantic"])
            .is_some()
        {
        } else if reader.one_of(&["including", "include", "and"]).is_some() {
            reader.skip(&["the", "all", "in"]);
            reader.one_of(&["tests", "test"])?;
            reader.skip(&["code", "too", "also"]);
            include_tests = true;
        } else {
            reader.one_of(&["in", "of", "on", "for", "across", "with", "at"])?;
            reader.skip(&[
                "the", "this", "my", "our", "all", "whole", "entire", "every",
            ]);
            if reader.one_of(&["pedantic"]).is_some() {
                pedantic = true;
                reader.skip(&["lints", "mode", "level", "group"]);
            } else {
                reader.one_of(&PLACES)?;
            }
        }
    }
    Some(Objective::Clippy {
        pedantic,
        include_tests,
    })
}

fn replace(tokens: &[Token]) -> Option<Objective> {
    const VERBS: [&str; 8] = [
        "replace",
        "rewrite",
        "change",
        "convert",
        "turn",
        "swap",
        "substitute",
        "codemod",
    ];
    const OBJECTS: [&str; 13] = [
        "all",
        "every",
        "each",
        "any",
        "calls",
        "call",
        "uses",
        "use",
        "occurrences",
        "instances",
        "of",
        "to",
        "the",
    ];
    const CONNECTORS: [&str; 6] = ["with", "by", "to", "into", "->", "=>"];
    let mut reader = Reader::new(tokens);
    reader.skip(&["please"]);
    reader.one_of(&VERBS)?;
    reader.skip(&OBJECTS);
    let pattern = reader.quoted().filter(|pattern| !pattern.is_empty())?;
    reader.one_of(&CONNECTORS)?;
    let rewrite = reader.quoted()?;
    let place = reader.place()?;
    Some(Objective::Replace {
        pattern,
        rewrite,
        place,
    })
}

fn rename(tokens: &[Token]) -> Option<Objective> {
    const KINDS: [&str; 21] = [
        "the",
        "all",
        "every",
        "identifier",
        "identifiers",
        "name",
        "of",
        "function",
        "functions",
        "method",
        "methods",
        "variable",
        "variables",
        "type",
        "struct",
        "enum",
        "class",
        "field",
        "constant",
        "module",
        "symbol",
    ];
    const CONNECTORS: [&str; 6] = ["to", "as", "into", "->", "=>", "with"];
    let mut reader = Reader::new(tokens);
    reader.skip(&["please"]);
    if reader.one_of(&["rename"]).is_none() {
        reader.one_of(&["change"])?;
        reader.skip(&["the"]);
        reader.one_of(&["name"])?;
    }
    reader.skip(&KINDS);
    let from = reader.name()?;
    reader.one_of(&CONNECTORS)?;
    let to = reader.name()?;
    let place = reader.place()?;
    Some(Objective::Rename { from, to, place })
}

/// Reads tokens from the front.
struct Reader<'a> {
    rest: &'a [Token],
}

impl<'a> Reader<'a> {
    const fn new(rest: &'a [Token]) -> Self {
        Self { rest }
    }

    fn skip(&mut self, words: &[&str]) {
        while self.one_of(words).is_some() {}
    }

    fn one_of(&mut self, words: &[&str]) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        let word = first.word()?.to_lowercase();
        words.contains(&word.as_str()).then(|| self.rest = rest)
    }

    fn quoted(&mut self) -> Option<String> {
        let (Token::Quoted(text), rest) = self.rest.split_first()? else {
            return None;
        };
        self.rest = rest;
        Some(text.clone())
    }

    /// A name, quoted or not.
    fn name(&mut self) -> Option<String> {
        let (first, rest) = self.rest.split_first()?;
        let text = first.text().trim_matches(['\'', '"']);
        let plain = !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
        self.rest = rest;
        plain.then(|| text.to_owned())
    }

    /// `everywhere`, `in rust files`, ``in `src/**` ``: all that may follow.
    fn place(&mut self) -> Option<Place> {
        const EVERYWHERE: [&str; 14] = [
            "everywhere",
            "in",
            "under",
            "within",
            "the",
            "this",
            "whole",
            "all",
            "files",
            "file",
            "code",
            "repository",
            "repo",
            "project",
        ];
        let mut place = Place::default();
        while let Some((first, rest)) = self.rest.split_first() {
            match first {
                Token::Quoted(glob) if place.glob.is_none() => place.glob = Some(glob.clone()),
                Token::Word(word) if EVERYWHERE.contains(&word.to_lowercase().as_str()) => {}
                Token::Word(word) if place.language.is_none() => {
                    place.language = Some(word.parse().ok()?);
                }
                _ => return None,
            }
            self.rest = rest;
        }
        Some(place)
    }
}

/// What is missing where an objective begins like a known one.
fn hint(tokens: &[Token]) -> Option<String> {
    let word = tokens.first()?.word()?.to_lowercase();
    Some(match word.as_str() {
        "replace" | "rewrite" => {
            "write the pattern and the rewrite between backticks, and nothing after them but `in \
             LANGUAGE` or a glob between backticks"
        }
        "rename" => "give two plain names, as in: rename `old_name` to `new_name`",
        _ if tokens.iter().any(|t| t.word().is_some_and(|w| w.to_lowercase().contains("clippy"))) => {
            "it would have to leave out words that it does not understand"
        }
        _ => return None,
    }
    .to_owned())
}

#[cfg(test)]
mod tests;
