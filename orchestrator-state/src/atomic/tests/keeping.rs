//! Links, permissions and owners.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

#[test]
fn permissions_and_links_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("run.sh"), folder.path().join("link"));
    fs::write(&path, "old").unwrap();
    symlink("run.sh", &link).unwrap();
    for mode in [0o750, 0o600, 0o444, 0o4711] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        atomic_write(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let kept = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(kept, mode, "{kept:o}");
    }
}

#[test]
fn a_dangling_link_gets_its_file_and_a_loop_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (link, looped) = (folder.path().join("link"), folder.path().join("loop"));
    symlink("later.md", &link).unwrap();
    symlink("loop", &looped).unwrap();
    atomic_write(&link, b"now").unwrap();
    assert_eq!(fs::read(folder.path().join("later.md")).unwrap(), b"now");
    assert!(atomic_write(&looped, b"never").is_err());
}

#[test]
fn a_device_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("null");
    symlink("/dev/null", &link).unwrap();
    let error = atomic_write(&link, b"never").unwrap_err();
    assert!(
        matches!(error, AtomicWriteError::NotAFile { .. }),
        "{error}"
    );
}

/// The other name of a hard link keeps the old content: documented, so pinned.
#[test]
fn a_hard_link_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a"), folder.path().join("b"));
    fs::write(&path, "old").unwrap();
    fs::hard_link(&path, &other).unwrap();
    atomic_write(&path, b"new").unwrap();
    assert_eq!(fs::read(&other).unwrap(), b"old");
}

/// Only root can give files away; anyone else sees the other half of the rule.
#[test]
fn root_keeps_the_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs");
    fs::write(&path, "old").unwrap();
    let given = std::os::unix::fs::chown(&path, Some(12345), Some(23456)).is_ok();
    let before = fs::metadata(&path).unwrap();
    atomic_write(&path, b"new").unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((before.uid(), before.gid()), (after.uid(), after.gid()));
    assert!(!given || after.uid() == 12345);
    assert_eq!(fs::read(&path).unwrap(), b"new");
}
