//! What a worktree gives and refuses, and that nobody is led out of it.

use std::fs;

use super::*;

fn path(path: &str) -> WorktreePath {
    WorktreePath::new(path).unwrap()
}

#[test]
fn what_is_written_is_read_and_folders_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let worktree = Worktree::new(folder.path());
    worktree.write(&path("a/b/c.txt"), "one").unwrap();
    worktree.write(&path("a/b/c.txt"), "two").unwrap();
    assert_eq!(worktree.read(&path("a/b/c.txt")).unwrap(), "two");
    // Nothing else is left behind.
    assert_eq!(fs::read_dir(folder.path().join("a/b")).unwrap().count(), 1);
}

#[test]
fn each_thing_that_is_no_file_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("plain"), "").unwrap();
    let worktree = Worktree::new(folder.path());
    for (given, part) in [
        ("sub", "a folder"),
        ("gone", "there is no `gone`"),
        ("gone/x", "there is no `gone/x`"),
        ("plain/x", "there is no `plain/x`"),
    ] {
        let error = worktree.read(&path(given)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(worktree.write(&path("sub"), "x").is_err());
    assert!(worktree.write(&path("plain/x"), "x").is_err());
    let nowhere = Worktree::new(folder.path().join("nowhere"));
    assert!(matches!(
        nowhere.read(&path("x")),
        Err(PathError::Io { what: "reach", .. })
    ));
}

/// One of several files cannot be changed: none is.
#[test]
fn several_files_change_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("one"), "1").unwrap();
    fs::write(root.join("two"), "2").unwrap();
    fs::create_dir(root.join("folder")).unwrap();
    let worktree = Worktree::new(root);
    let (one, two, new) = (path("one"), path("two"), path("sub/new"));
    for bad in ["folder", "one/x", "gone"] {
        let bad = path(bad);
        let text = Some("x").filter(|_| bad.as_str() != "gone");
        let changes = [
            (&one, Some("x")),
            (&two, None),
            (&new, Some("x")),
            (&bad, text),
        ];
        assert!(worktree.change(&changes).is_err());
        assert_eq!(worktree.read(&one).unwrap(), "1");
        assert_eq!(worktree.read(&two).unwrap(), "2");
        assert!(worktree.read(&new).is_err());
    }
    let changes = [(&one, Some("x")), (&two, None), (&new, Some("y"))];
    worktree.change(&changes).unwrap();
    assert_eq!(worktree.read(&one).unwrap(), "x");
    assert!(worktree.read(&two).is_err());
    assert_eq!(worktree.read(&new).unwrap(), "y");
}

/// What fails once the first file has been replaced puts it back: here the second is named twice, and is gone
/// when its turn comes again.
#[test]
fn what_was_changed_before_a_failure_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("one", "1"), ("two", "2")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let worktree = Worktree::new(folder.path());
    let (one, two, new) = (path("one"), path("two"), path("new"));
    let changes = [
        (&one, Some("x")),
        (&new, Some("x")),
        (&two, None),
        (&two, None),
    ];
    assert!(worktree.change(&changes).is_err());
    assert_eq!(worktree.read(&one).unwrap(), "1");
    assert_eq!(worktree.read(&two).unwrap(), "2");
    assert!(worktree.read(&new).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn binary_files_are_refused_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x"), b"ab\xff").unwrap();
    let error = Worktree::new(folder.path()).read(&path("x"));
    assert!(matches!(error, Err(PathError::NotText { at: 2, .. })));
}

#[test]
fn a_large_file_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("large")).unwrap();
    // Two gigabytes that take no room.
    file.set_len(2 << 30).unwrap();
    let error = Worktree::new(folder.path()).read(&path("large"));
    assert!(matches!(error, Err(PathError::TooLarge { size, .. }) if size == 2 << 30));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn those_that_stay_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("one/two")).unwrap();
        fs::write(folder.path().join("one/file"), "text").unwrap();
        symlink("one", folder.path().join("folder")).unwrap();
        symlink("../file", folder.path().join("one/two/up")).unwrap();
        symlink("folder/two/up", folder.path().join("chain")).unwrap();
        let worktree = Worktree::new(folder.path());
        for given in ["folder/file", "one/two/up", "folder/two/up", "chain"] {
            assert_eq!(worktree.read(&path(given)).unwrap(), "text", "{given}");
        }
        worktree.write(&path("chain"), "new").unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("one/file")).unwrap(),
            "new"
        );
        assert!(folder.path().join("chain").is_symlink());
    }

    #[test]
    fn those_that_leave_are_not() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let folder = tempfile::tempdir_in(outside.path()).unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::create_dir_all(root.join(".git/hooks")).unwrap();
        fs::write(root.join(".git/config"), "").unwrap();
        symlink(outside.path().join("secret"), root.join("absolute")).unwrap();
        symlink(outside.path(), root.join("out")).unwrap();
        symlink("../secret", root.join("up")).unwrap();
        symlink("../../secret", root.join("sub/up")).unwrap();
        symlink("sub/../../secret", root.join("round")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        symlink(".git", root.join("git")).unwrap();
        symlink(".git/config", root.join("config")).unwrap();
        let worktree = Worktree::new(root);
        for given in [
            "absolute",
            "out/secret",
            "out/new",
            "up",
            "sub/up",
            "round",
            "circle",
            "git/config",
            "git/hooks/pre-commit",
            "config",
        ] {
            let read = worktree.read(&path(given));
            let written = worktree.write(&path(given), "x");
            for error in [read.map(drop), written] {
                assert!(
                    matches!(
                        error,
                        Err(PathError::Leaves { .. } | PathError::Protected { .. })
                    ),
                    "{given}: {error:?}"
                );
            }
        }
        assert_eq!(
            fs::read_to_string(outside.path().join("secret")).unwrap(),
            "secret"
        );
        assert!(!outside.path().join("new").exists());
        assert_eq!(fs::read_dir(root.join(".git/hooks")).unwrap().count(), 0);
    }

    #[test]
    fn writing_keeps_permissions_and_leaves_hard_links_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.sh");
        let other = folder.path().join("other");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        fs::hard_link(&file, &other).unwrap();
        Worktree::new(folder.path())
            .write(&path("run.sh"), "new")
            .unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_to_string(&other).unwrap(), "old");
    }

    /// Opening a pipe for reading waits for a writer, if it is not careful.
    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path().join("pipe"))
            .status();
        assert!(made.unwrap().success());
        let worktree = Worktree::new(folder.path());
        for error in [
            worktree.read(&path("pipe")).map(drop),
            worktree.write(&path("pipe"), "x"),
        ] {
            assert!(
                matches!(error, Err(PathError::NotAFile { .. })),
                "{error:?}"
            );
        }
    }

    /// Another thread swaps a folder for a link out of the worktree all the while. The control, which checks
    /// first and opens then, is led out.
    #[test]
    #[cfg(target_os = "linux")]
    fn swapping_folders_for_links_leads_nobody_out() {
        use std::sync::atomic::{AtomicBool, Ordering};

        use rustix::fs::{CWD, RenameFlags, renameat_with};

        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("file"), "outside").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let (sub, link) = (root.join("sub"), root.join("link"));
        fs::create_dir(&sub).unwrap();
        fs::write(sub.join("file"), "inside").unwrap();
        symlink(outside.path(), &link).unwrap();

        /// Also where something is not as it should be: nobody would end otherwise.
        struct EndsWithMe<'a>(&'a AtomicBool);
        impl Drop for EndsWithMe<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }

        let done = AtomicBool::new(false);
        let (mut led_out, mut inside, mut turns) = (0, 0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    renameat_with(CWD, &sub, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                }
            });
            let _ends = EndsWithMe(&done);
            let worktree = Worktree::new(root);
            // Until both have happened, and often enough.
            while turns < 20_000 || inside == 0 || led_out == 0 {
                turns += 1;
                assert!(
                    turns < 10_000_000,
                    "{inside} were read, the control was led out {led_out} times"
                );
                if let Ok(text) = worktree.read(&path("sub/file")) {
                    assert_eq!(text, "inside");
                    inside += 1;
                }
                if turns % 10 == 0 {
                    drop(worktree.write(&path("sub/file"), "inside"));
                    drop(worktree.write(&path("sub/new/file"), "inside"));
                }
                let seems_good = !sub.is_symlink();
                if seems_good && fs::read(sub.join("file")).is_ok_and(|text| text == b"outside") {
                    led_out += 1;
                }
            }
        });
        assert_eq!(
            fs::read_to_string(outside.path().join("file")).unwrap(),
            "outside"
        );
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }
}
