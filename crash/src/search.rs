//! Is there any order in which these calls on one register could have happened? Judged by trying.
//!
//! The algorithm is that of Wing and Gong (1993, "Testing and Verifying Concurrent Objects"): take
//! any call that no other call was answered before, as the first one; if the register could have
//! done that, go on with the rest; else take it back and try another. Lowe (2017, "Testing for
//! linearizability") adds the memory of configurations that were tried: the same calls taken, the
//! same value in the register.
//!
//! It trusts nothing that the store says about its order, and takes exponential time at worst. So it
//! is for short histories of one key.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use thiserror::Error;

use crate::history::{Span, Value};

/// What a call did to the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// Read it.
    Read(Option<Value>),
    /// Wrote it, or emptied it.
    Write(Option<Value>),
    /// Read and wrote it in one.
    Swap {
        /// What was in it.
        saw: Option<Value>,
        /// What is in it now.
        put: Value,
    },
    /// Neither, which is always possible.
    Nothing,
}

impl Register {
    /// What is in the register afterwards, if this is possible.
    fn apply(self, value: Option<Value>) -> Option<Option<Value>> {
        match self {
            Self::Read(got) => (got == value).then_some(value),
            Self::Write(put) => Some(put),
            Self::Swap { saw, put } => (saw == value).then_some(Some(put)),
            Self::Nothing => Some(value),
        }
    }
}

/// One call on a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// From before the call to after it.
    pub span: Span,
    /// What it did.
    pub did: Register,
}

/// No order explains what the calls have seen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no order of these {} calls explains them; at most {longest} can be put in one", operations.len())]
pub struct NotLinearizable {
    /// All calls.
    pub operations: Vec<Operation>,
    /// How many could be put in an order.
    pub longest: usize,
}

/// Looks for an order of the calls on an empty register that keeps real time and explains what each
/// has seen. Returns it, as places in the slice.
///
/// # Errors
/// [`NotLinearizable`] when there is none.
///
/// # Panics
/// With more than 64 calls.
pub fn search(operations: &[Operation]) -> Result<Vec<usize>, NotLinearizable> {
    assert!(operations.len() <= 64, "a history of at most 64 calls");
    let mut tried = HashSet::new();
    let mut order = Vec::new();
    let mut longest = 0;
    if place(operations, 0, None, &mut order, &mut tried, &mut longest) {
        Ok(order)
    } else {
        Err(NotLinearizable {
            operations: operations.to_vec(),
            longest,
        })
    }
}

/// Puts the calls that are not in `taken` behind `order`. It is as deep as there are calls.
fn place(
    operations: &[Operation],
    taken: u64,
    value: Option<Value>,
    order: &mut Vec<usize>,
    tried: &mut HashSet<(u64, Option<Value>)>,
    longest: &mut usize,
) -> bool {
    *longest = order.len().max(*longest);
    if order.len() == operations.len() {
        return true;
    }
    if !tried.insert((taken, value)) {
        return false;
    }
    let left = || (0..operations.len()).filter(|at| taken & (1 << at) == 0);
    // A call that began after another was answered cannot be before it.
    let first_answer = left().map(|at| operations[at].span.to).min().unwrap_or(0);
    for at in left().filter(|at| operations[*at].span.from < first_answer) {
        if let Some(after) = operations[at].did.apply(value) {
            order.push(at);
            if place(operations, taken | (1 << at), after, order, tried, longest) {
                return true;
            }
            order.pop();
        }
    }
    false
}
