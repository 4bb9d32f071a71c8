//! Histories by hand, and histories made from an order that is known.

use super::*;

fn call(from: u64, to: u64, did: Register) -> Operation {
    Operation {
        span: Span { from, to },
        did,
    }
}

#[test]
fn calls_that_overlap_may_be_in_either_order() {
    let write = call(0, 3, Register::Write(Some(1)));
    for got in [None, Some(1)] {
        assert!(search(&[write, call(1, 2, Register::Read(got))]).is_ok());
    }
    let later = |got| search(&[write, call(4, 5, Register::Read(got))]);
    assert!(later(Some(1)).is_ok());
    assert!(later(None).is_err());
}

#[test]
fn a_value_cannot_be_seen_and_then_not() {
    let write = call(0, 9, Register::Write(Some(1)));
    let new_then_old = [
        write,
        call(1, 2, Register::Read(Some(1))),
        call(3, 4, Register::Read(None)),
    ];
    let error = search(&new_then_old).unwrap_err();
    assert_eq!(error.longest, 2);
}

#[test]
fn two_swaps_of_one_value_are_a_lost_update() {
    let swap = |put| Register::Swap { saw: None, put };
    assert!(search(&[call(0, 5, swap(1)), call(1, 4, swap(2))]).is_err());
    let chained = Register::Swap {
        saw: Some(2),
        put: 1,
    };
    assert!(search(&[call(0, 5, chained), call(1, 4, swap(2))]).is_ok());
}

/// Random calls with a known order: each takes effect at a moment of its own inside its span.
fn known(rng: &mut fastrand::Rng) -> Vec<Operation> {
    let mut value = None;
    let mut calls: Vec<_> = (0..rng.u64(1..=64))
        .map(|number| {
            let did = match rng.u8(0..4) {
                0 => Register::Read(value),
                1 => Register::Write(rng.bool().then_some(number + 1)),
                2 => Register::Nothing,
                _ => Register::Swap {
                    saw: value,
                    put: number + 1,
                },
            };
            value = did.apply(value).unwrap();
            let moment = 1_000 + number * 10;
            call(moment - rng.u64(1..40), moment + rng.u64(1..40), did)
        })
        .collect();
    rng.shuffle(&mut calls);
    calls
}

#[test]
fn what_has_an_order_is_given_one_that_explains_it() {
    let mut rng = fastrand::Rng::with_seed(3);
    for _ in 0..500 {
        let calls = known(&mut rng);
        let order = search(&calls).unwrap();
        assert_eq!(order.iter().collect::<HashSet<_>>().len(), calls.len());
        let mut value = None;
        for (at, number) in order.iter().enumerate() {
            value = calls[*number].did.apply(value).unwrap();
            for later in &order[at..] {
                assert!(calls[*later].span.to > calls[*number].span.from);
            }
        }
    }
}

#[test]
fn a_read_of_what_nobody_wrote_is_seen_each_time() {
    let mut rng = fastrand::Rng::with_seed(4);
    for _ in 0..300 {
        let mut calls = known(&mut rng);
        let at = rng.usize(0..calls.len());
        calls[at].did = Register::Read(Some(99_999));
        assert!(search(&calls).is_err());
    }
}
