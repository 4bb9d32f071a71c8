//! What is found is what ripgrep finds.

use std::fs;
use std::process::Command;

use super::*;
use crate::tree::TreeOptions;
use crate::worktree::Worktree;

fn tree(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let full = folder.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, bytes).unwrap();
    }
    let tree = Tree::new(Worktree::new(folder.path()), TreeOptions::default());
    (folder, tree)
}

/// As ripgrep prints it.
fn printed(found: &GrepFound) -> Vec<u8> {
    let mut text = Vec::new();
    for file in &found.files {
        for line in &file.lines {
            let mark = if line.is_match { ':' } else { '-' };
            text.extend(format!("{}{mark}{}{mark}", file.path.display(), line.number).bytes());
            text.extend(&line.bytes);
            text.push(b'\n');
        }
    }
    text
}

#[test]
fn lines_are_found_with_what_is_around_them() {
    let (_folder, tree) = tree(&[
        ("a.rs", b"one\ntwo\nthree\nfour\n"),
        ("b/c.txt", b"two\r\n\xff two"),
    ]);
    let options = GrepOptions {
        before: 1,
        after: 1,
        ..GrepOptions::default()
    };
    let found = Grep::new("tw.", options).unwrap().search(&tree);
    let expected = b"a.rs-1-one\na.rs:2:two\na.rs-3-three\nb/c.txt:1:two\r\nb/c.txt:2:\xff two\n";
    assert_eq!(printed(&found), expected);
    assert_eq!(
        (found.matches, found.matched_files, found.searched),
        (3, 2, 2)
    );
}

/// What is searched once more, by what is known of it, is found as it was the first time.
#[test]
fn what_is_known_is_found_as_what_is_not() {
    let utf16: Vec<u8> = "\u{feff}needle\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (_folder, tree) = tree(&[
        ("a", b"a needle\n"),
        ("b", b"NEEDLE\n"),
        ("c", b"needle\n\0needle\n"),
        ("d", b"need le\n"),
        ("e", &utf16),
    ]);
    let search = |ignore_case| {
        let options = GrepOptions {
            ignore_case,
            ..GrepOptions::default()
        };
        let found = Grep::new("needle", options).unwrap().search(&tree);
        found
            .files
            .iter()
            .map(|file| file.path.display().to_string())
            .collect::<Vec<_>>()
    };
    let first = [search(false), search(true)];
    assert_eq!(first, [vec!["a", "e"], vec!["a", "b", "e"]]);
    // Until what is known is believed.
    let files = tree.files();
    let is_known = |file: &std::sync::Arc<crate::TreeFile>| {
        tree.reader()
            .read(file)
            .is_some_and(|content| content.is_text() || content.contains(&0))
    };
    while !files.iter().all(is_known) || !tree.reader().read(&files[0]).unwrap().is_text() {
        std::thread::yield_now();
    }
    assert_eq!([search(false), search(true)], first);
}

#[test]
fn options_narrow_what_is_found() {
    let (_folder, tree) = tree(&[
        ("a.rs", b"Foo\nfoobar\n"),
        ("b/c.py", b"foo.\n"),
        ("b/d/e.rs", b"foo\n"),
    ]);
    let found = |pattern: &str, change: &dyn Fn(&mut GrepOptions)| {
        let mut options = GrepOptions::default();
        change(&mut options);
        let found = Grep::new(pattern, options).unwrap().search(&tree);
        String::from_utf8(printed(&found)).unwrap()
    };
    assert_eq!(
        found("foo", &|_| {}),
        "a.rs:2:foobar\nb/c.py:1:foo.\nb/d/e.rs:1:foo\n"
    );
    assert_eq!(
        found("foo", &|o| o.word = true),
        "b/c.py:1:foo.\nb/d/e.rs:1:foo\n"
    );
    assert_eq!(
        found("FOO.", &|o| (o.fixed, o.ignore_case) = (true, true)),
        "b/c.py:1:foo.\n"
    );
    assert_eq!(
        found("foo", &|o| o.types = vec!["py".into()]),
        "b/c.py:1:foo.\n"
    );
    assert_eq!(
        found("foo", &|o| o.globs = vec!["*.rs".into()]),
        "a.rs:2:foobar\nb/d/e.rs:1:foo\n"
    );
    assert_eq!(
        found("foo", &|o| o.globs = vec!["!d/".into()]),
        "a.rs:2:foobar\nb/c.py:1:foo.\n"
    );
    let both = |o: &mut GrepOptions| o.globs = vec!["*.rs".into(), "!b/d".into()];
    assert_eq!(found("foo", &both), "a.rs:2:foobar\n");
    assert_eq!(
        found("Foo\nfoo", &|o| o.multiline = true),
        "a.rs:1:Foo\na.rs:2:foobar\n"
    );
}

#[test]
fn what_is_kept_is_bounded_and_all_is_counted() {
    let (_folder, tree) = tree(&[("a", b"x\nx\nx\n"), ("b", b"x\nx\nx\n")]);
    for (most, lines, is_cut) in [
        (0, 6, false),
        (6, 6, false),
        (4, 4, true),
        (3, 3, true),
        (1, 1, true),
    ] {
        let options = GrepOptions {
            most,
            ..GrepOptions::default()
        };
        let found = Grep::new("x", options).unwrap().search(&tree);
        let kept: usize = found.files.iter().map(|file| file.lines.len()).sum();
        assert_eq!(
            (kept, found.matches, found.is_cut),
            (lines, 6, is_cut),
            "{most}"
        );
    }
}

#[test]
fn what_cannot_be_searched_for_is_refused() {
    let error = Grep::new("fn f(", GrepOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`fn f(`") && error.contains("set `fixed`"),
        "{error}"
    );
    let options = |globs: &[&str], types: &[&str]| GrepOptions {
        globs: globs.iter().map(|glob| (*glob).to_owned()).collect(),
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        ..GrepOptions::default()
    };
    assert!(Grep::new("x", options(&["a["], &[])).is_err());
    assert!(Grep::new("x", options(&[], &["klingon"])).is_err());
}

/// On this crate's own sources, byte for byte; `cargo xtask setup` installs ripgrep.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn it_is_what_ripgrep_prints() {
    let root = env!("CARGO_MANIFEST_DIR");
    if Command::new("rg").arg("--version").output().is_err() {
        eprintln!("skipped: ripgrep is not installed; `cargo xtask setup` installs it");
        return;
    }
    let tree = Tree::new(Worktree::new(root), TreeOptions::default());
    for (pattern, arguments) in [
        ("fn", &[][..]),
        ("fn \\w+\\(", &[]),
        ("^$", &[]),
        ("\\bself\\b.*\\?", &["-C", "2"]),
        ("WorktreePath", &["-w", "-B", "1"]),
        ("worktree", &["-i", "-A", "3"]),
        ("a|e|i|o|u", &["-g", "*.toml"]),
        ("impl.*\\{\\n.*fn", &["-U"]),
        ("é|€", &[]),
        ("[[:upper:]]{4,}", &["-t", "rust"]),
        ("nothing that is anywhere \\d{7}", &[]),
    ] {
        let output = Command::new("rg")
            .args([
                "--no-config",
                "--no-heading",
                "--line-number",
                "--with-filename",
            ])
            .args([
                "--sort",
                "path",
                "--color",
                "never",
                "--no-context-separator",
            ])
            .args(arguments)
            .args(["-e", pattern, "."])
            .current_dir(root)
            .output()
            .unwrap();
        let of_rg = String::from_utf8(output.stdout)
            .unwrap()
            .replace("\n./", "\n");
        let value = |name: &str| {
            let at = arguments.iter().position(|argument| *argument == name)?;
            arguments.get(at + 1).copied()
        };
        let number = |name: &str| {
            value(name)
                .and_then(|number| number.parse().ok())
                .unwrap_or(0)
        };
        let has = |name: &str| arguments.contains(&name);
        let options = GrepOptions {
            ignore_case: has("-i"),
            word: has("-w"),
            multiline: has("-U"),
            before: number("-B").max(number("-C")),
            after: number("-A").max(number("-C")),
            globs: value("-g").into_iter().map(str::to_owned).collect(),
            types: value("-t").into_iter().map(str::to_owned).collect(),
            ..GrepOptions::default()
        };
        // Cold, and from what is known.
        for _ in 0..2 {
            let found = Grep::new(pattern, options.clone()).unwrap().search(&tree);
            let ours = String::from_utf8(printed(&found)).unwrap();
            assert_eq!(
                ours,
                of_rg.strip_prefix("./").unwrap_or(&of_rg),
                "{pattern} {arguments:?}"
            );
        }
    }
}
