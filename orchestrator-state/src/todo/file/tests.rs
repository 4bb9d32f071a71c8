//! One file, many threads and processes: every update is kept, exactly once.
//!
//! `ORCHESTRATOR_TODO_THREADS` says how many threads of one process there are at most,
//! `ORCHESTRATOR_TODO_PROCESSES` and `ORCHESTRATOR_TODO_PROCESS_THREADS` how many processes and how many
//! threads in each, and `ORCHESTRATOR_TODO_ROUNDS` how often each thread adds items. Each of both tests
//! prints a figure with the counts that it has had.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::{Barrier, Mutex};
use std::thread;

use tempfile::tempdir;

use crate::{EditError, NewItem, Status, TodoDocument, TodoFile, TodoFileError, atomic_write};

/// What a thread of a process does.
const WORK: &str = "ORCHESTRATOR_TODO_WORK";

fn number(name: &str, default: usize) -> usize {
    let value = std::env::var(format!("ORCHESTRATOR_TODO_{name}"));
    value.map_or(default, |value| value.parse().unwrap())
}

/// The items that are to be ticked, one for each thread of each process.
fn plan(processes: usize, threads: usize) -> String {
    let ids = (0..processes).flat_map(|p| (0..threads).map(move |t| format!("p{p}t{t}")));
    ids.map(|id| format!("- [ ] {id} | tick me | status: pending\n"))
        .collect()
}

/// Ticks an item, and adds items below it and to the end.
fn work(file: &TodoFile, process: usize, thread: usize, rounds: usize) {
    let id = format!("p{process}t{thread}");
    file.edit(|todo| todo.set_status(&id, Status::Running))
        .unwrap();
    for round in 0..rounds {
        let child = NewItem::new(format!("{id}c{round}"), "a child").under(&id);
        file.edit(|todo| {
            todo.add_item(&child)?;
            todo.set_status(&child.id, Status::Done)
        })
        .unwrap();
        let more = NewItem::new(format!("{id}n{round}"), "more");
        file.edit(|todo| todo.add_item(&more)).unwrap();
        let again = file.edit(|todo| todo.add_item(&more)).unwrap_err();
        assert!(
            matches!(again, TodoFileError::Edit(EditError::Exists { .. })),
            "{again}"
        );
    }
    file.edit(|todo| todo.set_status(&id, Status::Done))
        .unwrap();
}

/// Every update is there, once.
#[track_caller]
fn all_kept(text: &str, processes: usize, threads: usize, rounds: usize) {
    let todo = TodoDocument::parse(text);
    let mut expected = BTreeSet::new();
    for id in (0..processes).flat_map(|p| (0..threads).map(move |t| format!("p{p}t{t}"))) {
        assert!(todo.is_done(&id), "{id}\n{text}");
        let children: Vec<_> = todo
            .children(&id)
            .into_iter()
            .map(|item| item.id.clone())
            .collect();
        let wanted: Vec<_> = (0..rounds).map(|round| format!("{id}c{round}")).collect();
        assert_eq!(children, wanted);
        expected.extend(wanted);
        expected.extend((0..rounds).map(|round| format!("{id}n{round}")));
        expected.insert(id);
    }
    let mut found: Vec<_> = todo.items().map(|item| item.id.clone()).collect();
    found.sort();
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    assert!(
        text.starts_with("# Mine\n\n") && text.contains("\nMy words.\n"),
        "{text}"
    );
}

/// Prints what was tried, and that all of it was kept: a thread makes two edits, and two more in each round.
#[expect(clippy::print_stdout, reason = "`cargo xtask crash` reads it")]
fn figure(who: &str, threads: usize, rounds: usize) {
    let (name, updates) = (format!("todo.md: {who}"), threads * (2 + 2 * rounds));
    let figure = serde_json::json!({
        "name": name, "ours": 0, "unit": "lost updates", "target": 0, "met": true,
        "control": false, "note": format!("{updates} updates"),
    });
    println!("\n{figure}");
}

fn start(path: &Path, processes: usize, threads: usize) {
    let text = format!("# Mine\n\nMy words.\n\n{}", plan(processes, threads));
    fs::write(path, text).unwrap();
}

fn run_threads(file: &TodoFile, process: usize, threads: usize, rounds: usize) {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        for thread in 0..threads {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                work(file, process, thread, rounds);
            });
        }
    });
}

#[test]
fn threads_lose_nothing() {
    let folder = tempdir().unwrap();
    for (threads, rounds) in [
        (4, 4),
        (32, 2),
        (number("THREADS", 200), number("ROUNDS", 1)),
    ] {
        let path = folder.path().join(format!("todo-{threads}.md"));
        start(&path, 1, threads);
        let file = TodoFile::open(&path).unwrap();
        run_threads(&file, 0, threads, rounds);
        all_kept(&fs::read_to_string(&path).unwrap(), 1, threads, rounds);
        figure(&format!("{threads} threads"), threads, rounds);
    }
}

/// The process that the next test starts. In a run of its own it has nothing to do.
#[test]
fn process_of_threads() {
    let Ok(work) = std::env::var(WORK) else {
        return;
    };
    let [path, process, threads, rounds] = work.split('\n').collect::<Vec<_>>()[..] else {
        panic!("{work}");
    };
    let number = |text: &str| text.parse().unwrap();
    let file = TodoFile::open(path).unwrap();
    run_threads(&file, number(process), number(threads), number(rounds));
}

#[test]
fn processes_lose_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("todo.md");
    let (processes, threads) = (number("PROCESSES", 4), number("PROCESS_THREADS", 4));
    let rounds = number("ROUNDS", 2);
    start(&path, processes, threads);
    let started: Vec<_> = (0..processes)
        .map(|process| {
            let work = format!("{}\n{process}\n{threads}\n{rounds}", path.display());
            Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "todo::file::tests::process_of_threads",
                    "--nocapture",
                ])
                .env(WORK, work)
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for process in started {
        let output = process.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && told.contains("1 passed"),
            "{told}"
        );
    }
    all_kept(
        &fs::read_to_string(&path).unwrap(),
        processes,
        threads,
        rounds,
    );
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".todo.md.lock", "todo.md"]);
    let who = format!("{processes} processes of {threads} threads");
    figure(&who, processes * threads, rounds);
}

/// The control: without the lock, updates that meet are lost, and the check sees it.
#[test]
fn control_without_the_lock_updates_are_lost() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("todo.md");
    start(&path, 1, 4);
    let read = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (path, read) = (&path, &read);
            scope.spawn(move || {
                let mut todo = TodoDocument::parse(&fs::read_to_string(path).unwrap());
                // All have read before any writes, as it may happen.
                read.wait();
                todo.set_status(&format!("p0t{thread}"), Status::Done)
                    .unwrap();
                atomic_write(path, todo.to_string().as_bytes()).unwrap();
            });
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(TodoDocument::parse(&text).progress().done, 1);
    assert!(catch_unwind(AssertUnwindSafe(|| all_kept(&text, 1, 4, 0))).is_err());
}

#[test]
fn edits_that_meet_are_written_together() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("todo.md");
    let file = TodoFile::open(&path).unwrap();
    let other = TodoFile::open(&path).unwrap();
    let texts = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        let (file, texts) = (&file, &texts);
        other
            .edit(|_| {
                // While another handle has the lock, the first leads and the rest wait for it.
                for thread in 0..50 {
                    scope.spawn(move || {
                        file.edit(|todo| todo.add_item(&NewItem::new(format!("t{thread}"), "a")))
                            .unwrap();
                        let text = fs::read_to_string(file.path()).unwrap();
                        texts.lock().unwrap().insert(text);
                    });
                }
                while file.batches.waiting() < 49 {
                    thread::yield_now();
                }
                Ok(())
            })
            .unwrap();
    });
    // All of them see the one text that was written.
    assert_eq!(texts.lock().unwrap().len(), 1);
    assert_eq!(file.read().unwrap().items().count(), 50);
}

#[test]
fn an_error_or_a_panic_is_its_own_callers_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("todo.md");
    let file = TodoFile::open(&path).unwrap();
    thread::scope(|scope| {
        for thread in 0..30 {
            let file = &file;
            scope.spawn(move || {
                let item = NewItem::new(format!("t{thread}"), "a");
                let edited = catch_unwind(AssertUnwindSafe(|| {
                    file.edit(|todo| {
                        todo.add_item(&item)?;
                        match thread % 3 {
                            0 => Ok(thread),
                            1 => todo.set_status("zz", Status::Done).map(|()| thread),
                            _ => panic!("thread {thread}"),
                        }
                    })
                }));
                match thread % 3 {
                    0 => assert_eq!(edited.unwrap().unwrap(), thread),
                    1 => assert!(matches!(
                        edited.unwrap(),
                        Err(TodoFileError::Edit(EditError::Unknown { .. }))
                    )),
                    _ => {
                        let panic = edited.unwrap_err();
                        assert_eq!(
                            *panic.downcast::<String>().unwrap(),
                            format!("thread {thread}")
                        );
                    }
                }
            });
        }
    });
    let mut ids: Vec<_> = file
        .read()
        .unwrap()
        .items()
        .map(|item| item.id.clone())
        .collect();
    ids.sort_by_key(|id| id[1..].parse::<u32>().unwrap());
    let wanted: Vec<_> = (0..30).step_by(3).map(|id| format!("t{id}")).collect();
    assert_eq!(ids, wanted);
}

#[test]
fn what_cannot_be_used_is_named_and_kept() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("todo.md");
    let file = TodoFile::open(&path).unwrap();
    assert_eq!(file.read().unwrap().to_string(), "");
    // Nothing changed, so nothing is written.
    file.edit(|_| Ok(())).unwrap();
    assert!(!path.exists());

    let nested = file.edit(|_| Ok(file.edit(|_| Ok(())))).unwrap();
    assert!(matches!(nested, Err(TodoFileError::Nested { .. })));

    fs::write(&path, b"- [ ] t1\n\xff").unwrap();
    let error = file
        .edit(|todo| todo.set_status("t1", Status::Done))
        .unwrap_err();
    assert!(
        matches!(error, TodoFileError::NotText { at: 9, .. }),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"- [ ] t1\n\xff");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = file.edit(|_| Ok(())).unwrap_err();
    assert!(matches!(error, TodoFileError::Read { .. }), "{error}");
    fs::remove_dir(&path).unwrap();
    // After any error, the next edit goes on.
    file.edit(|todo| todo.add_item(&NewItem::new("t1", "a")))
        .unwrap();
    assert!(TodoFile::open(folder.path().join("no/todo.md")).is_err());
}

#[test]
fn a_write_that_fails_is_told_to_all_whose_edits_it_had() {
    let folder = tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let file = TodoFile::open(inner.join("todo.md")).unwrap();
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let (file, results, inner) = (&file, &results, &inner);
        let first = file.edit(|todo| {
            for thread in 0..5 {
                scope.spawn(move || {
                    let id = format!("t{thread}");
                    let edited = file.edit(|todo| todo.add_item(&NewItem::new(id, "a")));
                    results.lock().unwrap().push(edited);
                });
            }
            while file.batches.waiting() < 5 {
                thread::yield_now();
            }
            fs::remove_dir_all(inner).unwrap();
            todo.add_item(&NewItem::new("first", "a"))
        });
        assert!(matches!(first, Err(TodoFileError::Write(_))));
    });
    for result in results.into_inner().unwrap() {
        assert!(matches!(result, Err(TodoFileError::Write(_))), "{result:?}");
    }
}

#[cfg(unix)]
#[test]
fn all_names_of_a_file_share_its_lock() {
    let folder = tempdir().unwrap();
    let (path, link) = (folder.path().join("todo.md"), folder.path().join("link.md"));
    fs::write(&path, "- [ ] t1\n").unwrap();
    std::os::unix::fs::symlink("todo.md", &link).unwrap();
    let file = TodoFile::open(&link).unwrap();
    file.edit(|todo| todo.set_status("t1", Status::Done))
        .unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), "- [x] t1\n");
    assert!(folder.path().join(".todo.md.lock").exists());
}

#[test]
fn a_lock_that_is_removed_while_others_wait_for_it_keeps_them_apart() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("todo.md");
    let (one, two) = (
        TodoFile::open(&path).unwrap(),
        TodoFile::open(&path).unwrap(),
    );
    one.edit(|todo| {
        fs::remove_file(folder.path().join(".todo.md.lock")).unwrap();
        todo.add_item(&NewItem::new("t1", "a"))
    })
    .unwrap();
    two.edit(|todo| todo.add_item(&NewItem::new("t2", "a")))
        .unwrap();
    assert_eq!(one.read().unwrap().items().count(), 2);
}
