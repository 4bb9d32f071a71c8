//! What a tree knows is what there is.

use std::collections::BTreeMap;
use std::fs;

use super::*;

/// Everything there is, by walking and reading all of it.
fn fresh(root: &Path, options: TreeOptions) -> BTreeMap<PathBuf, Vec<u8>> {
    let tree = Tree::new(Worktree::new(root), options);
    read(&tree)
}

fn read(tree: &Tree) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = tree.files();
    let mut reader = tree.reader();
    let read = files
        .iter()
        .filter_map(|file| Some((file.path().to_path_buf(), reader.read(file)?.to_vec())));
    read.collect()
}

/// Random edits, renames, deletions, folders and ignore files, one after the other without a pause, so that
/// many come within a tick of the clock: after each the tree is what a new one is.
fn follows(steps: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join(".git")).unwrap();
    let options = [
        TreeOptions::default(),
        TreeOptions {
            hidden: true,
            ignored: true,
        },
    ];
    let trees = options.map(|options| Tree::new(Worktree::new(root), options));
    let names = ["a", "b", "c.txt", ".d", "e"];
    let (mut different, mut last) = (0, BTreeMap::new());
    for step in 0..steps {
        let mut place = root.to_owned();
        for _ in 0..random.usize(..3) {
            place.push(names[random.usize(..names.len())]);
        }
        let path = place.join(names[random.usize(..names.len())]);
        // What cannot be done is no step.
        let done = match random.u8(..12) {
            0..=3 => fs::write(&path, random.u8(..4).to_string()),
            4 => fs::create_dir_all(&path),
            5 => fs::remove_file(&path),
            6 => fs::remove_dir_all(&path),
            7 => fs::rename(&path, place.join(names[random.usize(..names.len())])),
            8 => fs::rename(&path, root.join(names[random.usize(..names.len())])),
            9 => fs::write(place.join(".gitignore"), names[random.usize(..names.len())]),
            10 => fs::remove_file(place.join(".gitignore")),
            // The same size, and the time set back to what it was.
            _ => fs::metadata(&path).and_then(|before| {
                fs::write(&path, random.u8(..4).to_string())?;
                let file = fs::File::options().write(true).open(&path)?;
                file.set_modified(before.modified()?)
            }),
        };
        drop(done);
        for (tree, options) in trees.iter().zip(options) {
            let now = fresh(root, options);
            assert_eq!(read(tree), now, "after step {step} of seed {seed}");
            different += usize::from(now != last);
            last = now;
        }
        // Mostly what there is stays a while, so that it is believed.
        if random.u8(..50) == 0 {
            wait_until_old(root);
        }
    }
    assert!(different > steps / 4, "{different}");
}

/// Waits until everything has a stamp that is believed.
fn wait_until_old(root: &Path) {
    let is_racy = |path: &Path| {
        let now = Stamp::of(path);
        now.is_some_and(|now| !now.still_is_at(path))
    };
    let mut all = vec![root.to_owned()];
    while let Some(path) = all.pop() {
        while is_racy(&path) {
            std::thread::yield_now();
        }
        let inside = fs::read_dir(&path).into_iter().flatten().flatten();
        all.extend(inside.map(|entry| entry.path()));
    }
}

#[test]
fn it_follows_every_change() {
    for seed in 0..4 {
        follows(250, seed);
    }
}

/// The control: without the rule for what is racy, changes within a tick are missed where the system's stamps
/// are no finer; and what is old and has the same stamp is not read again, or this would be no cache.
#[test]
fn what_is_old_and_the_same_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "one").unwrap();
    let tree = Tree::new(Worktree::new(folder.path()), TreeOptions::default());
    let content = |tree: &Tree| tree.reader().read(&tree.files()[0]).unwrap();
    // Just written: read each time.
    let (one, two) = (content(&tree), content(&tree));
    assert!(!Arc::ptr_eq(&one.content, &two.content));
    wait_until_old(folder.path());
    let (one, two) = (content(&tree), content(&tree));
    assert!(Arc::ptr_eq(&one.content, &two.content) && Arc::ptr_eq(&tree.files(), &tree.files()));
}

/// What is kept of files that change and go is given back, or in the end nothing would be kept any more.
#[test]
fn what_is_kept_is_counted_as_long_as_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(Worktree::new(folder.path()), TreeOptions::default());
    let kept = |tree: &Tree| {
        drop(read(tree));
        tree.kept.load(Ordering::Relaxed)
    };
    for (name, text) in [("a", "12345"), ("b", "123"), ("a", "1")] {
        fs::write(folder.path().join(name), text).unwrap();
        drop(read(&tree));
    }
    assert_eq!(kept(&tree), 4);
    fs::remove_file(folder.path().join("b")).unwrap();
    assert_eq!(kept(&tree), 1);
    tree.forget();
    assert_eq!(tree.kept.load(Ordering::Relaxed), 0);
}

#[test]
fn trees_are_shared_and_few() {
    let trees = Trees::default();
    let of = |number: usize| trees.of(&Worktree::new(format!("/{number}")), TreeOptions::default());
    let first = of(0);
    assert!(Arc::ptr_eq(&first, &of(0)));
    for number in 1..=TREES {
        drop(of(number));
    }
    assert!(!Arc::ptr_eq(&first, &of(0)));
    assert!(trees.trees.lock().unwrap().len() <= TREES);
}

#[cfg(unix)]
#[test]
fn links_are_no_files_and_lead_nowhere() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    symlink(outside.path(), root.join("folder")).unwrap();
    symlink(outside.path().join("secret"), root.join("file")).unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff");
    fs::write(root.join(odd), "odd").unwrap();
    let tree = Tree::new(Worktree::new(root), TreeOptions::default());
    assert_eq!(
        read(&tree),
        BTreeMap::from([(PathBuf::from(odd), b"odd".to_vec())])
    );
    for path in ["file", "folder/secret"] {
        let file = TreeFile::new(root, Path::new(path).into());
        assert!(tree.reader().read(&file).is_none(), "{path}");
    }
}
