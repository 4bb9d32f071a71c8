//! What a source file defines: its symbols, in their order, with what they are in.

use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_core::{Doc, Node};
use ast_grep_language::SupportLang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::Language;

/// Something that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Symbol {
    /// What it is, such as `function`, `struct`, `class`.
    pub kind: String,
    /// Its name; for an `impl`, what is implemented for what.
    pub name: String,
    /// Where it begins, from 1.
    pub line: usize,
    /// The last line of it.
    pub end: usize,
    /// In how many other symbols it is.
    pub depth: usize,
}

/// The symbols of a source text. Of a text with mistakes in it, those that can be made out.
///
/// ```
/// use orchestrator_tools::{Language, outline};
///
/// let symbols = outline(Language::Rust, "struct A;\n\nimpl A {\n    fn f(&self) {}\n}\n");
/// let names: Vec<_> = symbols.iter().map(|s| (s.kind.as_str(), s.name.as_str(), s.depth)).collect();
/// assert_eq!(names, [("struct", "A", 0), ("impl", "A", 0), ("function", "f", 1)]);
/// ```
#[must_use]
pub fn outline(language: Language, text: &str) -> Vec<Symbol> {
    let tree = language.grammar().ast_grep(text);
    let mut symbols = Vec::new();
    // Node, and in how many symbols it is: no recursion, for trees can be deep.
    let mut rest = vec![(tree.root(), 0)];
    while let Some((node, depth)) = rest.pop() {
        let symbol = symbol(language, &node, depth);
        let inner = depth + usize::from(symbol.is_some());
        symbols.extend(symbol);
        let children: Vec<_> = node.children().collect();
        rest.extend(children.into_iter().rev().map(|child| (child, inner)));
    }
    symbols
}

fn symbol(
    language: Language,
    node: &Node<'_, StrDoc<SupportLang>>,
    depth: usize,
) -> Option<Symbol> {
    let kind = kind(language, &node.kind())?;
    Some(Symbol {
        kind: kind.to_owned(),
        name: name(language, node)?,
        line: node.start_pos().line() + 1,
        end: node.end_pos().line() + 1,
        depth,
    })
}

/// What a node of the grammar defines, if it defines anything.
fn kind(language: Language, node: &str) -> Option<&'static str> {
    Some(match (language, node) {
        (Language::Rust, "function_item" | "function_signature_item") => "function",
        (Language::Rust, "struct_item") => "struct",
        (Language::Rust, "enum_item") => "enum",
        (Language::Rust, "union_item") => "union",
        (Language::Rust, "trait_item") => "trait",
        (Language::Rust, "impl_item") => "impl",
        (Language::Rust, "mod_item") => "module",
        (Language::Rust, "type_item" | "associated_type") => "type",
        (Language::Rust, "const_item") => "constant",
        (Language::Rust, "static_item") => "static",
        (Language::Rust, "macro_definition") => "macro",
        (Language::Python, "function_definition") => "function",
        (Language::Python, "class_definition") => "class",
        (Language::Go, "function_declaration") => "function",
        (Language::Go, "method_declaration") => "method",
        (Language::Go, "type_spec" | "type_alias") => "type",
        (Language::Go, "const_spec") => "constant",
        (
            Language::JavaScript | Language::TypeScript | Language::Tsx,
            "function_declaration" | "generator_function_declaration" | "function_signature",
        ) => "function",
        (
            Language::JavaScript | Language::TypeScript | Language::Tsx,
            "class_declaration" | "abstract_class_declaration",
        ) => "class",
        (
            Language::JavaScript | Language::TypeScript | Language::Tsx,
            "method_definition" | "method_signature" | "abstract_method_signature",
        ) => "method",
        (Language::TypeScript | Language::Tsx, "interface_declaration") => "interface",
        (Language::TypeScript | Language::Tsx, "type_alias_declaration") => "type",
        (Language::TypeScript | Language::Tsx, "enum_declaration") => "enum",
        (Language::TypeScript | Language::Tsx, "internal_module") => "namespace",
        // A function that a name is given to.
        (Language::JavaScript | Language::TypeScript | Language::Tsx, "variable_declarator") => {
            "function"
        }
        _ => return None,
    })
}

fn name<D: Doc>(language: Language, node: &Node<'_, D>) -> Option<String> {
    let text = |field: &str| node.field(field).map(|found| found.text().into_owned());
    match (language, &*node.kind()) {
        (Language::Rust, "impl_item") => {
            let of = text("type")?;
            Some(match text("trait") {
                Some(what) => format!("{what} for {of}"),
                None => of,
            })
        }
        (Language::Go, "method_declaration") => {
            let receiver = text("receiver")?;
            let of = receiver
                .trim_matches(['(', ')'])
                .split_whitespace()
                .last()?
                .to_owned();
            Some(format!("{of}.{}", text("name")?))
        }
        (_, "variable_declarator") => {
            let value = node.field("value")?;
            let is_function = [
                "arrow_function",
                "function_expression",
                "generator_function",
            ];
            is_function
                .contains(&&*value.kind())
                .then(|| text("name"))
                .flatten()
        }
        _ => text("name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(language: Language, text: &str) -> Vec<String> {
        let symbols = outline(language, text).into_iter();
        let line = |s: Symbol| {
            format!(
                "{}{} {} {}-{}",
                "  ".repeat(s.depth),
                s.kind,
                s.name,
                s.line,
                s.end
            )
        };
        symbols.map(line).collect()
    }

    #[test]
    fn each_language_has_its_symbols() {
        let rust = "mod m {\n    pub trait T {\n        type A;\n        fn f();\n    }\n}\nimpl<X> m::T for Vec<X> {\n    fn f() { fn inner() {} }\n}\nconst C: u8 = 1;\nmacro_rules! mac { () => {} }\n";
        assert_eq!(
            shown(Language::Rust, rust),
            [
                "module m 1-6",
                "  trait T 2-5",
                "    type A 3-3",
                "    function f 4-4",
                "impl m::T for Vec<X> 7-9",
                "  function f 8-8",
                "    function inner 8-8",
                "constant C 10-10",
                "macro mac 11-11",
            ]
        );
        let python =
            "class A:\n    @property\n    def b(self):\n        pass\n\nasync def c(): pass\n";
        assert_eq!(
            shown(Language::Python, python),
            ["class A 1-4", "  function b 3-4", "function c 6-6"]
        );
        let typescript = "export interface I { m(): void }\nexport class A<T> {\n  b() {}\n}\nconst f = async () => 1;\nconst x = 1;\nfunction g() {}\nenum E { A }\ntype U = string;\n";
        assert_eq!(
            shown(Language::TypeScript, typescript),
            [
                "interface I 1-1",
                "  method m 1-1",
                "class A 2-4",
                "  method b 3-3",
                "function f 5-5",
                "function g 7-7",
                "enum E 8-8",
                "type U 9-9",
            ]
        );
        let javascript = "class A { b() {} }\nconst f = function () {};\n";
        assert_eq!(
            shown(Language::JavaScript, javascript),
            ["class A 1-1", "  method b 1-1", "function f 2-2"]
        );
        let go =
            "package p\n\ntype T struct{}\n\nfunc (t *T) M() {}\n\nfunc F() {}\n\nconst C = 1\n";
        assert_eq!(
            shown(Language::Go, go),
            [
                "type T 3-3",
                "method *T.M 5-5",
                "function F 7-7",
                "constant C 9-9"
            ]
        );
    }

    /// Neither mistakes nor depth keep it from what there is.
    #[test]
    fn what_can_be_made_out_is_shown() {
        let broken = "fn one() {\n    let x = ;\n}\n\nfn two( {\n\nstruct S { a: u8 }\n";
        let names: Vec<_> = outline(Language::Rust, broken)
            .into_iter()
            .map(|s| s.name)
            .collect();
        assert!(names.contains(&"one".to_owned()), "{names:?}");
        let deep = "(".repeat(20_000);
        assert!(outline(Language::Rust, &deep).is_empty());
        assert!(outline(Language::Rust, "").is_empty());
    }
}
