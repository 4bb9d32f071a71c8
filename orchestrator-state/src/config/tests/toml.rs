//! TOML as people have it.

use serde_json::json;

use super::*;
use Format::Toml;

#[test]
fn empty_and_commented() {
    check(Toml, "", json!({ "a": 1 }), "a = 1\n");
    check(Toml, "# mine", json!({ "a": 1 }), "# mine\na = 1\n");
    check(
        Toml,
        "",
        json!({ "a": 1, "b": { "c": "x", "d": { "e": true } } }),
        "a = 1\n\n[b]\nc = \"x\"\n\n[b.d]\ne = true\n",
    );
    check(
        Toml,
        "\u{feff}",
        json!({ "b": { "c": { "d": 1.0 } } }),
        "\u{feff}[b.c]\nd = 1.0\n",
    );
}

#[test]
fn a_cargo_manifest() {
    check(
        Toml,
        r#"[package]
name = "site" # the name
version = "0.1.0"
edition.workspace = true

# What we need.
[dependencies]
serde = { version = "1", features = ["derive"] } # wire
tokio = { version = "1" }

[[bin]]
name = "site"
path = "src/main.rs"

[profile.release]
lto = true
"#,
        json!({
            "package": { "license": "MIT", "edition": { "x": 1 }, "metadata": { "orchestrator": { "checks": ["test"] } } },
            "dependencies": { "serde": { "default-features": false }, "rand": "0.9", "jiff": { "version": "0.2" } },
            "profile": { "dev": { "debug": 1 }, "release": { "lto": false } },
        }),
        r#"[package]
name = "site" # the name
version = "0.1.0"
edition.workspace = true
edition.x = 1
license = "MIT"

# What we need.
[dependencies]
serde = { version = "1", features = ["derive"], default-features = false } # wire
tokio = { version = "1" }
rand = "0.9"

[[bin]]
name = "site"
path = "src/main.rs"

[profile.release]
lto = true

[dependencies.jiff]
version = "0.2"

[package.metadata.orchestrator]
checks = ["test"]

[profile.dev]
debug = 1
"#,
    );
}

#[test]
fn a_codex_config() {
    check(
        Toml,
        "#:schema ./config.schema.json\r\n\r\nmodel = \"gpt\"\r\n\r\n[mcp_servers.files]\r\ncommand = \"npx\"\r\nargs = [\r\n  \"-y\", # yes\r\n]\r\n",
        json!({ "approval": "never", "mcp_servers": { "orchestrator": { "command": "orchestrator" } } }),
        "#:schema ./config.schema.json\r\n\r\nmodel = \"gpt\"\r\napproval = \"never\"\r\n\r\n[mcp_servers.files]\r\ncommand = \"npx\"\r\nargs = [\r\n  \"-y\", # yes\r\n]\r\n\r\n[mcp_servers.orchestrator]\r\ncommand = \"orchestrator\"\r\n",
    );
}

#[test]
fn the_root_comes_before_the_sections() {
    check(
        Toml,
        "[a]\nb = 1\n",
        json!({ "c": 1 }),
        "c = 1\n\n[a]\nb = 1\n",
    );
    check(
        Toml,
        "# about a\n[a]\nb = 1\n",
        json!({ "c": 1 }),
        "c = 1\n\n# about a\n[a]\nb = 1\n",
    );
    check(
        Toml,
        "#:schema x\n\n# about a\n[a]\nb = 1\n",
        json!({ "c": 1 }),
        "#:schema x\n\nc = 1\n\n# about a\n[a]\nb = 1\n",
    );
    check(Toml, "\n[a]", json!({ "c": 1 }), "c = 1\n\n\n[a]");
}

#[test]
fn dotted_keys_stay_dotted() {
    check(
        Toml,
        "a.b = 1\nc = 2\n  a.d.e = \"\"\"\nx\n\"\"\" # d\n[f]\n",
        json!({ "a": { "d": { "g": { "h": 1, "i": {} } }, "k": 3 } }),
        "a.b = 1\nc = 2\n  a.d.e = \"\"\"\nx\n\"\"\" # d\n  a.d.g.h = 1\n  a.d.g.i = {}\n  a.k = 3\n[f]\n",
    );
    check(
        Toml,
        "x = { a.b = 1, c = 2 }\n",
        json!({ "x": { "a": { "d": { "e": 1 } }, "f": 2 } }),
        "x = { a.b = 1, a.d = { e = 1 }, c = 2, f = 2 }\n",
    );
}

#[test]
fn a_table_that_is_only_implied_gets_its_header() {
    check(
        Toml,
        "[a.b]\nc = 1\n",
        json!({ "a": { "d": 2 } }),
        "[a.b]\nc = 1\n\n[a]\nd = 2\n",
    );
    check(
        Toml,
        "[[a.b]]\nc = 1",
        json!({ "a": { "d": 2, "e": { "f": 1 } } }),
        "[[a.b]]\nc = 1\n\n[a]\nd = 2\n\n[a.e]\nf = 1\n",
    );
}

#[test]
fn a_section_without_values() {
    check(
        Toml,
        "[a] # nothing yet\n\n[b]\n",
        json!({ "a": { "c": 1 }, "b": {} }),
        "[a] # nothing yet\nc = 1\n\n[b]\n",
    );
    check(Toml, "  [a]", json!({ "a": { "c": 1 } }), "  [a]\n  c = 1");
}

#[test]
fn no_final_newline_stays_so_within_a_section() {
    check(
        Toml,
        "[a]\nb = 1 # one",
        json!({ "a": { "c": 2 }, "d": { "e": 3 } }),
        "[a]\nb = 1 # one\nc = 2\n\n[d]\ne = 3\n",
    );
}

#[test]
fn arrays_and_arrays_of_tables_grow() {
    check_with(
        Toml,
        &joining(),
        "plugins = [\n  \"one\", # keep\n  \"two\"\n]\nlist = [1]\nnone = []\n\n[[bin]]\nname = \"a\"\n\n[z]\n",
        json!({
            "plugins": ["two", "three"], "list": [1, 2], "none": ["x"],
            "bin": [{ "name": "a" }, { "name": "b", "more": { "x": 1 } }],
        }),
        "plugins = [\n  \"one\", # keep\n  \"two\",\n  \"three\"\n]\nlist = [1, 2]\nnone = [\"x\"]\n\n[[bin]]\nname = \"a\"\n\n[z]\n\n[[bin]]\nmore = { x = 1 }\nname = \"b\"\n",
    );
}

#[test]
fn inline_tables() {
    check(
        Toml,
        "a = {}\n",
        json!({ "a": { "b": { "c": [{}] } } }),
        "a = { b = { c = [{}] } }\n",
    );
    check(
        Toml,
        "a = [{ b = 1 }]\nd = 1979-05-27T07:32:00Z\n",
        json!({ "a": [{ "b": 1 }], "é\n": "\u{7f}\t" }),
        "a = [{ b = 1 }]\nd = 1979-05-27T07:32:00Z\n\"é\\n\" = \"\\u007F\\t\"\n",
    );
}

#[test]
fn replacing_touches_the_value_only() {
    check_with(
        Toml,
        &replacing(),
        "a   =   1   # one\nb = '''x\ny'''\n[c]\nd = 1979-05-27\ne = [1, 2]\nf = 0x10\n",
        json!({ "a": 2, "b": "z", "c": { "d": 1.0, "e": [], "f": 16 } }),
        "a   =   2   # one\nb = \"z\"\n[c]\nd = 1.0\ne = []\nf = 0x10\n",
    );
}

#[test]
fn integers_and_floats_differ() {
    let merged = merge(
        "a = 1\nb = 1.0\n",
        Toml,
        &json!({ "a": 1.0, "b": 1 }),
        &MergeOptions::new(),
    );
    let outcomes: Vec<_> = merged
        .unwrap()
        .changes
        .iter()
        .map(|change| change.outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::Kept, Outcome::Kept]);
}

/// The control of our reading: another parser takes and refuses the same texts.
#[test]
fn what_is_toml_is_what_the_toml_crate_says() {
    for text in [
        "a.b.c = 1\n[a.b]\n",
        "a.b.c = 1\n[a.d]\n",
        "[a.b.c]\n[a]\n",
        "[a]\n[a]\n",
        "[a.b]\n[a]\nb.c = 1\n",
        "[a.b.c]\n[a]\nb.d = 1\n",
        "[a.b.c]\n[a]\nb.c.d = 1\n",
        "a = {}\na.b = 1\n",
        "a = {}\n[a]\n",
        "a = {}\n[a.b]\n",
        "a = 1\n[a]\n",
        "a = []\n[[a]]\n",
        "[[a]]\n[a]\n",
        "[a]\n[[a]]\n",
        "[[a]]\n[a.b]\n[[a]]\n[a.b]\n",
        "[[a]]\n[a.b]\n[a.b]\n",
        "[[a.b]]\n[a]\n",
        "[[a.b]]\n[a]\nc = 1\n",
        "[a]\nb.c = 1\n[a.b]\n",
        "[a]\nb.c = 1\n[a.b.d]\n",
        "a = { b.c = 1, b.d = 2 }\n",
        "a = { b.c = 1, b = 2 }\n",
        "a = { b = {}, b.c = 2 }\n",
        "a = 1\na = 2\n",
        "'a' = 1\n\"a\" = 2\n",
        "a = 2024-02-30\n",
        "a = 25:00:00\n",
        "a = 01\n",
        "a = 9223372036854775808\n",
        "a = 1e999\n",
        "a = inf\n",
        "a = 1__0\n",
        "a = \"\\x\"\n",
        "a = 07:32:00\n",
        "a = 1979-05-27 07:32:00.5-07:00\n",
        "a = [1,]\n",
        "a = [,]\n",
        "a = 'x\n",
        "a = 1 b = 2\n",
        "= 1\n",
        "a\n",
        "[]\n",
        "[a.]\n",
        "[a]]\n",
        "a = {b = 1,}\n",
        "a = \u{1}\n",
        "# \u{1}\n",
        "a = 1\rb = 2",
        "a = 1\r\nb = 2",
        "\u{feff}a = 1\n",
        "a = true\nb = True\n",
        "[a]\nb = 1\n[a.c]\n[d]\n[a.e]\n",
        "a.b = 1\na.b.c = 2\n",
        "a = 2024-01-01T24:00:00Z\n",
    ] {
        let theirs = ::toml::from_str::<::toml::Table>(text).is_ok();
        let ours = read(text, Toml);
        assert_eq!(ours.is_ok(), theirs, "{text:?}: {ours:?}");
    }
}
