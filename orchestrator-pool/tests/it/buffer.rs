//! Buffers, frozen and not.

use orchestrator_pool::{BufferPool, BufferPoolConfig, Bytes, SIZE_CLASSES};

#[test]
fn a_buffer_is_of_the_smallest_class_that_has_room() {
    let pool = BufferPool::default();
    for (capacity, expected) in [
        (0, 1 << 10),
        (1 << 10, 1 << 10),
        ((1 << 10) + 1, 4 << 10),
        (5_000, 16 << 10),
        (16_385, 64 << 10),
        (65_537, 1 << 20),
        ((1 << 20) + 1, (1 << 20) + 1),
    ] {
        let buffer = pool.get(capacity);
        assert_eq!((buffer.len(), buffer.capacity()), (0, expected));
    }
    assert_eq!(pool.stats(1 << 20).map(|stats| stats.made), Some(1));
    assert_eq!(pool.stats((1 << 20) + 1), None);
}

#[test]
fn memory_comes_back_with_the_last_clone() {
    let pool = BufferPool::default();
    let kept = || pool.stats(1).unwrap().kept;
    let mut buffer = pool.get(1);
    buffer.extend_from_slice(b"hello, world");
    let bytes = buffer.freeze();
    let (clone, slice) = (bytes.clone(), bytes.slice(7..));
    drop(bytes);
    drop(clone);
    assert_eq!((kept(), &slice[..]), (0, &b"world"[..]));
    std::thread::scope(|scope| {
        scope.spawn(|| drop(slice));
    });
    assert_eq!(kept(), 1);
}

#[test]
fn the_next_user_sees_nothing_of_the_last() {
    let pool = BufferPool::default();
    for size in SIZE_CLASSES {
        let mut buffer = pool.get(size);
        buffer.resize(size, 0xAA);
        let address = buffer.as_ptr();
        drop(buffer);
        let mut buffer = pool.get(size);
        assert_eq!(buffer.as_ptr(), address, "it is the same memory");
        assert!(buffer.is_empty());
        buffer.resize(size, 0);
        assert!(buffer.iter().all(|byte| *byte == 0));
    }
}

#[test]
fn one_that_has_grown_out_of_its_class_is_dropped() {
    let pool = BufferPool::default();
    let mut buffer = pool.get(1 << 10);
    buffer.resize(1 << 16, 1);
    drop(buffer);
    let mut buffer = pool.get(1 << 10);
    // Changed for another.
    *buffer = Vec::new();
    drop(buffer);
    let stats = pool.stats(1).unwrap();
    assert_eq!((stats.made, stats.kept, stats.dropped), (2, 0, 2));
}

#[test]
fn idle_memory_is_bounded() {
    let pool = BufferPool::new(BufferPoolConfig::default().with_max_idle_bytes(2 << 20));
    let many: Vec<_> = (0..10).map(|_| pool.get(1 << 20)).collect();
    drop(many);
    assert_eq!(
        pool.stats(1 << 20).unwrap().kept,
        4,
        "two, and this thread's"
    );
}

/// What the largest class does not hold is bytes like any others.
#[test]
fn a_giant_is_frozen_as_well() {
    let pool = BufferPool::default();
    let mut buffer = pool.get(3 << 20);
    buffer.resize(2 << 20, 7);
    let bytes: Bytes = buffer.freeze();
    assert_eq!(bytes.len(), 2 << 20);
}
