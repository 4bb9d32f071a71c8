//! Renaming identifiers by syntax tree.

mod examples;

use ast_grep_core::Node;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_language::SupportLang;

use crate::language::Language;

type SourceNode<'tree> = Node<'tree, StrDoc<SupportLang>>;

/// One place where an identifier stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// Byte offset.
    pub start: usize,
    /// The line, from 1.
    pub line: usize,
}

/// The outcome of renaming in one source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The new text.
    pub text: String,
    /// How many places changed.
    pub replacements: usize,
}

/// A name that cannot be an identifier.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` is not an identifier in {language}; give a plain name that is no keyword")]
pub struct InvalidIdentifier {
    name: String,
    language: Language,
}

/// Every place in `source` where `name` is an identifier: a variable, function,
/// type, field, method, module. Comments and strings are text, not code, with
/// two exceptions in Rust: a variable captured by a format string (`"{name}"` in
/// `println!` and its kin), and the examples in documentation, which are built
/// and run as tests.
#[must_use]
pub fn identifiers_in(language: Language, source: &str, name: &str) -> Vec<Identifier> {
    // Most files do not hold the name at all, and parsing is what costs.
    if !source.contains(name) {
        return Vec::new();
    }
    let tree = language.grammar().ast_grep(source);
    let mut found: Vec<_> = tree
        .root()
        .dfs()
        .filter(|node| is_identifier(node) && node.text() == name)
        .map(|node| Identifier {
            start: node.range().start,
            line: node.start_pos().line() + 1,
        })
        .collect();
    if language == Language::Rust {
        found.extend(format_captures(&tree.root(), name));
        found.extend(examples::identifiers_in_examples(source, name));
    }
    found.sort_unstable_by_key(|place| place.start);
    found.dedup();
    found
}

/// Renames `from` to `to` wherever it is an identifier ([`identifiers_in`]).
///
/// The syntax tree knows no scopes: every identifier of that name is renamed.
///
/// # Errors
/// [`InvalidIdentifier`] where `from` or `to` is not an identifier of the
/// language.
pub fn rename_in_source(
    language: Language,
    source: &str,
    from: &str,
    to: &str,
) -> Result<Renamed, InvalidIdentifier> {
    for name in [from, to] {
        if !is_name(language, name) {
            return Err(InvalidIdentifier {
                name: name.to_owned(),
                language,
            });
        }
    }
    let places = identifiers_in(language, source, from);
    let mut text = source.to_owned();
    for place in places.iter().rev() {
        text.replace_range(place.start..place.start + from.len(), to);
    }
    Ok(Renamed {
        text,
        replacements: places.len(),
    })
}

/// Whether `name` can name something in `language`.
#[must_use]
pub fn is_name(language: Language, name: &str) -> bool {
    let dollar = matches!(
        language,
        Language::JavaScript | Language::TypeScript | Language::Tsx
    );
    !name.is_empty()
        && name != "_"
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || dollar && c == '$')
        && !name.starts_with(|c: char| c.is_numeric())
        && !keywords(language).contains(&name)
}

/// The reserved words. Grammars are too forgiving to be asked.
const fn keywords(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &[
            "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
            "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen",
            "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
            "priv", "pub", "ref", "return", "self", "Self", "static", "struct", "super", "trait",
            "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where",
            "while", "yield",
        ],
        Language::Python => &[
            "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
            "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
            "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
            "return", "try", "while", "with", "yield",
        ],
        Language::JavaScript | Language::TypeScript | Language::Tsx => &[
            "await",
            "break",
            "case",
            "catch",
            "class",
            "const",
            "continue",
            "debugger",
            "default",
            "delete",
            "do",
            "else",
            "enum",
            "export",
            "extends",
            "false",
            "finally",
            "for",
            "function",
            "if",
            "implements",
            "import",
            "in",
            "instanceof",
            "interface",
            "let",
            "new",
            "null",
            "package",
            "private",
            "protected",
            "public",
            "return",
            "static",
            "super",
            "switch",
            "this",
            "throw",
            "true",
            "try",
            "typeof",
            "var",
            "void",
            "while",
            "with",
            "yield",
        ],
        Language::Go => &[
            "break",
            "case",
            "chan",
            "const",
            "continue",
            "default",
            "defer",
            "else",
            "fallthrough",
            "for",
            "func",
            "go",
            "goto",
            "if",
            "import",
            "interface",
            "map",
            "package",
            "range",
            "return",
            "select",
            "struct",
            "switch",
            "type",
            "var",
        ],
    }
}

fn is_identifier(node: &SourceNode<'_>) -> bool {
    let kind = node.kind();
    let identifier = kind.ends_with("identifier") || kind.ends_with("identifier_pattern");
    // `'a` holds an identifier `a` that is a name of its own kind.
    let lifetime = || {
        node.parent()
            .is_some_and(|parent| parent.kind() == "lifetime")
    };
    identifier && node.is_named_leaf() && !lifetime()
}

/// Places in format strings that name the variable `name`.
fn format_captures<'tree>(
    root: &SourceNode<'tree>,
    name: &str,
) -> impl Iterator<Item = Identifier> + use<'tree> {
    let places: Vec<_> = root
        .dfs()
        .filter(|node| node.kind() == "macro_invocation" && formats(node))
        .flat_map(|call| call.dfs().collect::<Vec<_>>())
        .filter(|node| node.kind() == "string_content")
        .flat_map(|content| {
            let text = content.text();
            let start = content.range().start;
            let line = content.start_pos().line() + 1;
            captures_in(&text, name)
                .into_iter()
                .map(|at| Identifier {
                    start: start + at,
                    line: line + text[..at].matches('\n').count(),
                })
                .collect::<Vec<_>>()
        })
        .collect();
    places.into_iter()
}

fn formats(call: &SourceNode<'_>) -> bool {
    const FORMATTING: [&str; 29] = [
        "format",
        "format_args",
        "print",
        "println",
        "eprint",
        "eprintln",
        "write",
        "writeln",
        "panic",
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "todo",
        "unimplemented",
        "unreachable",
        "trace",
        "debug",
        "info",
        "warn",
        "error",
        "log",
        "anyhow",
        "bail",
        "ensure",
        "const_format",
        "concatcp",
    ];
    call.field("macro").is_some_and(|path| {
        let path = path.text();
        let last = path.rsplit("::").next().unwrap_or(&path);
        FORMATTING.contains(&last)
    })
}

/// Byte offsets at which `text`, a format string, captures `name`: as the
/// argument (`{name}`, `{name:>8}`) or as a width or precision (`{:name$}`).
fn captures_in(text: &str, name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|offset| at + offset) {
        let body = open + 1;
        if text[body..].starts_with('{') {
            at = body + 1;
            continue;
        }
        let Some(close) = text[body..].find('}').map(|offset| body + offset) else {
            break;
        };
        let (argument, spec) = match text[body..close].find(':') {
            Some(colon) => (&text[body..body + colon], Some(body + colon + 1)),
            None => (&text[body..close], None),
        };
        if argument.trim() == name {
            found.push(body + argument.len() - argument.trim_start().len());
        }
        if let Some(spec) = spec {
            let parameter = format!("{name}$");
            found.extend(
                text[spec..close]
                    .match_indices(&parameter)
                    .filter_map(|(offset, _)| {
                        let before = text[spec..spec + offset].chars().next_back();
                        let whole = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
                        whole.then_some(spec + offset)
                    }),
            );
        }
        at = close + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, source: &str, expected: &str) {
        assert_eq!(
            rename_in_source(language, source, "old", "fresh")
                .unwrap()
                .text,
            expected
        );
    }

    #[test]
    fn code_is_renamed_and_text_is_not() {
        check(
            Language::Rust,
            "/// old\nfn old<'old>(s: S) -> u8 { s.old + old::<u8>(\"old\") } // older old",
            "/// old\nfn fresh<'old>(s: S) -> u8 { s.fresh + fresh::<u8>(\"old\") } // older old",
        );
        check(
            Language::Python,
            "def old(x):  # old\n    return f'{old} old' + x.old(old=1)\n",
            "def fresh(x):  # old\n    return f'{fresh} old' + x.fresh(fresh=1)\n",
        );
        check(
            Language::TypeScript,
            "const old = { old, b: `${old} old` }; // old",
            "const fresh = { fresh, b: `${fresh} old` }; // old",
        );
        check(
            Language::Go,
            "package p\n// old\nfunc old(t T) { t.old(\"old\") }\n",
            "package p\n// old\nfunc fresh(t T) { t.fresh(\"old\") }\n",
        );
    }

    #[test]
    fn examples_in_documentation_are_code() {
        check(
            Language::Rust,
            "/// Calls old.\n///\n/// ```\n/// # use a::old;\n/// old(\"old\"); // old\n/// ```\n\
             /// and old\n///\n/// ```text\n/// old\n/// ```\nfn old() {}\n",
            "/// Calls old.\n///\n/// ```\n/// # use a::fresh;\n/// fresh(\"old\"); // old\n/// ```\n\
             /// and old\n///\n/// ```text\n/// old\n/// ```\nfn fresh() {}\n",
        );
        check(
            Language::Rust,
            "//! ```rust,no_run\n//! é::old();\n//! ```\n",
            "//! ```rust,no_run\n//! é::fresh();\n//! ```\n",
        );
    }

    #[test]
    fn format_strings_capture_variables() {
        check(
            Language::Rust,
            r#"fn f() { println!("{old} {{old}} {old:>8} {:1$.old$} {older}", x); g("{old}"); }"#,
            r#"fn f() { println!("{fresh} {{old}} {fresh:>8} {:1$.fresh$} {older}", x); g("{old}"); }"#,
        );
    }

    #[test]
    fn keywords_and_garbage_are_refused() {
        for bad in ["fn", "a b", "1a", "", "a-b", "(", "match"] {
            assert!(!is_name(Language::Rust, bad), "{bad}");
        }
        assert!(is_name(Language::Rust, "received"));
        assert!(!is_name(Language::Python, "def"));
        assert!(!is_name(Language::Go, "func"));
        assert!(!is_name(Language::TypeScript, "new"));
        assert!(is_name(Language::TypeScript, "fn"));
    }
}
