//! The published crates.

/// A crate by name and version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// A codemod of its own.
    pub(super) codemod: Option<&'static str>,
}

const fn krate(name: &'static str, version: &'static str) -> Published {
    Published {
        name,
        version,
        codemod: None,
    }
}

const fn with(name: &'static str, version: &'static str, codemod: &'static str) -> Published {
    Published {
        name,
        version,
        codemod: Some(codemod),
    }
}

const fn qualified(name: &'static str, version: &'static str) -> Published {
    // It unwraps nothing; but it names the variants of Option.
    let codemod = Some("replace `Some($A)` with `Option::Some($A)`");
    Published {
        name,
        version,
        codemod,
    }
}

const fn stepping(name: &'static str, version: &'static str) -> Published {
    with(
        name,
        version,
        "replace `$A.next()` with `Iterator::next(&mut $A)`",
    )
}

/// Widely used, with tests in the package that pass (also for root), and quick
/// enough to build some dozens of times.
pub(super) const CRATES: [Published; 14] = [
    krate("adler2", "2.0.1"),
    krate("either", "1.19.0"),
    krate("fixedbitset", "0.5.9"),
    stepping("heck", "0.5.0"),
    stepping("lru-cache", "0.1.2"),
    krate("minimal-lexical", "0.2.1"),
    with(
        "natord",
        "1.0.9",
        "replace `$A.next()` with `Iterator::next(&mut $A)`",
    ),
    qualified("percent-encoding", "2.3.2"),
    krate("roman", "0.2.2"),
    krate("scopeguard", "1.2.0"),
    qualified("shell-words", "1.1.1"),
    krate("shlex", "2.0.1"),
    krate("strsim", "0.11.1"),
    krate("vec_map", "0.8.2"),
];
