//! The same bookkeeping with symbols and pooled buffers.

use std::collections::VecDeque;

use orchestrator_pool::{Buffer, BufferPool, Interner, Symbol};

use crate::work::{IN_HAND, PORTION, STATUSES, Work, add};

struct Record {
    name: Symbol,
    agent: Symbol,
    tool: Symbol,
    status: Symbol,
}

pub(crate) fn run(work: &Work) -> u64 {
    let (texts, buffers) = (Interner::default(), BufferPool::default());
    let intern = |text: &str| texts.intern(text).expect("there is no bound");
    let statuses = STATUSES.map(intern);
    let mut records: Vec<Record> = Vec::new();
    let mut in_hand: VecDeque<(usize, Buffer)> = VecDeque::new();
    let mut sum = 0;
    for (number, task) in work.tasks().enumerate() {
        records.push(Record {
            name: intern(task.name),
            agent: intern(task.agent),
            tool: intern(task.tool),
            status: statuses[0],
        });
        // Of a class that is large enough for a portion, and for the whole where that is known
        // to be more.
        let mut result = buffers.get(PORTION.min(task.portions.len() * PORTION));
        for portion in task.portions {
            result = grown(&buffers, result, portion.len());
            result.extend_from_slice(portion);
        }
        for status in &statuses[1..] {
            records[number].status = *status;
        }
        in_hand.push_back((number, result));
        if in_hand.len() > IN_HAND {
            sum = settle(sum, &texts, &records, in_hand.pop_front());
        }
    }
    while let Some(result) = in_hand.pop_front() {
        sum = settle(sum, &texts, &records, Some(result));
    }
    sum
}

/// A buffer with the same in it and room for more: of the next class, where this one is full.
fn grown(buffers: &BufferPool, buffer: Buffer, more: usize) -> Buffer {
    if buffer.len() + more <= buffer.capacity() {
        return buffer;
    }
    let mut larger = buffers.get(buffer.len() + more);
    larger.extend_from_slice(&buffer);
    larger
}

fn settle(sum: u64, texts: &Interner, records: &[Record], result: Option<(usize, Buffer)>) -> u64 {
    let Some((number, result)) = result else {
        return sum;
    };
    let Record {
        name,
        agent,
        tool,
        status,
    } = records[number];
    let [name, agent, tool, status] =
        [name, agent, tool, status].map(|symbol| texts.resolve(symbol));
    add(sum, number, &[name, agent, tool], status, &result)
}
