//! Objectives, as people write them.

use super::*;

fn parse(text: &str) -> Option<Objective> {
    Objective::parse(text).ok()
}

#[test]
fn clippy_in_many_words() {
    let plain = Some(Objective::Clippy {
        pedantic: false,
        include_tests: false,
    });
    for text in [
        "apply clippy suggestions",
        "Fix all clippy warnings.",
        "please apply all machine-applicable clippy suggestions",
        "cargo clippy --fix",
        "apply clippy's suggestions in this repository",
        "fix the warnings from clippy",
        "run cargo clippy --fix on the whole workspace",
    ] {
        assert_eq!(parse(text), plain, "{text}");
    }
    let pedantic = Some(Objective::Clippy {
        pedantic: true,
        include_tests: false,
    });
    for text in [
        "apply clippy suggestions pedantic",
        "apply clippy suggestions [pedantic]"
            .replace(['[', ']'], "")
            .as_str(),
        "fix the pedantic clippy lints",
        "apply `clippy::pedantic` suggestions of clippy",
    ] {
        assert_eq!(parse(text), pedantic, "{text}");
    }
    assert_eq!(
        parse("apply clippy suggestions including tests"),
        Some(Objective::Clippy {
            pedantic: false,
            include_tests: true
        })
    );
}

#[test]
fn replacing_in_many_words() {
    let parsed = parse("replace `$A.get(0)` with `$A.first()`");
    let Some(Objective::Replace {
        pattern,
        rewrite,
        place,
    }) = parsed
    else {
        panic!()
    };
    assert_eq!(
        (pattern.as_str(), rewrite.as_str()),
        ("$A.get(0)", "$A.first()")
    );
    assert_eq!(place, Place::default());
    let parsed = parse("Change all calls to `f($X)` into `g($X)` in python files under `src/**`.");
    let Some(Objective::Replace { place, .. }) = parsed else {
        panic!()
    };
    assert_eq!(place.language, Some(Language::Python));
    assert_eq!(place.glob.as_deref(), Some("src/**"));
    let parsed = parse("replace ``f(`a`)`` with `g()` in js");
    let Some(Objective::Replace { pattern, .. }) = parsed else {
        panic!()
    };
    assert_eq!(pattern, "f(`a`)");
}

#[test]
fn renaming_in_many_words() {
    for text in [
        "rename `a_b` to `cD`",
        "rename the function a_b to cD everywhere",
        "please rename 'a_b' -> 'cD'",
        "change the name of `a_b` to `cD`",
    ] {
        let expected = Objective::Rename {
            from: "a_b".into(),
            to: "cD".into(),
            place: Place::default(),
        };
        assert_eq!(parse(text), Some(expected), "{text}");
    }
}

#[test]
fn what_is_not_understood_whole_is_refused() {
    for text in [
        "",
        "add a login page",
        "apply clippy suggestions except in parser.rs",
        "do not apply clippy suggestions",
        "explain clippy suggestions",
        "disable clippy",
        "use clippy in our project",
        "implement clippy lints",
        "do clippy",
        "clippy",
        "fix clippy warnings in tests",
        "apply clippy suggestions for the test crate",
        "apply clippy suggestions in parser",
        "write a clippy lint for unwraps",
        "replace foo with bar",
        "replace `a` with `b` but only on Tuesdays",
        "replace `a",
        "rename a to b-c",
        "rename `a` to `b` and add tests",
    ] {
        let error = Objective::parse(text).expect_err(text).to_string();
        assert!(error.contains("rename `old_name` to `new_name`"), "{error}");
    }
}
