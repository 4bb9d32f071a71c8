//! Blocks of any content with hashes that fit, as `docs/format.md` describes them.

use orchestrator_state::Digest;

use super::folder::Files;

/// A journal of one segment. Each block takes its number of records and the length of its payload
/// from three bytes, and the payload from what follows; the anchor names the last block, or the one
/// before it if the first byte is odd.
pub fn journal(bytes: &[u8]) -> Files {
    let Some((choice, mut rest)) = bytes.split_first() else {
        return files(Vec::new(), 0, genesis());
    };
    let mut segment = Vec::new();
    let mut ends = vec![(0, genesis())];
    while let Some(([count, low, high], behind)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (frames, behind) = behind.split_at(len);
        rest = behind;
        let (last, prev) = ends[ends.len() - 1];
        let count = u32::from(*count).max(1);
        let payload = payload(frames, count);
        let header = header(&payload, count, last + 1, &prev);
        let head = Digest::of(&header);
        segment.extend_from_slice(&header);
        segment.extend_from_slice(head.as_bytes());
        segment.extend_from_slice(&payload);
        ends.push((last + u64::from(count), head));
    }
    let back = usize::from(choice % 2).min(ends.len() - 1);
    let (seq, head) = ends[ends.len() - 1 - back];
    files(segment, seq, head)
}

fn genesis() -> Digest {
    Digest::of(b"orchestrator-journal-v2")
}

/// The bytes as they are, but not so short that the header would contradict itself.
fn payload(bytes: &[u8], count: u32) -> Vec<u8> {
    let mut payload = bytes.to_vec();
    payload.resize(payload.len().max(count as usize * 14), 0);
    payload
}

fn header(payload: &[u8], count: u32, first: u64, prev: &Digest) -> [u8; 96] {
    let mut header = [0; 96];
    header[..8].copy_from_slice(b"orchblk2");
    header[8] = 2;
    header[12..16].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    header[16..20].copy_from_slice(&count.to_le_bytes());
    header[24..32].copy_from_slice(&first.to_le_bytes());
    header[32..64].copy_from_slice(prev.as_bytes());
    header[64..].copy_from_slice(Digest::of(payload).as_bytes());
    header
}

fn files(segment: Vec<u8>, seq: u64, head: Digest) -> Files {
    let slot = |turn: u64| {
        let mut slot = [0; 512];
        slot[..8].copy_from_slice(b"orchhd02");
        slot[8..16].copy_from_slice(&turn.to_le_bytes());
        slot[16..24].copy_from_slice(&seq.to_le_bytes());
        slot[32..64].copy_from_slice(head.as_bytes());
        let check = Digest::of(&slot[..64]);
        slot[64..96].copy_from_slice(check.as_bytes());
        slot
    };
    Files {
        head: Some([slot(0), slot(1)].concat()),
        pruned: None,
        segments: [(1, segment)].into(),
    }
}
