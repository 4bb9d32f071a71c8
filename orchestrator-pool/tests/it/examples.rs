//! The examples do what they say.

#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../../examples/buffers.rs"]
mod buffers;
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../../examples/objects.rs"]
mod objects;
#[cfg(unix)]
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../../examples/processes.rs"]
mod processes;
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../../examples/words.rs"]
mod words;

use orchestrator_pool::{BufferPool, Interner, InternerConfig};

#[test]
fn words_are_counted() {
    let words = Interner::default();
    let texts: Vec<String> = (0..9).map(|n| format!("common common rare{n}")).collect();
    let counts = words::count(&words, &texts, 3).unwrap();
    let named: Vec<_> = counts
        .iter()
        .map(|(word, n)| (words.resolve(*word), *n))
        .collect();
    assert_eq!(named[..2], [("common", 18), ("rare0", 1)]);
    assert_eq!(named.len(), 10);

    let small = Interner::new(InternerConfig::default().with_max_bytes(4096));
    let many: Vec<String> = (0..2_000).map(|n| format!("word{n}")).collect();
    let full = words::count(&small, &many, 2).unwrap_err();
    assert!(full.to_string().contains("the interner is full"), "{full}");
}

#[test]
fn objects_come_back_through_the_depot() {
    let (sum, stats) = objects::run(20_000);
    assert_eq!(sum, (0..20_000).map(|first| 3 * first + 3).sum::<u64>());
    assert_eq!(stats.lent, 20_000);
    assert!(stats.made < 2_000, "{stats:?}");
}

#[test]
fn lines_are_slices_of_buffers_that_come_back() {
    let pool = BufferPool::default();
    let long = "x".repeat(200_000);
    for text in [
        String::new(),
        "\n".into(),
        "a\n\nb".into(),
        format!("short\n{long}\n{long}end\nlast\n"),
        "line of text\n".repeat(50_000),
        "y".repeat(64 * 1024),
    ] {
        let mut lines = Vec::new();
        buffers::each_line(&pool, text.as_bytes(), |line| {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
        })
        .unwrap();
        assert!(lines.iter().eq(text.lines()), "{} lines", lines.len());
    }
    let stats = pool.stats(64 * 1024).unwrap();
    assert!(stats.made <= 2 && stats.lent > 10, "{stats:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn processes_are_proven_before_they_are_lent() {
    let (answers, stats) = processes::run().await.unwrap();
    let expected = ["one", "ONE", "two", "TWO", "three", "THREE", "four", "FIVE"];
    assert_eq!(answers, expected);
    for (program, stats) in stats {
        let counts = (stats.created, stats.recycled, stats.rejected);
        assert_eq!(counts, (2, 3, 1), "{program}");
    }
}
