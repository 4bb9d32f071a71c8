//! What a fuzz target begins with, in the form that it takes its inputs in.
//!
//! They are made from what the tests have, so that there is nothing to keep twice.

use std::fs;
use std::io;
use std::path::Path;

use crate::run::root;

/// Texts of configurations and settings, and the byte that chooses the format: 0 JSON, 1 JSONC, 2 TOML;
/// plus 3 to replace what differs, plus 6 to unite lists.
const CONFIGS: [(u8, &str, &str); 8] = [
    (0, "", r#"{"a":1}"#),
    (0, "{\n  \"a\": {\"b\": [1, 2]}\n}\n", r#"{"a":{"c":null}}"#),
    (1, "{\n  // mine\n  \"a\": 1, // so\n}\n", r#"{"b":["x"]}"#),
    (4, "{\"a\": \"\\u00fc\", \"l\": [1,],}", r#"{"a":"u"}"#),
    (7, "\u{feff}{\r\n\t\"l\": [1]\r\n}", r#"{"l":[1,2]}"#),
    (2, "a = 1 # one\n[t]\nb.c = 'x'\n", r#"{"t":{"b":{"d":2}}}"#),
    (
        2,
        "[[list]]\nn = 1\n[x.\"y z\"]\n",
        r#"{"x":{"y z":{"k":true}}}"#,
    ),
    (
        11,
        "i = {a = 1, l = [1, 2]}\n",
        r#"{"i":{"b":1.5,"l":[3]}}"#,
    ),
];

/// Edits of a good journal: the sample, and six bytes each.
const EDITS: [&[u8]; 6] = [
    &[0],
    &[1, 0, 2, 40, 0, 0, 0],
    &[2, 5, 2, 130, 0, 1, 0, 5, 0, 24, 0, 1, 0],
    &[0, 1, 3, 0, 0, 7, 7],
    &[1, 3, 1, 10, 0, 50, 0, 2, 2, 0, 0, 128, 0],
    &[2, 4, 2, 0, 0, 200, 0, 0, 0, 0, 2, 0, 0],
];

/// All seeds of a target.
pub(super) fn all(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let tests = root().join("orchestrator-state/tests");
    match target {
        "config" => Ok(CONFIGS.iter().copied().map(config).collect()),
        "journal" => journal(&tests.join("golden/journal-v2")),
        _ => files(&tests.join("todo"), "md"),
    }
}

/// Writes the seeds of a target beside what earlier runs have found.
pub(super) fn write(target: &str, corpus: &Path) -> io::Result<()> {
    fs::create_dir_all(corpus)?;
    for (number, seed) in all(target)?.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number:02}")), seed)?;
    }
    Ok(())
}

fn config((choice, text, settings): (u8, &str, &str)) -> Vec<u8> {
    [&[choice], text.as_bytes(), &[0], settings.as_bytes()].concat()
}

/// One for each mode of the target: the golden files as raw bytes, blocks to be forged, and edits.
fn journal(golden: &Path) -> io::Result<Vec<Vec<u8>>> {
    let head = fs::read(golden.join("head"))?;
    let mut seeds = Vec::new();
    for segment in files(&golden.join("segments"), "seg")? {
        let len = u16::try_from(head.len()).unwrap_or(u16::MAX);
        let raw = [&[0], &len.to_le_bytes()[..], &head, &segment].concat();
        seeds.push(raw);
        // The payload of the first block: as the one record that it is, and as two.
        let len = segment.get(12).copied().unwrap_or_default();
        let payload = segment.get(128..128 + usize::from(len));
        for count in [1, 2] {
            let payload = payload.unwrap_or_default();
            seeds.push([&[1, 0, count, len, 0], payload].concat());
        }
    }
    seeds.extend(EDITS.iter().map(|edits| [&[2], *edits].concat()));
    Ok(seeds)
}

fn files(folder: &Path, extension: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}
