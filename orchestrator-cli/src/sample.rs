//! The bundled sample repository.

use std::path::Path;

/// The files of the sample: where each goes, and what is in it. Manifests are
/// bundled as `Cargo.toml.in`, so that cargo does not take them for packages of
/// this workspace.
const FILES: [(&str, &str); 26] = [
    (".gitignore", include_str!("../sample/.gitignore")),
    ("Cargo.lock", include_str!("../sample/Cargo.lock")),
    ("Cargo.toml", include_str!("../sample/Cargo.toml.in")),
    ("README.md", include_str!("../sample/README.md")),
    (
        "depot/Cargo.toml",
        include_str!("../sample/depot/Cargo.toml.in"),
    ),
    (
        "depot/src/bay.rs",
        include_str!("../sample/depot/src/bay.rs"),
    ),
    (
        "depot/src/lib.rs",
        include_str!("../sample/depot/src/lib.rs"),
    ),
    (
        "depot/src/shift.rs",
        include_str!("../sample/depot/src/shift.rs"),
    ),
    (
        "depot/tests/depot.rs",
        include_str!("../sample/depot/tests/depot.rs"),
    ),
    (
        "ledger/Cargo.toml",
        include_str!("../sample/ledger/Cargo.toml.in"),
    ),
    (
        "ledger/src/entry.rs",
        include_str!("../sample/ledger/src/entry.rs"),
    ),
    (
        "ledger/src/lib.rs",
        include_str!("../sample/ledger/src/lib.rs"),
    ),
    (
        "ledger/src/tariff.rs",
        include_str!("../sample/ledger/src/tariff.rs"),
    ),
    (
        "ledger/tests/data/monday.ledger",
        include_str!("../sample/ledger/tests/data/monday.ledger"),
    ),
    (
        "ledger/tests/ledger.rs",
        include_str!("../sample/ledger/tests/ledger.rs"),
    ),
    (
        "parcel/Cargo.toml",
        include_str!("../sample/parcel/Cargo.toml.in"),
    ),
    (
        "parcel/src/label.rs",
        include_str!("../sample/parcel/src/label.rs"),
    ),
    (
        "parcel/src/lib.rs",
        include_str!("../sample/parcel/src/lib.rs"),
    ),
    (
        "parcel/src/service.rs",
        include_str!("../sample/parcel/src/service.rs"),
    ),
    (
        "parcel/src/weight.rs",
        include_str!("../sample/parcel/src/weight.rs"),
    ),
    (
        "parcel/tests/parcel.rs",
        include_str!("../sample/parcel/tests/parcel.rs"),
    ),
    (
        "route/Cargo.toml",
        include_str!("../sample/route/Cargo.toml.in"),
    ),
    (
        "route/src/lib.rs",
        include_str!("../sample/route/src/lib.rs"),
    ),
    (
        "route/src/stop.rs",
        include_str!("../sample/route/src/stop.rs"),
    ),
    (
        "route/src/van.rs",
        include_str!("../sample/route/src/van.rs"),
    ),
    (
        "route/tests/route.rs",
        include_str!("../sample/route/tests/route.rs"),
    ),
];

/// Writes the sample into `folder`.
pub(crate) fn write(folder: &Path) -> std::io::Result<()> {
    for (path, text) in FILES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::FILES;

    fn files_below(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, found)
            } else {
                found.push(path)
            }
        }
    }

    #[test]
    fn every_file_of_the_sample_is_bundled() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
        let mut found = Vec::new();
        files_below(&root, &mut found);
        for path in &found {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let name = name.strip_suffix(".in").unwrap_or(name);
            assert!(
                FILES.iter().any(|(bundled, _)| *bundled == name),
                "{name} is not bundled"
            );
        }
        assert_eq!(found.len(), FILES.len());
    }
}
