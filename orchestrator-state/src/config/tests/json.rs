//! JSON and JSONC as people have them.

use serde_json::json;

use super::*;
use Format::{Json, Jsonc};

#[test]
fn strict_json_stays_strict() {
    check(Json, "{}", json!({ "a": 1 }), "{\n  \"a\": 1\n}");
    check(
        Json,
        "{}\n",
        json!({ "a": { "b": [] } }),
        "{\n  \"a\": {\n    \"b\": []\n  }\n}\n",
    );
    check(
        Json,
        "",
        json!({ "a": 1, "b": 2 }),
        "{\n  \"a\": 1,\n  \"b\": 2\n}\n",
    );
    check(Json, " \n", json!({ "a": 1 }), " \n{\n  \"a\": 1\n}\n");
    check(Json, "{ }", json!({}), "{ }");
    check(
        Json,
        "{\"a\":1}",
        json!({ "b": { "c": [1, 2] } }),
        "{\"a\":1,\"b\":{\"c\":[1,2]}}",
    );
    check(
        Json,
        "{ \"a\": 1 }",
        json!({ "b": { "c": 2 } }),
        "{ \"a\": 1, \"b\": {\"c\": 2} }",
    );
    check(
        Json,
        "{\n\t\"a\" : 1\n}\n",
        json!({ "b": { "c": 2 } }),
        "{\n\t\"a\" : 1,\n\t\"b\" : {\n\t\t\"c\" : 2\n\t}\n}\n",
    );
}

#[test]
fn a_package_json() {
    check(
        Json,
        "{\n    \"name\": \"site\",\n    \"scripts\": {\n        \"build\": \"vite build\"\n    },\n    \"files\": [\"dist\"]\n}\n",
        json!({ "scripts": { "build": "other", "check": "orchestrator check" }, "private": true }),
        "{\n    \"name\": \"site\",\n    \"scripts\": {\n        \"build\": \"vite build\",\n        \"check\": \"orchestrator check\"\n    },\n    \"files\": [\"dist\"],\n    \"private\": true\n}\n",
    );
}

#[test]
fn a_claude_settings_json() {
    check_with(
        Json,
        &joining(),
        r#"{
  "permissions": {
    "allow": [
      "Bash(cargo test:*)",
      "Read(**)"
    ],
    "deny": []
  },
  "hooks": {}
}
"#,
        json!({
            "permissions": { "allow": ["Read(**)", "Bash(orchestrator:*)"], "deny": ["Read(.env)"] },
            "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "orchestrator stop" }] }] },
        }),
        r#"{
  "permissions": {
    "allow": [
      "Bash(cargo test:*)",
      "Read(**)",
      "Bash(orchestrator:*)"
    ],
    "deny": ["Read(.env)"]
  },
  "hooks": {
    "Stop": [
      {
        "hooks": [
          {
            "command": "orchestrator stop",
            "type": "command"
          }
        ]
      }
    ]
  }
}
"#,
    );
}

#[test]
fn an_opencode_jsonc() {
    let options =
        MergeOptions::new().arrays(Arrays::UnionAt([KeyPath::from_iter(["plugin"])].into()));
    check_with(
        Jsonc,
        &options,
        r#"{
  "$schema": "https://opencode.ai/config.json",
  // The model that I pay for.
  "model": "a/b", /* not c */
  "plugin": [
    "one", // keep
    // "two",
  ],
  "instructions": ["AGENTS.md"],
  /* "mcp": {}, */
}
"#,
        json!({
            "model": "x/y",
            "plugin": ["orchestrator", "one", "orchestrator"],
            "instructions": ["OTHER.md"],
            "mcp": { "orchestrator": { "type": "local", "command": ["orchestrator", "serve"] } },
        }),
        r#"{
  "$schema": "https://opencode.ai/config.json",
  // The model that I pay for.
  "model": "a/b", /* not c */
  "plugin": [
    "one", // keep
    "orchestrator",
    // "two",
  ],
  "instructions": ["AGENTS.md"],
  "mcp": {
    "orchestrator": {
      "command": ["orchestrator", "serve"],
      "type": "local"
    }
  },
  /* "mcp": {}, */
}
"#,
    );
}

#[test]
fn a_vscode_settings_json() {
    check(
        Jsonc,
        "// Place your settings here\r\n{\r\n    \"editor.formatOnSave\": true, // always\r\n    \"[rust]\": { \"editor.tabSize\": 4 }\r\n}\r\n",
        json!({ "[rust]": { "editor.formatOnSave": false }, "files.eol": "\n" }),
        "// Place your settings here\r\n{\r\n    \"editor.formatOnSave\": true, // always\r\n    \"[rust]\": { \"editor.tabSize\": 4, \"editor.formatOnSave\": false },\r\n    \"files.eol\": \"\\n\"\r\n}\r\n",
    );
}

#[test]
fn a_tsconfig() {
    check(
        Jsonc,
        r#"{
  "compilerOptions": {
    /* Language and Environment */
    "target": "es2022" /* Set the JavaScript language version. */,
    // "lib": [],
    "strict": true /* Enable all strict type-checking options. */
  }
}
"#,
        json!({ "compilerOptions": { "noEmit": true }, "include": ["src"] }),
        r#"{
  "compilerOptions": {
    /* Language and Environment */
    "target": "es2022" /* Set the JavaScript language version. */,
    // "lib": [],
    "strict": true, /* Enable all strict type-checking options. */
    "noEmit": true
  },
  "include": ["src"]
}
"#,
    );
}

#[test]
fn a_comma_goes_before_the_comment() {
    check(
        Jsonc,
        "{\n  \"a\": 1 // one\n}",
        json!({ "b": 2 }),
        "{\n  \"a\": 1, // one\n  \"b\": 2\n}",
    );
    check(
        Jsonc,
        "{\n  \"a\": 1\n  // the end\n}",
        json!({ "b": 2 }),
        "{\n  \"a\": 1,\n  \"b\": 2\n  // the end\n}",
    );
    check(
        Jsonc,
        "{\n  \"a\": 1 /* , */ , // one\n}",
        json!({ "b": 2 }),
        "{\n  \"a\": 1 /* , */ , // one\n  \"b\": 2,\n}",
    );
}

#[test]
fn comments_alone() {
    check(
        Jsonc,
        "// empty",
        json!({ "a": 1 }),
        "// empty\n{\n  \"a\": 1\n}\n",
    );
    check(
        Jsonc,
        "{ /* none */ }",
        json!({ "a": 1 }),
        "{ /* none */\n  \"a\": 1\n}",
    );
    check(
        Jsonc,
        "{\n  // none yet\n}\n",
        json!({ "a": 1 }),
        "{\n  // none yet\n  \"a\": 1\n}\n",
    );
    check(
        Jsonc,
        "{\n  \"a\": {\n    // none yet\n  }\n}\n",
        json!({ "a": { "b": [] } }),
        "{\n  \"a\": {\n    // none yet\n    \"b\": []\n  }\n}\n",
    );
}

#[test]
fn a_byte_order_mark_stays_first() {
    check(
        Json,
        "\u{feff}{\"a\":1}",
        json!({ "b": 2 }),
        "\u{feff}{\"a\":1,\"b\":2}",
    );
    check(
        Json,
        "\u{feff}",
        json!({ "b": 2 }),
        "\u{feff}{\n  \"b\": 2\n}\n",
    );
}

#[test]
fn what_looks_like_structure_inside_strings_is_text() {
    check(
        Jsonc,
        "{\"url\": \"http://x//y/*\", \"b\": \"}\\\"{\"}",
        json!({ "c": "\u{1}\"\\é" }),
        "{\"url\": \"http://x//y/*\", \"b\": \"}\\\"{\", \"c\": \"\\u0001\\\"\\\\é\"}",
    );
    check(
        Json,
        "{\"\\u0061\": 1}",
        json!({ "a": 2 }),
        "{\"\\u0061\": 1}",
    );
}

#[test]
fn replacing_touches_the_value_only() {
    check_with(
        Jsonc,
        &replacing(),
        "{\n  \"a\" :  1.0, // one\n  \"b\": [1, 2],\n  \"c\": null,\n}\n",
        json!({ "a": 1, "b": [{ "x": 1 }], "c": "set" }),
        "{\n  \"a\" :  1.0, // one\n  \"b\": [\n    {\n      \"x\": 1\n    }\n  ],\n  \"c\": \"set\",\n}\n",
    );
}

#[test]
fn arrays_grow_in_their_own_style() {
    check_with(
        Json,
        &joining(),
        "{\"a\":[1,2]}",
        json!({ "a": [2, 3] }),
        "{\"a\":[1,2,3]}",
    );
    check_with(
        Json,
        &joining(),
        "{\"a\": []}",
        json!({ "a": [1, 2] }),
        "{\"a\": [1, 2]}",
    );
    check_with(
        Jsonc,
        &joining(),
        "{\"a\": [\n  1,  2,\n]}",
        json!({ "a": [3] }),
        "{\"a\": [\n  1,  2,  3,\n]}",
    );
    check_with(
        Json,
        &joining(),
        "{\"a\": [\n  { \"b\": 1 }\n]}",
        json!({ "a": [{ "b": 1 }, { "b": 2 }] }),
        "{\"a\": [\n  { \"b\": 1 },\n  {\n    \"b\": 2\n  }\n]}",
    );
}

#[test]
fn numbers_are_what_they_say() {
    check(Json, "{\"a\": 1e2}", json!({ "a": 100 }), "{\"a\": 1e2}");
    check_with(
        Json,
        &replacing(),
        "{\"a\": 1e999, \"b\": 123456789012345678901234567890}",
        json!({ "a": 1.5, "b": 0 }),
        "{\"a\": 1.5, \"b\": 0}",
    );
}
