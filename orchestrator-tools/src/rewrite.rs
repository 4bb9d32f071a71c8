//! Structural search and replacement by pattern.

use ast_grep_core::Language as _;
use ast_grep_core::matcher::Pattern;
use ast_grep_core::replacer::TemplateFix;
use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_language::SupportLang;

use crate::language::Language;

/// A pattern or rewrite that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// The pattern is not code of the language.
    #[error("the pattern `{pattern}` is not valid {language}: {reason}")]
    Invalid {
        /// The pattern.
        pattern: String,
        /// The language it was read as.
        language: Language,
        /// What the parser said.
        reason: String,
    },
    /// The rewrite uses a metavariable that the pattern does not bind.
    #[error("the rewrite uses `${name}`, which the pattern `{pattern}` does not bind")]
    Unbound {
        /// The metavariable, without `$`.
        name: String,
        /// The pattern.
        pattern: String,
    },
}

/// The outcome of rewriting one source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The new text; the old one where nothing matched.
    pub text: String,
    /// How many places were replaced.
    pub replacements: usize,
}

/// A pattern with metavariables (`$A` for one node, `$$$ARGS` for several) and
/// what to put in the place of each match.
///
/// Patterns are ast-grep's. Nested matches are replaced from the outside in,
/// until none is left or `MAX_PASSES` is reached (a rewrite that contains its
/// own pattern would never end).
pub struct Rewriter {
    pattern: Pattern,
    rewrite: TemplateFix,
    grammar: SupportLang,
    grows: bool,
}

const MAX_PASSES: usize = 16;

impl Rewriter {
    /// Compiles a pattern and its rewrite.
    ///
    /// # Errors
    /// [`PatternError`] where the pattern does not parse or the rewrite uses
    /// what it does not bind.
    pub fn new(language: Language, pattern: &str, rewrite: &str) -> Result<Self, PatternError> {
        let grammar = language.grammar();
        let compiled = compile(language, pattern)?;
        let template = match TemplateFix::try_new(rewrite, &grammar) {
            Ok(template) => template,
            Err(never) => match never {},
        };
        let bound = compiled.defined_vars();
        let mut used: Vec<_> = template.used_vars().into_iter().collect();
        used.sort_unstable();
        if let Some(name) = used.into_iter().find(|name| !bound.contains(name)) {
            return Err(PatternError::Unbound {
                name: name.to_owned(),
                pattern: pattern.to_owned(),
            });
        }
        let grows = grammar.ast_grep(rewrite).root().find(&compiled).is_some();
        Ok(Self {
            pattern: compiled,
            rewrite: template,
            grammar,
            grows,
        })
    }

    /// Replaces every match in `source`.
    #[must_use]
    pub fn rewrite(&self, source: &str) -> Rewritten {
        let mut text = source.to_owned();
        let mut replacements = 0;
        // A rewrite that contains its own pattern is applied once.
        let passes = if self.grows { 1 } else { MAX_PASSES };
        for _ in 0..passes {
            let tree = self.grammar.ast_grep(&text);
            let edits = tree.root().replace_all(&self.pattern, &self.rewrite);
            if edits.is_empty() {
                break;
            }
            replacements += edits.len();
            let mut next = text.as_bytes().to_vec();
            // From the back, so that earlier offsets stay true.
            for edit in edits.iter().rev() {
                let end = edit.position + edit.deleted_length;
                next.splice(edit.position..end, edit.inserted_text.iter().copied());
            }
            // Edits fall on node borders, which are character borders.
            match String::from_utf8(next) {
                Ok(next) if next != text => text = next,
                _ => break,
            }
        }
        Rewritten { text, replacements }
    }
}

/// The lines (from 1) at which `pattern` matches in `source`.
pub(crate) fn matching_lines(
    language: Language,
    pattern: &str,
    source: &str,
) -> Result<Vec<usize>, PatternError> {
    let compiled = compile(language, pattern)?;
    let tree = language.grammar().ast_grep(source);
    Ok(tree
        .root()
        .find_all(&compiled)
        .map(|found| found.start_pos().line() + 1)
        .collect())
}

fn compile(language: Language, pattern: &str) -> Result<Pattern, PatternError> {
    let invalid = |reason: String| PatternError::Invalid {
        pattern: pattern.to_owned(),
        language,
        reason,
    };
    if let Some(statement) = go_statement(language, pattern) {
        return Ok(statement);
    }
    let compiled = Pattern::try_new(pattern, language.grammar())
        .map_err(|error| invalid(error.to_string()))?;
    if compiled.has_error() {
        return Err(invalid("it does not parse".to_owned()));
    }
    Ok(compiled)
}

/// Reads a pattern as a Go statement. Outside of a function, Go's grammar takes
/// `f(x)` for a type conversion, which would never match a call.
fn go_statement(language: Language, pattern: &str) -> Option<Pattern> {
    if language != Language::Go {
        return None;
    }
    let grammar = language.grammar();
    let context = format!("func _() {{\n{pattern}\n}}");
    let tree = grammar.ast_grep(grammar.pre_process_pattern(&context));
    let root = tree.root();
    if root.dfs().any(|node| node.is_error() || node.is_missing()) {
        return None;
    }
    // The smallest node that holds the whole pattern.
    let start = context.find(pattern)?;
    let node = root
        .dfs()
        .filter(|node| node.range().start == start)
        .take_while(|node| node.text().len() >= grammar.pre_process_pattern(pattern).trim().len());
    let kind = node.last()?.kind().into_owned();
    Pattern::contextual(&context, &kind, grammar)
        .ok()
        .filter(|pattern| !pattern.has_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, pattern: &str, rewrite: &str, source: &str, expected: &str) {
        let rewriter = Rewriter::new(language, pattern, rewrite).unwrap();
        assert_eq!(rewriter.rewrite(source).text, expected);
    }

    #[test]
    fn rewrites_in_each_language() {
        check(
            Language::Rust,
            "Duration::from_millis($N * 1000)",
            "Duration::from_secs($N)",
            "fn f() { g(Duration::from_millis(5 * 1000)); } // Duration::from_millis(5 * 1000)",
            "fn f() { g(Duration::from_secs(5)); } // Duration::from_millis(5 * 1000)",
        );
        check(
            Language::Python,
            "assertEquals($A, $B)",
            "assertEqual($A, $B)",
            "assertEquals(f(x), 'assertEquals(1, 2)')\n",
            "assertEqual(f(x), 'assertEquals(1, 2)')\n",
        );
        check(
            Language::TypeScript,
            "console.log($$$ARGS)",
            "log.info($$$ARGS)",
            "console.log(1, `a${b}`);",
            "log.info(1, `a${b}`);",
        );
        check(
            Language::JavaScript,
            "$A == null",
            "$A === null",
            "x.y == null",
            "x.y === null",
        );
        check(
            Language::Tsx,
            "<Old a={$V} />",
            "<New a={$V} />",
            "const x = <Old a={1} />;",
            "const x = <New a={1} />;",
        );
        check(
            Language::Go,
            "ioutil.ReadAll($R)",
            "io.ReadAll($R)",
            "package p\nfunc f() { ioutil.ReadAll(r) }\n",
            "package p\nfunc f() { io.ReadAll(r) }\n",
        );
    }

    #[test]
    fn nested_matches_are_all_replaced() {
        check(
            Language::Rust,
            "old($A)",
            "new($A)",
            "fn f() { old(old(1)) }",
            "fn f() { new(new(1)) }",
        );
    }

    #[test]
    fn a_rewrite_that_contains_its_pattern_ends() {
        check(
            Language::Rust,
            "f($A)",
            "g(f($A))",
            "fn m() { f(1); }",
            "fn m() { g(f(1)); }",
        );
    }

    #[test]
    fn mistakes_are_named() {
        let error = |pattern, rewrite| {
            Rewriter::new(Language::Rust, pattern, rewrite)
                .err()
                .unwrap()
                .to_string()
        };
        assert!(error("f($A)", "g($B)").contains("`$B`"));
        assert!(error("fn (", "x").contains("not valid rust"));
    }
}
