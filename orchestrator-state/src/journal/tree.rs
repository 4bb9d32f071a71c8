//! A part of a BLAKE3 input, with what it takes to come to the hash of the whole.
//!
//! BLAKE3 is a binary tree over chunks of 1 KiB (O'Connor, Aumasson, Neves, Wilcox-O'Hearn,
//! "BLAKE3: one function, fast everywhere", section 2.1). A slice holds the chunks that are asked
//! for and, for every subtree without any, that subtree's chaining value.

use std::ops::Range;

use blake3::CHUNK_LEN;
use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};

use crate::Digest;

/// Chunks and chaining values, in the order of a walk from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Slice {
    pub(super) chunks: Vec<u8>,
    pub(super) path: Vec<[u8; 32]>,
}

/// Chunks, each with its place in the input.
pub(super) type Placed<'a> = Vec<(usize, &'a [u8])>;

/// Cuts the slice out of an input that holds these ranges.
pub(super) fn cut(input: &[u8], ranges: &[Range<usize>]) -> Slice {
    let mut slice = Slice::default();
    cut_part(input, 0, ranges, &mut slice);
    slice
}

fn cut_part(input: &[u8], offset: usize, ranges: &[Range<usize>], slice: &mut Slice) {
    if !touches(offset, input.len(), ranges) {
        slice.path.push(value(input, offset));
    } else if input.len() <= CHUNK_LEN {
        slice.chunks.extend_from_slice(input);
    } else {
        let (left, right) = input.split_at(left_len(input.len()));
        cut_part(left, offset, ranges, slice);
        cut_part(right, offset + left.len(), ranges, slice);
    }
}

/// The hash of a whole input of which this is the slice, and its chunks, each with its place.
/// None if the slice does not have the shape that the ranges ask for.
pub(super) fn root<'a>(
    slice: &'a Slice,
    len: usize,
    ranges: &[Range<usize>],
) -> Option<(Digest, Placed<'a>)> {
    let mut walk = Walk {
        chunks: &slice.chunks,
        path: &slice.path,
        placed: Vec::new(),
        ranges,
    };
    let hash = if len <= CHUNK_LEN {
        let chunk = walk.chunk(0, len)?;
        blake3::hash(chunk)
    } else {
        let middle = left_len(len);
        let left = walk.part(0, middle)?;
        let right = walk.part(middle, len - middle)?;
        merge_subtrees_root(&left, &right, Mode::Hash)
    };
    let all_used = walk.chunks.is_empty() && walk.path.is_empty();
    all_used.then_some((Digest::from_bytes(*hash.as_bytes()), walk.placed))
}

struct Walk<'a, 'r> {
    chunks: &'a [u8],
    path: &'a [[u8; 32]],
    placed: Placed<'a>,
    ranges: &'r [Range<usize>],
}

impl<'a> Walk<'a, '_> {
    fn part(&mut self, offset: usize, len: usize) -> Option<ChainingValue> {
        if !touches(offset, len, self.ranges) {
            return self.path.split_off_first().copied();
        }
        if len <= CHUNK_LEN {
            let chunk = self.chunk(offset, len)?;
            return Some(value(chunk, offset));
        }
        let middle = left_len(len);
        let left = self.part(offset, middle)?;
        let right = self.part(offset + middle, len - middle)?;
        Some(merge_subtrees_non_root(&left, &right, Mode::Hash))
    }

    fn chunk(&mut self, offset: usize, len: usize) -> Option<&'a [u8]> {
        let chunk = self.chunks.split_off(..len)?;
        self.placed.push((offset, chunk));
        Some(chunk)
    }
}

/// The bytes of a range, out of chunks with their places.
pub(super) fn gather(placed: &[(usize, &[u8])], range: Range<usize>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(range.len());
    for (offset, chunk) in placed {
        let from = range.start.max(*offset);
        let to = range.end.min(offset + chunk.len());
        if from < to {
            bytes.extend_from_slice(&chunk[from - offset..to - offset]);
        }
    }
    (bytes.len() == range.len()).then_some(bytes)
}

fn touches(offset: usize, len: usize, ranges: &[Range<usize>]) -> bool {
    let touched = |range: &Range<usize>| range.start < offset + len && offset < range.end;
    ranges.iter().any(touched)
}

fn value(input: &[u8], offset: usize) -> ChainingValue {
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(offset as u64);
    hasher.update(input).finalize_non_root()
}

fn left_len(len: usize) -> usize {
    usize::try_from(left_subtree_len(len as u64)).unwrap_or(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_comes_to_the_hash_of_the_whole() {
        for len in [1, 1023, 1024, 1025, 2048, 3000, 5000, 16 * 1024, 70_001] {
            let input: Vec<u8> = (0..len).map(|at: usize| (at * 31 % 251) as u8).collect();
            for range in [0..1, len / 2..len / 2 + 1, len - 1..len, 0..len] {
                let ranges = [range.clone(), len - 1..len];
                let slice = cut(&input, &ranges);
                let (digest, placed) = root(&slice, len, &ranges).unwrap();
                assert_eq!(digest, Digest::of(&input), "{len}: {range:?}");
                assert_eq!(gather(&placed, range.clone()), Some(input[range].to_vec()));
            }
        }
    }

    #[test]
    fn a_slice_of_another_shape_is_refused() {
        let input = vec![7; 5000];
        let (first, other) = ([0..1, 0..1], [2000..2001, 0..1]);
        let mut slice = cut(&input, &first);
        assert!(root(&slice, 5000, &first).is_some());
        assert!(root(&slice, 5000, &other).is_none_or(|(hash, _)| hash != Digest::of(&input)));
        slice.path.push([0; 32]);
        assert!(root(&slice, 5000, &first).is_none());
        slice.path.truncate(1);
        assert!(root(&slice, 5000, &first).is_none());
    }
}
