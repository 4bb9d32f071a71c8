//! Buffers that something is read into.

use std::hint::black_box;

use orchestrator_bench::{Better, Bout, Peer};
use orchestrator_pool::BufferPool;

use crate::run::{Heap, named};
use crate::threads::each;

const MIB: usize = 1 << 20;
const KIB: usize = 1 << 10;

pub(crate) fn bouts(heap: Heap) -> Vec<Bout<'static>> {
    let seldom = named(
        heap,
        "1 MiB buffers, 16 KiB used",
        "1 MiB buffers, 16 KiB used, mimalloc",
    );
    let filled = named(
        heap,
        "1 MiB buffers, filled",
        "1 MiB buffers, filled, mimalloc",
    );
    let small = named(
        heap,
        "64 KiB buffers, filled",
        "64 KiB buffers, filled, mimalloc",
    );
    vec![
        bout(seldom, MIB, 16 * KIB, Some(5.0)),
        bout(filled, MIB, MIB, None),
        bout(small, 64 * KIB, 64 * KIB, None),
    ]
}

/// Room for `size` bytes, of which `used` are written and looked at.
fn bout(name: &'static str, size: usize, used: usize, target: Option<f64>) -> Bout<'static> {
    let turns = (1 << 31) / (size + 16 * used) as u64;
    let zeroed = ("fresh, zeroed", "fresh, zeroed");
    let peers = target.map(|target| Peer {
        name: zeroed.0,
        entrants: zeroed.1,
        target,
    });
    let is_shown = peers.is_none();
    let mut bout = Bout::new(name, "ns", Better::Less, peers.into_iter().collect());
    if is_shown {
        bout = bout.beside(zeroed.0, zeroed.1);
    }
    let source: &'static [u8] = Box::leak(vec![7_u8; used].into_boxed_slice());
    let pool = BufferPool::default();
    bout.beside("fresh, with a capacity", "Vec::with_capacity")
        .enter("ours", move || {
            each(1, turns, |_| {
                |_| {
                    let mut buffer = pool.get(size);
                    buffer.extend_from_slice(source);
                    black_box(&buffer[..used]);
                    Ok(())
                }
            })
        })
        .enter("fresh, zeroed: vec![0; n]", move || {
            each(1, turns, |_| {
                |_| {
                    let mut buffer = black_box(vec![0_u8; size]);
                    buffer[..used].copy_from_slice(source);
                    black_box(&buffer[..used]);
                    Ok(())
                }
            })
        })
        .enter("Vec::with_capacity", move || {
            each(1, turns, |_| {
                |_| {
                    let mut buffer = black_box(Vec::with_capacity(size));
                    buffer.extend_from_slice(source);
                    black_box(&buffer[..used]);
                    Ok(())
                }
            })
        })
}
