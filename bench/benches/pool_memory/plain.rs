//! The bookkeeping as it is mostly written: strings are owned, and a result is a vector.

use std::collections::VecDeque;

use crate::work::{IN_HAND, STATUSES, Work, add};

struct Record {
    name: String,
    agent: String,
    tool: String,
    status: String,
}

pub(crate) fn run(work: &Work) -> u64 {
    let mut records: Vec<Record> = Vec::new();
    let mut in_hand: VecDeque<(usize, Vec<u8>)> = VecDeque::new();
    let mut sum = 0;
    for (number, task) in work.tasks().enumerate() {
        records.push(Record {
            name: task.name.to_owned(),
            agent: task.agent.to_owned(),
            tool: task.tool.to_owned(),
            status: STATUSES[0].to_owned(),
        });
        let mut result = Vec::new();
        for portion in task.portions {
            result.extend_from_slice(portion);
        }
        for status in &STATUSES[1..] {
            records[number].status = (*status).to_owned();
        }
        in_hand.push_back((number, result));
        if in_hand.len() > IN_HAND {
            sum = settle(sum, &records, in_hand.pop_front());
        }
    }
    while let Some(result) = in_hand.pop_front() {
        sum = settle(sum, &records, Some(result));
    }
    sum
}

fn settle(sum: u64, records: &[Record], result: Option<(usize, Vec<u8>)>) -> u64 {
    let Some((number, result)) = result else {
        return sum;
    };
    let record = &records[number];
    let texts = [&*record.name, &*record.agent, &*record.tool];
    add(sum, number, &texts, &record.status, &result)
}
