//! Proofs: every record has one, and no bit of it can be changed.

use proptest::prelude::*;

use super::whole::{config, holder, open, read};
use super::*;

/// A journal of these records, in batches of these sizes.
fn journal(folder: &Path, batches: &[Vec<Vec<u8>>]) -> Digest {
    let (journal, _) = config()
        .with_durability(Durability::None)
        .with_segment_bytes(6000)
        .open(folder, &holder())
        .unwrap();
    let mut first = 1;
    for (number, records) in batches.iter().enumerate() {
        let mut batch = batch::Batch::new();
        batch.restart(first, number as u64);
        for record in records {
            batch.push(first as i64, "kind", record);
        }
        first += records.len() as u64;
        journal
            .shared
            .at_rest(|writer| writer.write(&mut batch).unwrap())
            .unwrap();
    }
    journal.close().unwrap();
    verify(folder).unwrap().head
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_record_proves_and_every_flipped_bit_is_refused(
        batches in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2500), 1..6),
            1..5,
        ),
        at in any::<prop::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let head = journal(folder.path(), &batches);
        let records = read(folder.path());
        let all: Vec<&Vec<u8>> = batches.iter().flatten().collect();
        prop_assert_eq!(records.len(), all.len());
        for (record, data) in records.iter().zip(all) {
            let proof = Journal::prove(folder.path(), record.seq).unwrap();
            prop_assert_eq!(&proof.verify(&head).unwrap(), record);
            prop_assert_eq!(&record.data, data);
            prop_assert!(proof.verify(&Digest::of(b"another")).is_err());
        }

        // The JSON form of one of them, each bit flipped.
        let record = at.get(&records);
        let proof = Journal::prove(folder.path(), record.seq).unwrap();
        let mut json = serde_json::to_vec(&proof).unwrap();
        let sound = |json: &[u8]| {
            serde_json::from_slice::<Proof>(json).is_ok_and(|proof| proof.verify(&head).is_ok())
        };
        prop_assert!(sound(&json));
        let bits = json.len() * 8;
        // Sampled: the small journal below has every bit.
        for bit in (0..bits).step_by(1 + bits / 400) {
            json[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!sound(&json), "bit {}", bit);
            json[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn every_flipped_bit_of_a_small_proof_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let batches = [
        vec![b"one".to_vec(), b"two".to_vec()],
        vec![b"three".to_vec()],
    ];
    let head = journal(folder.path(), &batches);
    let proof = Journal::prove(folder.path(), 2).unwrap();
    let mut json = serde_json::to_vec(&proof).unwrap();
    let sound = |json: &[u8]| {
        serde_json::from_slice::<Proof>(json).is_ok_and(|proof| proof.verify(&head).is_ok())
    };
    assert!(sound(&json));
    for bit in 0..json.len() * 8 {
        json[bit / 8] ^= 1 << (bit % 8);
        assert!(!sound(&json), "bit {bit}");
        json[bit / 8] ^= 1 << (bit % 8);
    }
}

/// The control for the table: data that looks like a record of its own is not one.
#[test]
fn a_record_inside_of_a_records_data_cannot_be_proven() {
    let folder = tempfile::tempdir().unwrap();
    let mut fake = 5_i64.to_le_bytes().to_vec();
    fake.extend_from_slice(&[4, 0]);
    fake.extend_from_slice(b"fakeI was never appended");
    let head = journal(folder.path(), &[vec![fake.clone(), b"second".to_vec()]]);
    let proof = Journal::prove(folder.path(), 1).unwrap();
    let mut json: serde_json::Value = serde_json::to_value(&proof).unwrap();
    assert!(proof.verify(&head).is_ok());
    // Behind the time, the length and the word of the real record.
    json["start"] = 14.into();
    let forged: Proof = serde_json::from_value(json).unwrap();
    let refused = forged.verify(&head).unwrap_err();
    assert_eq!(
        refused,
        ProofError::Malformed {
            seq: 1,
            reason: "the record is not where its batch has it"
        }
    );
    // As a frame it would pass.
    assert!(Record::from_frame(1, head, &fake).is_ok());
}

#[test]
fn a_proof_leads_to_the_head_that_the_anchor_names() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    for n in 0..5 {
        journal.append("step", &n).unwrap();
    }
    let (_, old) = journal.head();
    let proof = Journal::prove(folder.path(), 2).unwrap();
    journal.append("step", &5).unwrap();
    let (_, new) = journal.head();
    assert_eq!(proof.verify(&old).unwrap().seq, 2);
    assert!(matches!(
        proof.verify(&new),
        Err(ProofError::OtherHead { found, .. }) if found == old
    ));
    assert!(
        Journal::prove(folder.path(), 6)
            .unwrap()
            .verify(&new)
            .is_ok()
    );
    assert!(matches!(
        Journal::prove(folder.path(), 7),
        Err(ReadError::Absent { seq: 7, last: 6 })
    ));
}
