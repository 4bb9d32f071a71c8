//! Backups of real files under a clock that the tests set.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use proptest::prelude::*;

use super::*;

/// A clock at a given millisecond.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn set(&self, millisecond: i64) {
        self.0.store(millisecond, SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(SeqCst)).unwrap()
    }
}

fn stage() -> (tempfile::TempDir, PathBuf, Hands, Backups<Hands>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    let hands = Hands::default();
    hands.set(1_795_644_468_123);
    (folder, path, hands.clone(), Backups::with_clock(hands))
}

fn names(backups: &[Backup]) -> Vec<&str> {
    backups
        .iter()
        .map(|backup| backup.path().file_name().unwrap().to_str().unwrap())
        .collect()
}

#[test]
fn a_name_says_when_and_sorts() {
    let (_folder, path, hands, backups) = stage();
    fs::write(&path, "one").unwrap();
    backups.create(&path).unwrap();
    backups.create(&path).unwrap();
    hands.set(1_795_644_469_000);
    backups.create(&path).unwrap();
    // The clock was set back; the order is still the one in which they were taken.
    hands.set(0);
    backups.create(&path).unwrap();
    let listed = backups.list(&path).unwrap();
    assert_eq!(
        names(&listed),
        [
            "settings.json.2026-11-25T22-07-48.123Z.bak",
            "settings.json.2026-11-25T22-07-48.124Z.bak",
            "settings.json.2026-11-25T22-07-49.000Z.bak",
            "settings.json.2026-11-25T22-07-49.001Z.bak",
        ]
    );
    let mut sorted = names(&listed);
    sorted.sort_unstable();
    assert_eq!(sorted, names(&listed));
}

#[test]
fn the_newest_are_kept_and_nothing_else_is_removed() {
    let (folder, path, hands, backups) = stage();
    fs::write(&path, "one").unwrap();
    let others = [
        "settings.json.bak",
        "settings.json.2020-01-01T00-00-00.000Z.bak.bak",
        "settings.json.2020-01-01T00-00-00Z.bak",
        "settings.json.2020-01-01t00-00-00.000Z.bak",
        "settings.json.2020-13-01T00-00-00.000Z.bak",
        "settings.json.2020-01-01T00:00:00.000Z.bak",
        "other.json.2020-01-01T00-00-00.000Z.bak",
        "settings.json.x.2020-01-01T00-00-00.000Z.bak",
    ];
    for other in others {
        fs::write(folder.path().join(other), "not ours").unwrap();
    }
    let ours_by_name = folder
        .path()
        .join("settings.json.2020-01-01T00-00-00.000Z.bak");
    fs::create_dir(&ours_by_name).unwrap();

    for second in 0..12 {
        hands.set(1_795_644_468_123 + second * 1000);
        fs::write(&path, second.to_string()).unwrap();
        backups.create(&path).unwrap();
    }
    let kept: Vec<String> = backups
        .list(&path)
        .unwrap()
        .iter()
        .map(|backup| fs::read_to_string(backup.path()).unwrap())
        .collect();
    assert_eq!(kept, ["7", "8", "9", "10", "11"]);
    for other in others {
        assert!(folder.path().join(other).exists(), "{other}");
    }
    assert!(ours_by_name.exists());

    backups.clone().keep(0).create(&path).unwrap();
    assert_eq!(backups.list(&path).unwrap().len(), 1);
}

#[test]
fn restoring_is_byte_for_byte_and_can_be_taken_back() {
    let (_folder, path, _, backups) = stage();
    let odd = b"\xef\xbb\xbf{\r\n}\0\xff";
    fs::write(&path, odd).unwrap();
    let oldest = backups.create(&path).unwrap();
    for round in 0..4 {
        fs::write(&path, format!("round {round}")).unwrap();
        backups.create(&path).unwrap();
    }
    fs::write(&path, "edited since").unwrap();

    let replaced = backups.restore(&path, &oldest).unwrap().unwrap();
    assert_eq!(fs::read(&path).unwrap(), odd);
    assert_eq!(fs::read(replaced.path()).unwrap(), b"edited since");
    // The one that was restored is not what had to go to make room.
    assert!(oldest.path().exists());

    backups.restore(&path, &replaced).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"edited since");

    fs::remove_file(&path).unwrap();
    let newest = backups.list(&path).unwrap().pop().unwrap();
    assert_eq!(backups.restore(&path, &newest).unwrap(), None);
    assert_eq!(fs::read(&path).unwrap(), odd);
}

#[test]
fn a_backup_of_another_file_is_refused() {
    let (folder, path, _, backups) = stage();
    let other = folder.path().join("other.json");
    fs::write(&path, "one").unwrap();
    fs::write(&other, "two").unwrap();
    let backup = backups.create(&other).unwrap();
    let error = backups.restore(&path, &backup).unwrap_err();
    assert!(
        matches!(error, BackupError::NotOfThisFile { .. }),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"one");
}

#[test]
fn in_a_folder_files_of_one_name_do_not_mix() {
    let (folder, _, _, backups) = stage();
    let backups = backups.in_folder(folder.path().join("backups"));
    for name in ["a", "b"] {
        let path = folder.path().join(name).join("settings.json");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, name).unwrap();
        for _ in 0..6 {
            backups.create(&path).unwrap();
        }
    }
    for name in ["a", "b"] {
        let path = folder.path().join(name).join("settings.json");
        let listed = backups.list(&path).unwrap();
        assert_eq!(listed.len(), 5);
        for backup in listed {
            assert_eq!(fs::read_to_string(backup.path()).unwrap(), name);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_secret_stays_secret() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path, _, backups) = stage();
    fs::write(&path, "token").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let backup = backups.create(&path).unwrap();
    let mode = fs::metadata(backup.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_missing_is_named() {
    let (folder, path, _, backups) = stage();
    assert!(backups.list(&path).unwrap().is_empty());
    let error = backups.create(&path).unwrap_err();
    assert!(error.to_string().contains("settings.json"), "{error}");
    assert!(backups.create(folder.path()).is_err());
}

/// What one step of the property test does.
#[derive(Debug, Clone)]
enum Step {
    Write(u8),
    Create,
    Restore(usize),
    Clock(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u8>().prop_map(Step::Write),
        Just(Step::Create),
        any::<usize>().prop_map(Step::Restore),
        (0..10_000_i64).prop_map(Step::Clock),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A plain model: a list of contents, the oldest dropped beyond three, and a file.
    #[test]
    fn backups_do_what_a_list_does(steps in prop::collection::vec(step(), 1..20)) {
        let (_folder, path, hands, backups) = stage();
        let backups = backups.keep(3);
        let (mut file, mut model) = (vec![0], BTreeMap::<usize, Vec<u8>>::new());
        let mut number = 0;
        fs::write(&path, &file).unwrap();
        for step in steps {
            let mut push = |model: &mut BTreeMap<usize, Vec<u8>>, file: &Vec<u8>, spared| {
                number += 1;
                let mut excess = (model.len() + 1 - usize::from(spared != usize::MAX)).saturating_sub(3);
                for old in model.keys().copied().collect::<Vec<_>>() {
                    if excess > 0 && old != spared {
                        model.remove(&old);
                        excess -= 1;
                    }
                }
                model.insert(number, file.clone());
            };
            match step {
                Step::Write(byte) => {
                    file = vec![byte];
                    fs::write(&path, &file).unwrap();
                }
                Step::Clock(time) => hands.set(time),
                Step::Create => {
                    backups.create(&path).unwrap();
                    push(&mut model, &file, usize::MAX);
                }
                Step::Restore(which) => {
                    let listed = backups.list(&path).unwrap();
                    if listed.is_empty() {
                        continue;
                    }
                    let which = which % listed.len();
                    backups.restore(&path, &listed[which]).unwrap();
                    let key = *model.keys().nth(which).unwrap();
                    let restored = model[&key].clone();
                    push(&mut model, &file, key);
                    file = restored;
                }
            }
            let listed: Vec<Vec<u8>> = backups
                .list(&path)
                .unwrap()
                .iter()
                .map(|backup| fs::read(backup.path()).unwrap())
                .collect();
            prop_assert_eq!(listed, model.values().cloned().collect::<Vec<_>>());
            prop_assert_eq!(&fs::read(&path).unwrap(), &file);
        }
    }
}
