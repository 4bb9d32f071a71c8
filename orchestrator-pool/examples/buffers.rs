//! Reads a stream in pooled buffers, and hands out its lines without copying them: each buffer
//! comes back when the last of its lines is dropped.
//!
//! `cargo run -p orchestrator-pool --example buffers < FILE`

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::io::{self, Read};

use orchestrator_pool::{Buffer, BufferPool, Bytes};

pub(crate) fn main() -> io::Result<()> {
    let pool = BufferPool::default();
    let mut longest = Bytes::new();
    let mut count = 0_u64;
    each_line(&pool, io::stdin().lock(), |line| {
        count += 1;
        // Keeping a line keeps its whole buffer from coming back: a few, not thousands.
        if line.len() > longest.len() {
            longest = line;
        }
    })?;
    println!("{count} lines; the longest has {} bytes", longest.len());
    println!("{pool:?}");
    Ok(())
}

const AT_ONCE: usize = 64 * 1024;

/// Calls `take` with each line of a stream, without its newline.
pub(crate) fn each_line(
    pool: &BufferPool,
    mut stream: impl Read,
    mut take: impl FnMut(Bytes),
) -> io::Result<()> {
    let mut buffer = pool.get(AT_ONCE);
    loop {
        let room = buffer.capacity().saturating_sub(buffer.len());
        let read = stream.by_ref().take(room as u64).read_to_end(&mut buffer)?;
        let end = read < room;
        let whole = match buffer.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => last + 1,
            None => 0,
        };
        let rest = begin_next(pool, &buffer, whole, end);
        let lines = std::mem::replace(&mut buffer, rest).freeze();
        let mut start = 0;
        for (at, _) in lines[..whole]
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
        {
            take(lines.slice(start..at));
            start = at + 1;
        }
        if end {
            if whole < lines.len() {
                take(lines.slice(whole..));
            }
            return Ok(());
        }
    }
}

/// The next buffer, with the line that has begun in it: of the class that has room for more.
fn begin_next(pool: &BufferPool, buffer: &[u8], whole: usize, end: bool) -> Buffer {
    let begun = &buffer[whole..];
    let mut next = pool.get(if end { 0 } else { AT_ONCE.max(2 * begun.len()) });
    if !end {
        next.extend_from_slice(begun);
    }
    next
}
