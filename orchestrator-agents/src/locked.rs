//! Files that hold the checks.

/// Whether a file holds checks: tests, lint and build settings, and what runs
/// them. Work may not change these unless the objective names them, or "it
/// passes now" would mean nothing.
#[must_use]
pub fn holds_checks(path: &str) -> bool {
    const SETTINGS: [&str; 24] = [
        "Makefile",
        "makefile",
        "GNUmakefile",
        "clippy.toml",
        ".clippy.toml",
        "rustfmt.toml",
        ".rustfmt.toml",
        "rust-toolchain",
        "rust-toolchain.toml",
        "build.rs",
        "deny.toml",
        "pytest.ini",
        "tox.ini",
        "noxfile.py",
        "setup.cfg",
        "conftest.py",
        "package.json",
        "tsconfig.json",
        "jest.config.js",
        "jest.config.ts",
        "vitest.config.ts",
        ".golangci.yml",
        "go.mod",
        "pyproject.toml",
    ];
    const FOLDERS: [&str; 8] = [
        "tests",
        "test",
        "__tests__",
        "benches",
        ".cargo",
        ".config",
        ".github",
        ".ci",
    ];
    let mut parts = path.split('/');
    let name = parts.next_back().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    SETTINGS.contains(&name)
        || name == "Cargo.toml"
        || parts.any(|part| FOLDERS.contains(&part))
        || stem.starts_with("test_") && name.ends_with(".py")
        || stem.ends_with("_test")
        || stem.ends_with(".test")
        || stem.ends_with(".spec")
        || name.starts_with(".eslintrc")
        || stem == "tests"
}

#[cfg(test)]
mod tests {
    use super::holds_checks;

    #[test]
    fn tests_and_settings_are_locked_and_code_is_not() {
        for locked in [
            "tests/it.rs",
            "a/tests/b.rs",
            "clippy.toml",
            "x/test_a.py",
            "a/b_test.go",
            "src/a.test.ts",
            "Makefile",
            ".cargo/config.toml",
            "src/tests.rs",
            "Cargo.toml",
        ] {
            assert!(holds_checks(locked), "{locked}");
        }
        for open in [
            "src/lib.rs",
            "src/contest.rs",
            "latest.py",
            "src/testing.rs",
            "README.md",
        ] {
            assert!(!holds_checks(open), "{open}");
        }
    }
}
