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

/// Widely used, with tests in the package, and quick enough to build some dozens
/// of times.
pub(super) const CRATES: [Published; 14] = [
    krate("bytesize", "1.3.0"),
    krate("either", "1.13.0"),
    krate("fastrand", "2.1.0"),
    krate("glob", "0.3.1"),
    krate("heck", "0.5.0"),
    krate("hex", "0.4.3"),
    krate("humantime", "2.1.0"),
    krate("itoa", "1.0.11"),
    krate("percent-encoding", "2.3.1"),
    krate("roman", "0.1.6"),
    krate("semver", "1.0.23"),
    krate("shlex", "1.3.0"),
    krate("strsim", "0.11.1"),
    krate("wildmatch", "2.3.4"),
];
